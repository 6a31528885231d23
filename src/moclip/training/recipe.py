"""A training run of MoCLIP as a frozen value, read from a TOML recipe; unknown keys are refused."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from moclip import catalog
from moclip.training._recipe import BaseRecipe, sentence
from moclip.training.sections import Augment, PaddedPace, Section


class Text(Section):
    tower: str = "minilm"
    """A text tower of ``moclip.models.text``."""
    source: str | None = None
    """Hub id or local folder of its weights; the tower's own default if absent."""
    fine_tune: bool = True
    """Whether the second phase trains the text tower; False keeps it frozen throughout."""


class Motion(BaseModel):
    """Which motion tower; every other key overrides a field of its preset."""

    model_config = ConfigDict(frozen=True, extra="allow")

    tower: str = "limbs"
    preset: Literal["compact", "paper"] = "compact"

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Loss(Section):
    contrastive: float = Field(1.0, ge=0)
    tether: float = Field(0.4, ge=0)
    """Lambda of the paper: how strongly the text tower is held to the frozen one."""
    align: float = Field(1.0, ge=0)
    norm_guard: float = Field(0.0, ge=0)
    """How strongly raw text vectors are held to the length the frozen tower gives them."""
    mask_false_negatives: bool = True
    """Whether pairs whose motions share a caption are no negatives of each other."""
    alike: float = Field(1.0, gt=0, le=1)
    """Captions whose frozen vectors have a cosine above this are no negatives either; 1: off."""

    @model_validator(mode="after")
    def _alike_is_read(self) -> "Loss":
        if self.alike < 1 and not self.mask_false_negatives:
            raise ValueError(
                f"alike is {self.alike:g}, but with mask_false_negatives = false all other pairs "
                "are negatives, alike or not"
            )
        return self


class Defence(Section):
    """What a text tower practises while it learns; all of it is off unless asked for."""

    other_words: float = Field(0.0, ge=0, le=1)
    """Share of captions that are said in other words: synonyms or a paraphrase."""
    consistency: float = Field(0.0, ge=0)
    """How strongly a caption and the same in other words are held together."""
    adversarial: float = Field(0.0, ge=0)
    """How strongly the words that move a caption farthest are held to where the frozen tower puts
    the caption: the tether on an attacked caption."""
    meaning: float = Field(0.0, ge=0)
    """How strongly a change of what is said (a side, a direction, a speed, a number, a negation)
    must move a caption farther than other words do."""
    tries: int = Field(4, ge=1)
    """Ways of saying a caption of which ``adversarial`` takes the one that moves it farthest."""
    strength: float = Field(0.5, gt=0, le=1)
    """Share of the words of content that synonyms replace."""

    @property
    def is_on(self) -> bool:
        return any((self.other_words, self.consistency, self.adversarial, self.meaning))


class Schedule(PaddedPace):
    cache: int | None = Field(None, ge=1)
    """Gradient cache: clips, or captions, in memory at once on a device, so that ``batch_size`` may
    be larger than memory; the gradients are the same, for a forward pass more. Off if absent."""
    recompute: bool | None = None
    """Gradient checkpointing: blocks of both towers are computed again on the way back."""
    frames: int | None = Field(None, ge=1)
    """Most frames that are padded together, padding included; a longer clip stays alone. If absent:
    all on a GPU, on a processor as many as its cache takes at the tower's size."""
    frozen_epochs: int = Field(35, ge=0)
    """First phase: only the motion tower learns."""
    unfrozen_epochs: int = Field(15, ge=0)
    """Second phase: the text tower learns too."""
    best_of: Literal["all", "unfrozen"] = "all"
    """Epochs of which the best is kept. The best of all may be one of the first phase, whose text
    tower is as it came; ``unfrozen`` are those of the second, where there are any."""

    @model_validator(mode="after")
    def _some_epochs(self) -> "Schedule":
        if not self.epochs:
            raise ValueError(
                "frozen_epochs and unfrozen_epochs are both 0, so nothing would be trained"
            )
        return self

    @property
    def epochs(self) -> int:
        return self.frozen_epochs + self.unfrozen_epochs


class Optimiser(Section):
    motion_lr: float = Field(1e-4, gt=0)
    text_lr: float = Field(1e-6, gt=0)
    text_projection_lr: float = Field(1e-5, gt=0)
    """For CLIP's last linear layer; towers without one do not use it."""
    temperature_lr: float | None = Field(None, gt=0)
    """For the temperature alone; the motion tower's rate if absent. Sentence encoders put captions
    so near each other that the temperature has far to go."""
    weight_decay: float = Field(1e-4, ge=0)
    """For matrices only; biases, norms and the temperature are not decayed."""
    clip: float = Field(1.0, gt=0)
    """Largest norm of the gradient."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """``auto``: bf16 where the processor multiplies it in hardware, else fp32."""


class Recipe(BaseRecipe):
    """Everything that decides a run, so that the same recipe gives the same model."""

    model: Literal["moclip"] = "moclip"
    text: Text = Text()
    motion: Motion = Motion()
    loss: Loss = Loss()
    defence: Defence = Defence()
    schedule: Schedule = Schedule()
    optimiser: Optimiser = Optimiser()
    augment: Augment = Augment()

    @property
    def keeps_unfrozen(self) -> bool:
        """Whether the best epoch is one of those in which the text tower learns."""
        there_are = self.text.fine_tune and self.schedule.unfrozen_epochs > 0
        return there_are and self.schedule.best_of == "unfrozen"

    def check(self, source: str) -> None:
        self.motion_config(source)

    def motion_config(self, source: str = "recipe") -> Any:
        """The checked configuration of the motion tower this recipe names."""
        config = catalog.load("models.motion", self.motion.tower, "Config")
        fields = getattr(config, self.motion.preset)().model_dump() | self.motion.options
        try:
            return config.model_validate(fields)
        except ValidationError as error:
            raise ValueError(f"{source}: [motion] {sentence(error, config)}") from None
