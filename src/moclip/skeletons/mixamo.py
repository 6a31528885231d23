"""The body of Adobe Mixamo's rigs: 22 of their up to 65 joints, without fingers, eyes and tips.

Files with more joints, with another namespace (``mixamorig1:``, ``Character:``) or with none are
recognised as this body too (:func:`moclip.skeletons.recognise`). Every character has its own bones;
these are a round adult T-pose of 1.75 m, ours, for files and drawings that bring none.
"""

from moclip.skeletons.base import build

_PARENTS = {
    "Hips": None,
    "Spine": "Hips",
    "Spine1": "Spine",
    "Spine2": "Spine1",
    "Neck": "Spine2",
    "Head": "Neck",
    "LeftShoulder": "Spine2",
    "LeftArm": "LeftShoulder",
    "LeftForeArm": "LeftArm",
    "LeftHand": "LeftForeArm",
    "RightShoulder": "Spine2",
    "RightArm": "RightShoulder",
    "RightForeArm": "RightArm",
    "RightHand": "RightForeArm",
    "LeftUpLeg": "Hips",
    "LeftLeg": "LeftUpLeg",
    "LeftFoot": "LeftLeg",
    "LeftToeBase": "LeftFoot",
    "RightUpLeg": "Hips",
    "RightLeg": "RightUpLeg",
    "RightFoot": "RightLeg",
    "RightToeBase": "RightFoot",
}
_OFFSETS = {
    "Spine": (0.0, 0.1, -0.01),
    "Spine1": (0.0, 0.115, 0.0),
    "Spine2": (0.0, 0.13, 0.0),
    "Neck": (0.0, 0.15, 0.0),
    "Head": (0.0, 0.1, 0.03),
    "Shoulder": (0.06, 0.11, 0.0),
    "Arm": (0.125, 0.0, 0.0),
    "ForeArm": (0.275, 0.0, 0.0),
    "Hand": (0.27, 0.0, 0.0),
    "UpLeg": (0.09, -0.06, 0.0),
    "Leg": (0.0, -0.42, 0.0),
    "Foot": (0.0, -0.42, -0.02),
    "ToeBase": (0.0, -0.08, 0.13),
}
"""Metres; of joints in pairs the left one."""


def _named(joint: str) -> str:
    return f"mixamorig:{joint}"


def _offset(joint: str) -> tuple[float, float, float]:
    x, y, z = _OFFSETS.get(joint.removeprefix("Left").removeprefix("Right"), (0.0, 0.0, 0.0))
    return (-x if joint.startswith("Right") else x, y, z)


_LIMBS = {
    "root": ("Hips",),
    "torso": ("Hips", "Spine", "Spine1", "Spine2", "Neck", "Head"),
    "left_arm": ("LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand"),
    "right_arm": ("RightShoulder", "RightArm", "RightForeArm", "RightHand"),
    "left_leg": ("LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToeBase"),
    "right_leg": ("RightUpLeg", "RightLeg", "RightFoot", "RightToeBase"),
    "hands": ("LeftForeArm", "RightForeArm", "LeftHand", "RightHand"),
    "feet": ("LeftFoot", "RightFoot", "LeftToeBase", "RightToeBase"),
}
_STANDS_AT = {
    "pelvis": "Hips",
    "left_hip": "LeftUpLeg",
    "right_hip": "RightUpLeg",
    "spine1": "Spine",
    "left_knee": "LeftLeg",
    "right_knee": "RightLeg",
    "spine2": "Spine1",
    "left_ankle": "LeftFoot",
    "right_ankle": "RightFoot",
    "spine3": "Spine2",
    "left_foot": "LeftToeBase",
    "right_foot": "RightToeBase",
    "neck": "Neck",
    "left_collar": "LeftShoulder",
    "right_collar": "RightShoulder",
    "head": "Head",
    "left_shoulder": "LeftArm",
    "right_shoulder": "RightArm",
    "left_elbow": "LeftForeArm",
    "right_elbow": "RightForeArm",
    "left_wrist": "LeftHand",
    "right_wrist": "RightHand",
}

SKELETON = build(
    "mixamo",
    (
        (_named(joint), None if parent is None else _named(parent), _offset(joint))
        for joint, parent in _PARENTS.items()
    ),
    limbs={limb: map(_named, joints) for limb, joints in _LIMBS.items()},
    across=(
        (_named("LeftUpLeg"), _named("RightUpLeg")),
        (_named("LeftArm"), _named("RightArm")),
    ),
)

TO_HUMANML3D: dict[str, str | tuple[str, str, float]] = {
    joint: _named(source) for joint, source in _STANDS_AT.items()
}
