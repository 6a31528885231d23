"""Every joint of every frame is off by a little, as from a cheap camera."""

from collections.abc import Sequence

import torch
from pydantic import Field

from moclip.evaluation.attacks import base
from moclip.evaluation.attacks.motions.base import BLIND, MotionVictim, generator, with_joints
from moclip.motion import Motion

STRENGTHS = (0.005, 0.01, 0.02)
NEEDS: tuple[str, ...] = ()


class Options(base.Options):
    """How far off the joints are."""

    strength: float = Field(0.01, ge=0, le=1)
    """Standard deviation along each axis, in metres."""


def perturb(
    motions: Sequence[Motion], options: Options, victim: MotionVictim = BLIND
) -> list[Motion]:
    """Normal noise, independent in joints, axes and frames."""
    return [_noisy(motion, options) for motion in motions]


def _noisy(motion: Motion, options: Options) -> Motion:
    noise = torch.randn(motion.joints.shape, generator=generator(options.seed, motion))
    return with_joints(motion, motion.joints + options.strength * noise.to(motion.joints))
