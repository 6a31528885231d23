"""A training run of a generator as a frozen value, read from a TOML recipe."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from moclip.models.generator._trunk import Config as TrunkConfig
from moclip.models.generator.quantiser import Config as QuantiserConfig
from moclip.training._recipe import BaseRecipe
from moclip.training._sizes import Sizes
from moclip.training.sections import Pace, Section

STAGES = ("quantiser", "masked", "residual")


class Text(Section):
    tower: str | None = None
    """A text tower of ``moclip.models.text``; it stays as it is. If absent that of ``source`` or of
    ``start``, else ``minilm``."""
    source: str | None = None
    """Hub id or local folder of its weights, or of a trained MoCLIP; the tower's own if absent."""


class Stage(Pace):
    """How one stage is trained. With 0 epochs it is left as it was."""

    epochs: int = Field(50, ge=0)
    lr: float = Field(2e-4, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    """For matrices only."""

    @model_validator(mode="before")
    @classmethod
    def _no_slack(cls, keys: Any) -> Any:
        if isinstance(keys, dict) and "slack" in keys:
            raise ValueError(
                "slack is no key of a generator's stage and never did anything; take it out"
            )
        return keys


class QuantiserStage(Stage):
    window: int = Field(64, ge=4)
    """Frames of the stretches it is trained on."""
    joints: float = Field(0.0, ge=0)
    """Of joints in metres, which see the path drift; not in the paper. It comes in from a quarter
    of the steps to a half: before that there is no path to speak of."""
    velocities: float = Field(0.0, ge=0)
    """Of the joints' velocities in m/s, which see a body tremble; not in the paper. It comes in as
    ``joints`` does."""


class Augment(Section):
    mirror: Literal["off", "known", "all"] = "known"
    """Mirrored twins; see :class:`moclip.training.sections.Augment`."""


class Recipe(BaseRecipe):
    """Everything that decides a run, so that the same recipe gives the same model."""

    model: Literal["generator"] = "generator"
    start: Path | None = None
    """Folder of a trained generator to go on from: its sizes and weights, its tower unless
    ``text.source`` names another of the same width. Sizes that say otherwise are refused."""
    clip: float = Field(1.0, gt=0)
    """Largest norm of the gradient."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """``auto``: bf16 where the processor multiplies it in hardware, else fp32."""
    text: Text = Text()
    quantiser: Sizes = Sizes()
    masked: Sizes = Sizes()
    residual: Sizes = Sizes()
    train_quantiser: QuantiserStage = QuantiserStage()
    train_masked: Stage = Stage()
    train_residual: Stage = Stage()
    augment: Augment = Augment()

    def check(self, source: str) -> None:
        if self.start is not None:
            return
        self.quantiser_config(source)
        for name in STAGES[1:]:
            self.trunk_config(name, source)
        if any(not self.stage(name).epochs for name in STAGES):
            raise ValueError(f"{source}: a stage of 0 epochs needs 'start', a trained generator")

    def stage(self, name: str) -> Stage:
        """How the stage of this name is trained."""
        found: Stage = getattr(self, f"train_{name}")
        return found

    def quantiser_config(self, source: str = "recipe") -> QuantiserConfig:
        """The checked sizes of the quantiser, where it does not go on from a trained one."""
        return self.quantiser.config(QuantiserConfig, f"{source}: [quantiser]")

    def trunk_config(self, name: str, source: str = "recipe") -> TrunkConfig:
        """The checked sizes of the masked or the residual transformer, as above."""
        sizes: Sizes = getattr(self, name)
        return sizes.config(TrunkConfig, f"{source}: [{name}]")
