"""A study of the swap as a frozen value, read from a TOML recipe; unknown keys are refused."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from moclip.training import recipe as towers
from moclip.training._recipe import BaseRecipe
from moclip.training.evaluator import Options as EvaluatorOptions
from moclip.training.generator import recipe as generators
from moclip.training.sections import Section
from moclip.training.study.given import text_section

Which = Literal["plain", "tether", "lambda 0"]
"""Text towers: the one the generator was trained with, MoCLIP's, MoCLIP's without its tether."""


class Arm(Section):
    """A row of the table."""

    tower: Which
    tuned: bool
    """Whether the generator is fine-tuned for the tower."""


ARMS: dict[str, Arm] = {
    "plain": Arm(tower="plain", tuned=False),
    "plain, fine-tuned": Arm(tower="plain", tuned=True),
    "swapped": Arm(tower="tether", tuned=False),
    "swapped, fine-tuned": Arm(tower="tether", tuned=True),
    "lambda 0, fine-tuned": Arm(tower="lambda 0", tuned=True),
}


class Tuning(Section):
    """Fine-tuning of the masked transformer, then of the residual one; the quantiser stays."""

    epochs: int = Field(10, ge=1)
    batch_size: int = Field(64, ge=2)
    lr: float = Field(1e-6, gt=0)
    """The paper's; it has no warm-up."""


class Measuring(Section):
    """What is measured of each arm and seed."""

    repeats: int = Field(5, ge=1)
    prompts: int = Field(20, ge=0)
    generations: int = Field(10, ge=2)
    clips: int = Field(1_000_000, ge=20)
    """Of the test split, at most."""
    guidance: float | None = None


class Given(Section):
    """Folders of models that are there; what is missing is trained by the study."""

    generator: Path | None = None
    evaluator: Path | None = None
    tether: Path | None = None
    """A trained MoCLIP, one for all seeds."""
    free: Path | None = None
    """A MoCLIP trained with lambda 0."""


class Recipe(BaseRecipe):
    """Everything that decides a study, so that the same recipe gives the same report."""

    FOLDER: ClassVar[Path] = Path(__file__).parent / "recipes"

    study: Literal["swap"] = "swap"
    seeds: tuple[int, ...] = (0, 1, 2)
    """Of the towers' training, the fine-tuning and what is drawn; the plain generator is one."""
    moclip: dict[str, Any] = Field(default_factory=dict)
    """Sections of a MoCLIP's recipe: ``text``, ``motion``, ``loss``, ``schedule``, ..."""
    generator: dict[str, Any] = Field(default_factory=dict)
    """Sections of a generator's recipe, where none is given: ``quantiser``, ``train_masked``..."""
    evaluator: EvaluatorOptions = EvaluatorOptions()
    """Where none is given."""
    tuning: Tuning = Tuning()
    measuring: Measuring = Measuring()
    given: Given = Given()

    @model_validator(mode="after")
    def _seeds(self) -> "Recipe":
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds are different numbers, at least one")
        return self

    def check(self, source: str) -> None:
        self.tower("tether", seed=0, source=source)
        self.base_generator(source)

    def tower(self, which: Which, *, seed: int, source: str = "recipe") -> towers.Recipe:
        """The recipe of a MoCLIP; without its tether for ``lambda 0``."""
        made = towers.Recipe.of(self._common("moclip", seed) | self.moclip, f"{source}, [moclip]")
        return made.with_(loss={"tether": 0.0}) if which == "lambda 0" else made

    def base_generator(self, source: str = "recipe") -> generators.Recipe:
        """The recipe of the generator that all arms start from."""
        sections = {"text": self._text(source)} | self.generator
        table = self._common("generator", self.seed) | sections
        return generators.Recipe.of(table, f"{source}, [generator]")

    def tuned_generator(self, start: Path, text: Path | None, *, seed: int) -> generators.Recipe:
        """The recipe of its fine-tuning, for its own tower or that of the folder ``text``."""
        stage = self.tuning.model_dump() | {"warmup": 0.0}
        return generators.Recipe.of(
            self._common("generator", seed)
            | {
                "start": start,
                "text": {} if text is None else {"source": str(text)},
                "train_quantiser": {"epochs": 0},
                "train_masked": stage,
                "train_residual": stage,
            }
        )

    def plain(self) -> dict[str, Any]:
        """For JSON, without the paths of this machine."""
        table = self.model_dump(mode="json", exclude={"given"})
        data = {k: v for k, v in table["data"].items() if k not in ("root", "cache")}
        moclip = dict(table["moclip"])
        if "text" in moclip:
            moclip["text"] = text_section(moclip["text"])
        return table | {"data": data, "moclip": moclip}

    def _text(self, source: str) -> dict[str, Any]:
        """The tower the MoCLIPs start from."""
        text = self.tower("tether", seed=0, source=source).text
        return {"tower": text.tower, "source": text.source}

    def _common(self, model: str, seed: int) -> dict[str, Any]:
        return {
            "name": self.name,
            "seed": seed,
            "data": self.data.model_dump(),
            **({"model": model} if model == "generator" else {}),
        }
