"""Joints are lost for the whole clip: they hang from their parents as in the first frame.

A tracker that loses a marker holds on to where it was last seen on the body; here the offset from
the parent joint stays what it was when the clip began, so bones keep their lengths.
"""

from collections.abc import Sequence

import torch
from pydantic import Field

from moclip.evaluation.attacks import base
from moclip.evaluation.attacks.motions.base import BLIND, MotionVictim, generator, with_joints
from moclip.motion import Motion

STRENGTHS = (0.1, 0.25, 0.5)
NEEDS: tuple[str, ...] = ()


class Options(base.Options):
    """How many joints are lost."""

    strength: float = Field(0.25, ge=0, le=1)
    """Share of the joints; the root is never lost."""


def perturb(
    motions: Sequence[Motion], options: Options, victim: MotionVictim = BLIND
) -> list[Motion]:
    """Lost joints are drawn for each clip; a stronger attack loses those of a weaker one too."""
    return [_without(motion, options) for motion in motions]


def _without(motion: Motion, options: Options) -> Motion:
    draw = generator(options.seed, motion)
    parents = motion.skeleton.parents
    order = torch.randperm(len(parents) - 1, generator=draw) + 1
    lost = set(order[: round(options.strength * len(order))].tolist())
    joints = [motion.joints[:, 0]]
    for joint, parent in enumerate(parents[1:], start=1):
        bone = motion.joints[:, joint] - motion.joints[:, parent]
        held = bone[:1] if joint in lost else bone
        joints.append(joints[parent] + held)
    return with_joints(motion, torch.stack(joints, dim=1) if lost else motion.joints)
