"""A study of robustness as a frozen value, read from a TOML recipe; unknown keys are refused."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from moclip.evaluation import attacked_prompt, attacks
from moclip.training._recipe import BaseRecipe
from moclip.training.recipe import Defence, Loss, Motion, Optimiser, Schedule, Text
from moclip.training.recipe import Recipe as TowersRecipe
from moclip.training.sections import Augment, Section
from moclip.training.study.given import text_section

Budget = Literal["steps", "epochs"]

ARMS: dict[str, dict[str, dict[str, Any]]] = {
    "frozen": {"text": {"fine_tune": False}},
    "lambda 0": {"loss": {"tether": 0.0}},
    "tether": {},
    "other words": {"defence": {"other_words": 0.5}},
    "adversarial": {"defence": {"adversarial": 0.4}},
    "consistency": {"defence": {"consistency": 1.0}},
    "meaning": {"defence": {"consistency": 1.0, "meaning": 1.0}},
}
"""What is done to the text tower, as changes of the recipe: it stays as it is; it is fine-tuned
freely; with the tether; and with each defence beside the tether."""
UNDEFENDED = ("frozen", "lambda 0", "tether")


class Design(Section):
    """Which cells there are."""

    fractions: tuple[float, ...] = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
    """Shares of the training motions, each containing the smaller ones."""
    arms: tuple[str, ...] = tuple(ARMS)
    budgets: tuple[Budget, ...] = ("steps", "epochs")
    """``steps``: as many steps on few motions as on all; ``epochs``: as many passes."""
    seeds: tuple[int, ...] = (0, 1, 2)

    @model_validator(mode="after")
    def _known(self) -> "Design":
        unknown = [arm for arm in self.arms if arm not in ARMS]
        if unknown or not self.arms:
            raise ValueError(f"arms are some of: {', '.join(ARMS)}")
        if not self.fractions or not all(0 < share <= 1 for share in self.fractions):
            raise ValueError("fractions are shares above 0 and at most 1")
        if list(self.fractions) != sorted(set(self.fractions)) or self.fractions[-1] != 1:
            raise ValueError("fractions grow and end with 1")
        if not self.seeds or not self.budgets:
            raise ValueError("there must be a seed and a budget")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("each seed is measured once")
        return self


class Training(Section):
    """How each tower is trained, counted in steps on all motions."""

    frozen_steps: int = Field(128, ge=1)
    """First phase: only the motion tower learns; all arms share it."""
    text_steps: int = Field(128, ge=1)
    """Second phase: the text tower learns too, but in the arm ``frozen``."""
    batch_size: int = Field(64, ge=2)
    slack: float = Field(0.5, ge=0, lt=1)
    warmup: float = Field(0.05, ge=0, lt=1)


class Measuring(Section):
    """What is measured of each tower."""

    captions: int = Field(64, ge=2)
    """Captions of the test split that are attacked, drawn evenly."""
    floor: float = Field(0.6, ge=-1, le=1)
    """Synonyms, paraphrases and other orders whose sentence is less like the clean one than this
    are excluded: they may say something else."""
    queries: int = Field(50, ge=0)
    """Texts that ``substitution`` may ask for, for each caption."""
    steps: int = Field(10, ge=1)
    """Of ``projected_gradient``."""
    restarts: int = Field(1, ge=1)
    """Of ``projected_gradient``."""
    text_only: tuple[str, ...] = ()
    """Captions of another set, whose drift is measured beside; as many are drawn of them."""


class Verdict(Section):
    """What was decided on before anything was measured: the one trend that answers the question."""

    arm: str = "tether"
    attack: str = "substitution"
    strength: float = 0.5
    budget: Budget = "steps"


class Made(Section):
    """What is measured of generated motion, on some cells; none without arms."""

    arms: tuple[str, ...] = ()
    fractions: tuple[float, ...] = ()
    seeds: tuple[int, ...] = (0,)
    attacks: dict[str, float] = Field(default_factory=dict)
    """Names and a strength each."""
    clips: int = Field(256, ge=10)
    """Of the test split, at most."""
    generator: Path | None = None
    """Folder of a trained generator; one is trained here if absent."""
    evaluator: Path | None = None
    """Folder of a trained evaluator; one is trained here if absent."""
    quantiser_epochs: int = Field(20, ge=1)
    token_epochs: int = Field(20, ge=1)
    evaluator_epochs: int = Field(20, ge=1)
    sizes: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Fields of ``quantiser``, ``masked``, ``residual`` and ``evaluator`` that are not compact."""


