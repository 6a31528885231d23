"""Frames are taken a little too early or too late, but in their order."""

from collections.abc import Sequence

import torch
from pydantic import Field

from moclip.evaluation.attacks import base
from moclip.evaluation.attacks.motions.base import BLIND, MotionVictim, generator, with_joints
from moclip.motion import Motion

STRENGTHS = (0.5, 1.0, 2.0)
NEEDS: tuple[str, ...] = ()


class Options(base.Options):
    """How uneven time runs."""

    strength: float = Field(1.0, ge=0, le=100)
    """Standard deviation of the moment at which a frame is taken, in frames, before the moments are
    put in order: less is left of large ones (1.0 of 2, 1.7 of 5)."""


def perturb(
    motions: Sequence[Motion], options: Options, victim: MotionVictim = BLIND
) -> list[Motion]:
    """Between frames joints go in straight lines; none is taken before the first or after the last.

    So that time never runs back, the moments are sorted.
    """
    return [_jittered(motion, options) for motion in motions]


def _jittered(motion: Motion, options: Options) -> Motion:
    noise = torch.randn(len(motion), generator=generator(options.seed, motion))
    at = (torch.arange(len(motion)) + options.strength * noise).clamp(0, len(motion) - 1)
    at = at.sort().values.to(motion.joints)
    before = at.long()
    after = (before + 1).clamp(max=len(motion) - 1)
    return with_joints(
        motion, motion.joints[before].lerp(motion.joints[after], (at - before)[:, None, None])
    )
