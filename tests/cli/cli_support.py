"""What the tests of the commands share."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from moclip import skeletons
from moclip.motion import Motion


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


def stick_figure(*, speed: float = 1.0, frames: int = 30) -> Motion:
    """HumanML3D's body in its rest pose, sliding ahead at ``speed`` metres a second."""
    skeleton = skeletons.get("humanml3d")
    turns = torch.eye(3).repeat(frames, len(skeleton), 1, 1)
    ahead = torch.arange(frames) * speed / 20
    root = torch.stack((torch.zeros(frames), torch.full((frames,), 0.95), ahead), dim=-1)
    return Motion.from_rotations(turns, root, fps=20.0, skeleton=skeleton)
