"""What SMPL, SMPL-H and SMPL-X share: HumanML3D's 22 joints are the first 22 of each.

Body bones are HumanML3D's, which are SMPL's mean body put on one person. Hands are adult means:
metacarpals and phalanges of Buryanov & Kotiuk, "Proportions of Hand Segments" (2010), stretched out
along the arm with the palm down; none of it is taken from a body model's file.
"""

from collections.abc import Iterable

from moclip.skeletons import humanml3d
from moclip.skeletons.base import Bone, Skeleton, Vector, build

_LEFT_KNUCKLES: dict[str, Vector] = {
    "index": (0.095, 0.0, 0.024),
    "middle": (0.0926, 0.002, 0.001),
    "pinky": (0.0777, -0.004, -0.04),
    "ring": (0.085, 0.0, -0.02),
    "thumb": (0.025, -0.012, 0.026),
}
"""First joint of each finger, from the left wrist; in the official order."""
_LEFT_PHALANGES: dict[str, tuple[Vector, Vector]] = {
    "index": ((0.0398, 0.0, 0.0), (0.0224, 0.0, 0.0)),
    "middle": ((0.0446, 0.0, 0.0), (0.0263, 0.0, 0.0)),
    "pinky": ((0.0327, 0.0, 0.0), (0.0181, 0.0, 0.0)),
    "ring": ((0.0414, 0.0, 0.0), (0.0257, 0.0, 0.0)),
    "thumb": ((0.0287, -0.0116, 0.0342), (0.0196, -0.0079, 0.0234)),
}
"""From the first joint to the second, from the second to the third."""

BODY: tuple[Bone, ...] = tuple(
    (joint, None if parent < 0 else humanml3d.SKELETON.joint_names[parent], offset)
    for joint, parent, offset in zip(
        humanml3d.SKELETON.joint_names,
        humanml3d.SKELETON.parents,
        humanml3d.SKELETON.offsets,
        strict=True,
    )
)
"""The 22 joints from the pelvis to the wrists."""


def fingers(side: str) -> tuple[Bone, ...]:
    """The fifteen finger joints of the ``left`` or ``right`` hand."""
    bones: list[Bone] = []
    for finger, knuckle in _LEFT_KNUCKLES.items():
        above = f"{side}_wrist"
        for number, offset in enumerate((knuckle, *_LEFT_PHALANGES[finger]), start=1):
            joint = f"{side}_{finger}{number}"
            bones.append((joint, above, on_side(side, offset)))
            above = joint
    return tuple(bones)


def on_side(side: str, left: Vector) -> Vector:
    """A left joint's offset, for either side."""
    return left if side == "left" else (-left[0], left[1], left[2])


def body_with(
    name: str,
    more: Iterable[Bone],
    *,
    head: Iterable[str] = (),
    left: Iterable[str] = (),
    right: Iterable[str] = (),
    hands: Iterable[str] = (),
) -> Skeleton:
    """The 22 joints, then ``more``, which lengthen the torso (``head``), the arms and ``hands``."""
    limbs = dict(humanml3d.SKELETON.limbs)
    limbs["torso"] += tuple(head)
    limbs["left_arm"] += tuple(left)
    limbs["right_arm"] += tuple(right)
    limbs["hands"] += tuple(hands)
    return build(name, (*BODY, *more), limbs=limbs, across=humanml3d.SKELETON.across)


def names(bones: Iterable[Bone]) -> tuple[str, ...]:
    return tuple(joint for joint, _, _ in bones)
