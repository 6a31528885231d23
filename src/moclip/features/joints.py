"""Positions alone, 3 numbers a joint: the simplest features, exact, of any body.

0..2: the root in metres. The rest: every other joint from the root, in the order of the skeleton.
Nothing is turned, placed or rescaled; rotations are not kept.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

SKELETON: Skeleton | None = None
FPS: float | None = None


def encode(motion: Motion) -> Float[Tensor, "frame dim"]:
    """Features of a motion."""
    return from_joints(motion.joints)


def decode(features: Float[Tensor, "frame dim"], *, skeleton: Skeleton, fps: float) -> Motion:
    """The motion. Raises ``ValueError`` when the features are not of the skeleton's joints."""
    if features.shape[1] != 3 * len(skeleton):
        raise ValueError(
            f"features have {features.shape[1]} numbers a frame, "
            f"skeleton '{skeleton.name}' wants {3 * len(skeleton)}"
        )
    return Motion(to_joints(features), fps, skeleton)


def from_joints(joints: Float[Tensor, "*batch joint 3"]) -> Float[Tensor, "*batch dim"]:
    """Of any number of clips and frames."""
    root = joints[..., :1, :]
    return torch.cat((root, joints[..., 1:, :] - root), dim=-2).float().flatten(-2)


def to_joints(features: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch joint 3"]:
    """The inverse of :func:`from_joints`."""
    joints = features.unflatten(-1, (-1, 3))
    root = joints[..., :1, :]
    return torch.cat((root, joints[..., 1:, :] + root), dim=-2)
