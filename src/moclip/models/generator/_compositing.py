"""The upper body of one motion on the legs and the path of another."""

import torch
from jaxtyping import Float
from torch import Tensor

from moclip import geometry, skeletons
from moclip.motion import Motion

_BODY = skeletons.get("humanml3d")
_LIMBS = dict(_BODY.limbs)
UPPER = tuple(
    joint
    for joint in _BODY.joint_names
    if joint != "pelvis"
    and any(joint in _LIMBS[limb] for limb in ("torso", "left_arm", "right_arm"))
)
"""Joints of the upper body: all above the pelvis."""


def composite(upper: Motion, lower: Motion) -> Motion:
    """``upper``'s joints above the pelvis, where ``lower``'s pelvis is and its hips face.

    Both have HumanML3D's joints and as many frames. Bones keep their lengths; a pelvis that leans
    otherwise is not made up for.
    """
    if len(upper) != len(lower):
        raise ValueError(f"the motions have {len(upper)} and {len(lower)} frames, wanted as many")
    numbers = [_BODY.index(joint) for joint in UPPER]
    above = upper.joints[:, numbers] - upper.joint("pelvis")[:, None]
    turn = geometry.axis_rotation("Y", _heading(lower) - _heading(upper))
    joints = lower.joints.clone()
    joints[:, numbers] = lower.joint("pelvis")[:, None] + above @ turn.mT
    return Motion(joints, lower.fps, _BODY)


def _heading(motion: Motion) -> Float[Tensor, " frame"]:
    """Radians about y from +z to where the hips face."""
    across = motion.joint("left_hip") - motion.joint("right_hip")
    return torch.atan2(-across[:, 2], across[:, 0])
