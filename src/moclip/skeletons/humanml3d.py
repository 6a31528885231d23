"""HumanML3D's 22 joints: SMPL's body without the hands (Guo et al., CVPR 2022).

Lengths are those of the official clips, the same in every one of them, since the data set puts all
its people on one skeleton (so left and right differ by millimetres). The rest pose is a T pose
facing +z; joint positions do not tell it, so its directions are ours.
"""

from moclip.skeletons.base import build

SKELETON = build(
    "humanml3d",
    (
        ("pelvis", None, (0.0, 0.0, 0.0)),
        ("left_hip", "pelvis", (0.06173, -0.08231, -0.00617)),
        ("right_hip", "pelvis", (-0.06581, -0.08775, -0.00658)),
        ("spine1", "pelvis", (0.0, 0.12772, -0.0316)),
        ("left_knee", "left_hip", (0.03563, -0.39196, -0.00594)),
        ("right_knee", "right_hip", (-0.03532, -0.38854, -0.00589)),
        ("spine2", "spine1", (0.0, 0.14318, 0.00143)),
        ("left_ankle", "left_knee", (-0.01514, -0.42954, -0.04758)),
        ("right_ankle", "right_knee", (0.0149, -0.4228, -0.04684)),
        ("spine3", "spine2", (0.0, 0.05176, 0.02473)),
        ("left_foot", "left_ankle", (0.02856, -0.05997, 0.12707)),
        ("right_foot", "right_ankle", (-0.02976, -0.06249, 0.13242)),
        ("neck", "spine3", (0.0, 0.21493, -0.04386)),
        ("left_collar", "spine3", (0.07264, 0.11239, -0.03152)),
        ("right_collar", "spine3", (-0.07576, 0.11721, -0.03288)),
        ("head", "neck", (0.0, 0.08066, 0.06412)),
        ("left_shoulder", "left_collar", (0.12408, 0.04224, -0.01188)),
        ("right_shoulder", "right_collar", (-0.11595, 0.03947, -0.0111)),
        ("left_elbow", "left_shoulder", (0.25522, -0.01289, -0.02578)),
        ("right_elbow", "right_shoulder", (-0.26143, -0.0132, -0.02641)),
        ("left_wrist", "left_elbow", (0.26588, 0.00798, -0.00266)),
        ("right_wrist", "right_elbow", (-0.26974, 0.00809, -0.0027)),
    ),
    limbs={
        "root": ("pelvis",),
        "torso": ("pelvis", "spine1", "spine2", "spine3", "neck", "head"),
        "left_arm": ("left_collar", "left_shoulder", "left_elbow", "left_wrist"),
        "right_arm": ("right_collar", "right_shoulder", "right_elbow", "right_wrist"),
        "left_leg": ("left_hip", "left_knee", "left_ankle", "left_foot"),
        "right_leg": ("right_hip", "right_knee", "right_ankle", "right_foot"),
        "hands": ("left_elbow", "right_elbow", "left_wrist", "right_wrist"),
        "feet": ("left_ankle", "right_ankle", "left_foot", "right_foot"),
    },
    across=(("left_hip", "right_hip"), ("left_shoulder", "right_shoulder")),
)

TO_HUMANML3D: dict[str, str | tuple[str, str, float]] = {
    joint: joint for joint in SKELETON.joint_names
}
