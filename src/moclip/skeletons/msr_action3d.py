"""MSR-Action3D's 20 joints: those of the first Kinect (Li et al., CVPR workshops 2010).

Here parents come before their children; the files list the same joints in an order of their own,
which :mod:`moclip.formats.msr_action3d` knows. Lengths are a body of 1.75 m in Winter's
proportions, for drawing; the files hold joint positions and so bring their own.
"""

from moclip.skeletons.base import build

SKELETON = build(
    "msr_action3d",
    (
        ("hip_center", None, (0.0, 0.0, 0.0)),
        ("spine", "hip_center", (0.0, 0.06, 0.0)),
        ("shoulder_center", "spine", (0.0, 0.38, 0.0)),
        ("head", "shoulder_center", (0.0, 0.2, 0.0)),
        ("left_shoulder", "shoulder_center", (0.18, -0.1, 0.0)),
        ("left_elbow", "left_shoulder", (0.29, 0.0, 0.0)),
        ("left_wrist", "left_elbow", (0.25, 0.0, 0.0)),
        ("left_hand", "left_wrist", (0.08, 0.0, 0.0)),
        ("right_shoulder", "shoulder_center", (-0.18, -0.1, 0.0)),
        ("right_elbow", "right_shoulder", (-0.29, 0.0, 0.0)),
        ("right_wrist", "right_elbow", (-0.25, 0.0, 0.0)),
        ("right_hand", "right_wrist", (-0.08, 0.0, 0.0)),
        ("left_hip", "hip_center", (0.08, -0.08, 0.0)),
        ("left_knee", "left_hip", (0.0, -0.42, 0.0)),
        ("left_ankle", "left_knee", (0.0, -0.38, 0.0)),
        ("left_foot", "left_ankle", (0.0, -0.06, 0.1)),
        ("right_hip", "hip_center", (-0.08, -0.08, 0.0)),
        ("right_knee", "right_hip", (0.0, -0.42, 0.0)),
        ("right_ankle", "right_knee", (0.0, -0.38, 0.0)),
        ("right_foot", "right_ankle", (0.0, -0.06, 0.1)),
    ),
    limbs={
        "root": ("hip_center",),
        "torso": ("hip_center", "spine", "shoulder_center", "head"),
        "left_arm": ("left_shoulder", "left_elbow", "left_wrist", "left_hand"),
        "right_arm": ("right_shoulder", "right_elbow", "right_wrist", "right_hand"),
        "left_leg": ("left_hip", "left_knee", "left_ankle", "left_foot"),
        "right_leg": ("right_hip", "right_knee", "right_ankle", "right_foot"),
        "hands": ("left_elbow", "right_elbow", "left_wrist", "right_wrist"),
        "feet": ("left_ankle", "right_ankle", "left_foot", "right_foot"),
    },
    across=(("left_hip", "right_hip"), ("left_shoulder", "right_shoulder")),
)

TO_HUMANML3D: dict[str, str | tuple[str, str, float]] = {
    "pelvis": "hip_center",
    "left_hip": "left_hip",
    "right_hip": "right_hip",
    "spine1": ("spine", "shoulder_center", 0.15),
    "left_knee": "left_knee",
    "right_knee": "right_knee",
    "spine2": ("spine", "shoulder_center", 0.45),
    "left_ankle": "left_ankle",
    "right_ankle": "right_ankle",
    "spine3": ("spine", "shoulder_center", 0.6),
    "left_foot": "left_foot",
    "right_foot": "right_foot",
    "neck": "shoulder_center",
    "left_collar": ("shoulder_center", "left_shoulder", 0.4),
    "right_collar": ("shoulder_center", "right_shoulder", 0.4),
    "head": ("shoulder_center", "head", 0.6),
    "left_shoulder": "left_shoulder",
    "right_shoulder": "right_shoulder",
    "left_elbow": "left_elbow",
    "right_elbow": "right_elbow",
    "left_wrist": "left_wrist",
    "right_wrist": "right_wrist",
}
