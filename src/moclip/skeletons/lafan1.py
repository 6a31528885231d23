"""The 22 joints of Ubisoft's LAFAN1 (Harvey et al., "Robust Motion In-betweening", SIGGRAPH 2020).

Lengths are those that all files of the data set share (``aiming1_subject1.bvh`` and the rest). The
frames of its joints lie along the bones, x ahead: with all rotations the identity the body is no
standing person but stretched out along x, which is why a rest pose cannot be drawn from them.
"""

from moclip.skeletons.base import build

SKELETON = build(
    "lafan1",
    (
        ("Hips", None, (0.0, 0.0, 0.0)),
        ("LeftUpLeg", "Hips", (0.00103, 0.01858, 0.10549)),
        ("LeftLeg", "LeftUpLeg", (0.435, 0.0, 0.0)),
        ("LeftFoot", "LeftLeg", (0.42372, 0.0, 0.0)),
        ("LeftToe", "LeftFoot", (0.173, 0.0, 0.0)),
        ("RightUpLeg", "Hips", (0.00103, 0.01858, -0.10549)),
        ("RightLeg", "RightUpLeg", (0.435, 0.0, 0.0)),
        ("RightFoot", "RightLeg", (0.42372, 0.0, 0.0)),
        ("RightToe", "RightFoot", (0.173, 0.0, 0.0)),
        ("Spine", "Hips", (0.06902, -0.02604, 0.0)),
        ("Spine1", "Spine", (0.12588, 0.0, 0.0)),
        ("Spine2", "Spine1", (0.12343, 0.0, 0.0)),
        ("Neck", "Spine2", (0.25833, 0.0, 0.0)),
        ("Head", "Neck", (0.11767, 0.0, 0.0)),
        ("LeftShoulder", "Spine2", (0.19746, -0.0148, 0.06)),
        ("LeftArm", "LeftShoulder", (0.11284, 0.0, 0.0)),
        ("LeftForeArm", "LeftArm", (0.33, 0.0, 0.0)),
        ("LeftHand", "LeftForeArm", (0.252, 0.0, 0.0)),
        ("RightShoulder", "Spine2", (0.19746, -0.0148, -0.06)),
        ("RightArm", "RightShoulder", (0.11284, 0.0, 0.0)),
        ("RightForeArm", "RightArm", (0.33, 0.0, 0.0)),
        ("RightHand", "RightForeArm", (0.252, 0.0, 0.0)),
    ),
    limbs={
        "root": ("Hips",),
        "torso": ("Hips", "Spine", "Spine1", "Spine2", "Neck", "Head"),
        "left_arm": ("LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand"),
        "right_arm": ("RightShoulder", "RightArm", "RightForeArm", "RightHand"),
        "left_leg": ("LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToe"),
        "right_leg": ("RightUpLeg", "RightLeg", "RightFoot", "RightToe"),
        "hands": ("LeftForeArm", "RightForeArm", "LeftHand", "RightHand"),
        "feet": ("LeftFoot", "RightFoot", "LeftToe", "RightToe"),
    },
    across=(("LeftUpLeg", "RightUpLeg"), ("LeftArm", "RightArm")),
)

TO_HUMANML3D: dict[str, str | tuple[str, str, float]] = {
    "pelvis": "Hips",
    "left_hip": "LeftUpLeg",
    "right_hip": "RightUpLeg",
    "spine1": ("Spine", "Spine1", 0.5),
    "left_knee": "LeftLeg",
    "right_knee": "RightLeg",
    "spine2": ("Spine1", "Spine2", 0.6),
    "left_ankle": "LeftFoot",
    "right_ankle": "RightFoot",
    "spine3": "Spine2",
    "left_foot": "LeftToe",
    "right_foot": "RightToe",
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
