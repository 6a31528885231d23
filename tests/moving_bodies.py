"""Bodies that move every joint, walk and turn: motion that is no one's, made from a seed."""

import torch

from moclip.geometry import axis_angle_to_matrix
from moclip.motion import Motion, MotionBatch
from moclip.skeletons import get


def wandering(frames: int = 40, *, seed: int = 0, fps: float = 20.0) -> Motion:
    """HumanML3D's body with all joints turning and its root on a path; bones keep their lengths."""
    body = get("humanml3d")
    draw = torch.Generator().manual_seed(seed)
    angles = 0.05 * torch.randn(frames, len(body), 3, generator=draw).cumsum(dim=0)
    path = 0.03 * torch.randn(frames, 3, generator=draw).cumsum(dim=0)
    root = path + torch.tensor((0.0, 0.9, 0.0))
    turns = axis_angle_to_matrix(angles)
    moving = Motion.from_rotations(turns, root, fps=fps, skeleton=body)
    return Motion(moving.joints, fps, body)


def wanderings(count: int, frames: int = 40) -> list[Motion]:
    return [wandering(frames, seed=seed) for seed in range(count)]


def batch(count: int = 4, frames: int = 40) -> MotionBatch:
    return MotionBatch.of(wanderings(count, frames))
