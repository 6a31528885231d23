"""Sections that recipes of all kinds have."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

PLAIN_TOWER = "minilm"
"""The text tower where nothing names one."""


class Section(BaseModel):
    """Unknown keys are refused, and numbers that are not finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Data(BaseModel):
    """Which clips; every other key is an option of that data set (``root``, ``split_by``, ...)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    """A data set of ``moclip.datasets``."""

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class _Batched(Section):
    batch_size: int = Field(128, ge=2)


class _Padded(_Batched):
    slack: float = Field(0.5, ge=0, lt=1)
    """Largest share of a padded clip that may be padding. MoCLIP computes it in attention alone, so
    there fewer, larger products gain, until they no longer fit the processor's caches."""


class Pace(_Batched):
    """How long a run goes on, and how often it looks up."""

    warmup: float = Field(0.02, ge=0, lt=1)
    """Share of a phase's steps over which the learning rate rises."""
    validate_every: int = Field(1, ge=1)
    """Epochs from one validation to the next."""
    state_minutes: float = Field(2.0, ge=0)
    """A resumable state is written at the end of an epoch when the last is older than this."""


class PaddedPace(Pace, _Padded):
    """Where whole clips are padded together.

    Written runs are taken up by their recipe's very text: ``slack`` stays behind ``batch_size``.
    """


class Augment(Section):
    mirror: Literal["off", "known", "all"] = "off"
    """Mirrored twins with left and right exchanged in the captions. ``known``: only those whose
    captions the training set has anyway, so that no held-out caption is made by accident."""
    crop: float = Field(1.0, gt=0, le=1)
    """Smallest share of a clip that a random cut leaves; 1: whole clips."""
    speed: float = Field(0.0, ge=0, lt=0.5)
    """Largest relative change of speed; 0: none."""
    noise: float = Field(0.0, ge=0)
    """Deviation of the noise on joint positions, in metres."""
