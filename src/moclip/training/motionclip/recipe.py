"""A training run of MotionCLIP as a frozen value, read from a TOML recipe."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from moclip.models.autoencoder.networks import Config
from moclip.training._recipe import BaseRecipe
from moclip.training._sizes import Sizes
from moclip.training.sections import PaddedPace, Section


class Text(Section):
    tower: str | None = None
    """A text tower of ``moclip.models.text``; it stays as it is. If absent that of ``start``, or
    ``minilm``."""
    source: str | None = None
    """Hub id or local folder of its weights; the tower's own default if absent. With ``start`` it
    says where the image tower of the same CLIP is."""


class Loss(Section):
    """What each term counts. The paper's are orientations, positions and velocities at 1, text and
    image at 0.01."""

    orientations: float = Field(1.0, ge=0)
    positions: float = Field(1.0, ge=0)
    """Of joints, wherever the body is on the floor."""
    path: float = Field(1.0, ge=0)
    """How far the root goes in a second."""
    velocities: float = Field(1.0, ge=0)
    contacts: float = Field(0.0, ge=0)
    """How fast feet go that should stand."""
    stance: float = Field(0.0, ge=0)
    """Whether the decoder knows which feet stand, by which they are held afterwards."""
    text: float = Field(0.01, ge=0)
    """1 - cosine of a clip's vector and its caption's."""
    image: float = Field(0.0, ge=0)
    """1 - cosine of a clip's vector and that of a picture of it; needs a tower with images."""
    contrastive: float = Field(0.0, ge=0)
    """Clips nearer to their own caption than to others'; not in the paper."""
    temperature: float = Field(0.05, gt=0)
    """Of the contrastive term."""
    prior: float = Field(1.0, ge=0)
    """The bridge's own loss; no gradient of it reaches the auto-encoder."""


class Schedule(PaddedPace):
    epochs: int = Field(500, ge=1)


class Optimiser(Section):
    lr: float = Field(1e-4, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    """For matrices only."""
    clip: float = Field(1.0, gt=0)
    """Largest norm of the gradient."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """``auto``: bf16 where the processor multiplies it in hardware, else fp32."""


class Augment(Section):
    mirror: Literal["off", "known", "all"] = "known"
    """Mirrored twins; see :class:`moclip.training.sections.Augment`."""
    crop: float = Field(0.0, ge=0, le=1)
    """Share of the clips of a batch that are cut at random, so that any length is learned; what is
    left of them need not fit the caption, so they have no part in what is aligned."""
    shortest: float = Field(0.5, gt=0)
    """Seconds that a cut leaves at least."""
    noise: float = Field(0.0, ge=0)
    """Largest angle, in radians, by which vectors are turned before they are decoded: the decoder
    learns to forgive vectors beside those of motions."""


class Recipe(BaseRecipe):
    """Everything that decides a run, so that the same recipe gives the same model."""

    model: Literal["motionclip"] = "motionclip"
    start: Path | None = None
    """Folder of a trained MotionCLIP to go on from: its sizes, text tower, weights and scaling.
    Keys that say otherwise are refused."""
    text: Text = Text()
    autoencoder: Sizes = Sizes()
    loss: Loss = Loss()
    schedule: Schedule = Schedule()
    optimiser: Optimiser = Optimiser()
    augment: Augment = Augment()

    def check(self, source: str) -> None:
        if self.start is None:
            self.config(source)
        elif self.loss.image and self.text.source is None:
            raise ValueError(
                f"{source}: 'start' and loss.image need text.source, the CLIP that start's words "
                "are of: its image tower sees the pictures"
            )

    def config(self, source: str = "recipe") -> Config:
        """The checked sizes of the auto-encoder, where it does not go on from a trained one."""
        return self.autoencoder.config(Config, f"{source}: [autoencoder]")
