"""What a check is given and what it answers."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from moclip import retargeting
from moclip.motion import Motion

POSES = 32
"""Poses of a clip that are kept to compare it with others, evenly spread over its time."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a clip, in a plain sentence with figures."""

    sentence: str
    severity: Literal["error", "warning"] = "error"
    """An error makes the clip unfit for use; a warning is true and may be meant so."""
    frame: int | None = None
    """Where it shows most, counted from 0."""
    joint: str | None = None


@dataclass(frozen=True)
class Finding(Fault):
    """A fault with the check that found it and the clip it was found in."""

    check: str = ""
    clip: str = ""


@dataclass(frozen=True, eq=False)
class Case:
    """One clip as it stands in its file, before anything is put right."""

    id: str
    motion: Motion | None = None
    """In the file's own skeleton, frame rate and place; ``None`` where it cannot be read."""
    problem: str = ""
    """Why it cannot be read, in the reader's own sentence."""
    captions: tuple[str, ...] | None = None
    """All that are given, empty ones and repetitions too; ``None`` where none are expected."""
    split: str = ""
    """Empty where the clips are not split."""

    @cached_property
    def body(self) -> Motion | None:
        """HumanML3D's joints in the file's own place and frame rate, where its body is known."""
        if self.motion is None:
            return None
        try:
            return retargeting.retarget(self.motion)
        except LookupError:
            return None

    def seconds(self, frame: int) -> str:
        """``frame 12 (0.4 s)``."""
        assert self.motion is not None
        return f"frame {frame} ({frame / self.motion.fps:.2f} s)"


@dataclass(frozen=True, eq=False)
class Card:
    """What is kept of a clip to compare it with all others."""

    id: str
    split: str
    captions: tuple[str, ...]
    seconds: float
    poses: Float[Tensor, "pose 22 3"] | None
    """Canonical joints in metres, evenly spread over the clip; ``None`` where there are none."""


def card(case: Case) -> Card:
    """The clip's card; a body that is not known has no poses."""
    motion, body = case.motion, case.body
    poses = None
    if body is not None:
        poses = _poses(body.grounded().centred().joints).float()
    seconds = 0.0 if motion is None else motion.duration
    return Card(case.id, case.split, case.captions or (), seconds, poses)


def _poses(joints: Float[Tensor, "frame 22 3"]) -> Float[Tensor, "pose 22 3"]:
    """Between frames in a straight line, so that the frame rate makes no difference."""
    at = torch.linspace(0, len(joints) - 1, POSES)
    before = at.long()
    share = (at - before)[:, None, None]
    after = (before + 1).clamp(max=len(joints) - 1)
    return joints[before] * (1 - share) + joints[after] * share
