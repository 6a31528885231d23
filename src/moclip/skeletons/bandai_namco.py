"""The Bandai-Namco Research motion data sets: 21 joints under a root that stays at the origin.

Bones lie along the joints' own x axes, so the rest pose is no pose of a person; the files give
position channels on every joint, and those replace the offsets. The hips' offset is one clip's.
"""

from moclip.skeletons.base import build

SKELETON = build(
    "bandai_namco",
    (
        ("joint_Root", None, (0.0, 0.0, 0.0)),
        ("Hips", "joint_Root", (0.0, 0.93924, -0.03)),
        ("Spine", "Hips", (0.15736, 0.0, 0.0)),
        ("Chest", "Spine", (0.08985, -0.00406, 0.0)),
        ("Neck", "Chest", (0.16377, 0.0, 0.0)),
        ("Head", "Neck", (0.06457, 0.0, 0.0)),
        ("Shoulder_L", "Chest", (0.12994, -0.00243, 0.0498)),
        ("UpperArm_L", "Shoulder_L", (0.05348, 0.0, 0.0)),
        ("LowerArm_L", "UpperArm_L", (0.24329, 0.0, 0.0)),
        ("Hand_L", "LowerArm_L", (0.22292, 0.0, 0.0)),
        ("Shoulder_R", "Chest", (0.12995, -0.00243, -0.0498)),
        ("UpperArm_R", "Shoulder_R", (-0.05348, 0.0, 0.0)),
        ("LowerArm_R", "UpperArm_R", (-0.24329, 0.0, 0.0)),
        ("Hand_R", "LowerArm_R", (-0.22292, 0.0, 0.0)),
        ("UpperLeg_L", "Hips", (-0.02192, -0.06469, 0.0)),
        ("LowerLeg_L", "UpperLeg_L", (0.39081, 0.0, 0.0)),
        ("Foot_L", "LowerLeg_L", (0.40985, 0.0, 0.0)),
        ("Toes_L", "Foot_L", (0.11754, 0.0, 0.0)),
        ("UpperLeg_R", "Hips", (-0.02193, 0.06469, 0.0)),
        ("LowerLeg_R", "UpperLeg_R", (-0.39081, -2e-05, -0.0004)),
        ("Foot_R", "LowerLeg_R", (-0.40985, 0.0, 0.0)),
        ("Toes_R", "Foot_R", (-0.11754, 0.0, 0.0)),
    ),
    ends=(
        ("Head", (0.0, 0.0, 0.0)),
        ("Hand_L", (0.0, 0.0, 0.0)),
        ("Hand_R", (0.0, 0.0, 0.0)),
        ("Toes_L", (0.0, 0.0, 0.0)),
        ("Toes_R", (0.0, 0.0, 0.0)),
    ),
    limbs={
        "root": ("Hips",),
        "torso": ("Hips", "Spine", "Chest", "Neck", "Head"),
        "left_arm": ("Shoulder_L", "UpperArm_L", "LowerArm_L", "Hand_L"),
        "right_arm": ("Shoulder_R", "UpperArm_R", "LowerArm_R", "Hand_R"),
        "left_leg": ("UpperLeg_L", "LowerLeg_L", "Foot_L", "Toes_L"),
        "right_leg": ("UpperLeg_R", "LowerLeg_R", "Foot_R", "Toes_R"),
        "hands": ("LowerArm_L", "LowerArm_R", "Hand_L", "Hand_R"),
        "feet": ("Foot_L", "Foot_R", "Toes_L", "Toes_R"),
    },
    across=(("UpperLeg_L", "UpperLeg_R"), ("UpperArm_L", "UpperArm_R")),
)

TO_HUMANML3D: dict[str, str | tuple[str, str, float]] = {
    "pelvis": "Hips",
    "left_hip": "UpperLeg_L",
    "right_hip": "UpperLeg_R",
    "spine1": ("Hips", "Spine", 0.6),
    "left_knee": "LowerLeg_L",
    "right_knee": "LowerLeg_R",
    "spine2": "Spine",
    "left_ankle": "Foot_L",
    "right_ankle": "Foot_R",
    "spine3": "Chest",
    "left_foot": "Toes_L",
    "right_foot": "Toes_R",
    "neck": "Neck",
    "left_collar": "Shoulder_L",
    "right_collar": "Shoulder_R",
    "head": "Head",
    "left_shoulder": "UpperArm_L",
    "right_shoulder": "UpperArm_R",
    "left_elbow": "LowerArm_L",
    "right_elbow": "LowerArm_R",
    "left_wrist": "Hand_L",
    "right_wrist": "Hand_R",
}