class Recipe(BaseRecipe):
    """Everything that decides a study, so that the same recipe gives the same report."""

    FOLDER: ClassVar[Path] = Path(__file__).parents[1] / "recipes"

    study: Literal["robustness"] = "robustness"
    text: Text = Text()
    motion: Motion = Motion()
    loss: Loss = Loss()
    defence: Defence = Defence()
    optimiser: Optimiser = Optimiser()
    augment: Augment = Augment()
    design: Design = Design()
    training: Training = Training()
    measuring: Measuring = Measuring()
    attacks: dict[str, tuple[float, ...]]
    """Attacks by name with the strengths that are tried."""
    controls: tuple[str, ...] = ("left_right", "direction", "speed", "count", "negation", "actor")
    """Changes of meaning, which a tower should hear."""
    verdict: Verdict = Verdict()
    generation: Made = Made()

    def check(self, source: str) -> None:
        self.towers("tether", seed=0, frozen=1, unfrozen=1)
        known = attacked_prompt.kinds()
        for name in (*self.attacks, *self.controls, *self.generation.attacks):
            if name not in known:
                raise ValueError(
                    f"{source}: there is no attack '{name}'; there are: {', '.join(known)}"
                )
        for name, strengths in self.attacks.items():
            for strength in strengths:
                folder = attacked_prompt.FOLDERS[known[name]]
                attacks.options_of(name, folder=folder, strength=strength)
        self._check_generation(source)
        aim = self.verdict
        if aim.arm not in self.design.arms or aim.strength not in self.attacks.get(aim.attack, ()):
            raise ValueError(
                f"{source}: [verdict] the arm '{aim.arm}' under '{aim.attack}' of strength "
                f"{aim.strength:g} is no part of the study"
            )

    def _check_generation(self, source: str) -> None:
        made = self.generation
        for part in ("arms", "fractions", "seeds"):
            there = getattr(self.design, part)
            foreign = [one for one in getattr(made, part) if one not in there]
            if made.arms and foreign:
                raise ValueError(
                    f"{source}: [generation] '{foreign[0]}' is none of the {part} of [design]"
                )
        if made.arms and not (made.fractions and made.seeds):
            raise ValueError(f"{source}: [generation] names arms, but no fractions or no seeds")

    def towers(self, arm: str, *, seed: int, frozen: int, unfrozen: int) -> TowersRecipe:
        """The recipe of one training run: an arm, its seed and its epochs in both phases."""
        base = TowersRecipe(
            name=self.name,
            seed=seed,
            data=self.data,
            text=self.text,
            motion=self.motion,
            loss=self.loss,
            defence=self.defence,
            optimiser=self.optimiser,
            augment=self.augment,
            schedule=Schedule(
                frozen_epochs=frozen,
                unfrozen_epochs=unfrozen,
                batch_size=self.training.batch_size,
                slack=self.training.slack,
                warmup=self.training.warmup,
                validate_every=1_000_000,
                state_minutes=1_000_000,
            ),
        )
        return base.with_(**ARMS[arm])

    def plain(self) -> dict[str, Any]:
        """For JSON, without the paths of this machine.

        Raises ``OSError`` for a text tower's folder without weights.
        """
        table = self.model_dump(mode="json")
        data = {k: v for k, v in table["data"].items() if k not in ("root", "cache")}
        measuring = {k: v for k, v in table["measuring"].items() if k != "text_only"}
        generation = {
            k: v for k, v in table["generation"].items() if k not in ("generator", "evaluator")
        }
        text = text_section(table["text"])
        parts = {"data": data, "text": text, "measuring": measuring, "generation": generation}
        return table | parts
