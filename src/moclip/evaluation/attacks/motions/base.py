"""What attacks on motions share."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.motion import Motion, MotionBatch


@dataclass(frozen=True, eq=False)
class MotionVictim:
    """What an attack may ask of the model it attacks; parts not at hand are ``None``."""

    encode: Callable[[MotionBatch], Float[Tensor, "clip dim"]] | None = None
    """Vectors of canonical motions, through which gradients reach the joints."""
    aim: Callable[[Motion], Float[Tensor, " dim"]] | None = None
    """The vector that a motion's should be near to, such as its caption's; its own if absent."""


BLIND = MotionVictim()
"""Of whom nothing can be asked."""


def generator(seed: int, motion: Motion) -> torch.Generator:
    """Random numbers that follow from a seed and a motion alone."""
    numbers = motion.joints.detach().cpu().contiguous().numpy().tobytes()
    digest = hashlib.sha256(f"{seed}\n".encode() + numbers).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8]) >> 1)


def with_joints(motion: Motion, joints: Float[Tensor, "frame joint 3"]) -> Motion:
    """The motion with other positions; rotations would no longer fit them."""
    return replace(motion, joints=joints.to(motion.joints), rotations=None)
