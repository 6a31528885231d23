"""KIT-ML's 21 joints in the order of Guo et al.'s files (Master Motor Map body, CVPR 2022).

Which side is which: MMM lists its left joints first, but the field's own processing of these files
takes joints 5..7 and 11..15 for the **right** side when it turns a body to face +z
(``face_joint_indx``), and only so does a body walk the way it faces in right-handed axes with y up.
Names here follow the geometry, as in all skeletons of this package: +x is left when +z is ahead.
The lengths are a body of 1.75 m in Winter's proportions, for drawing; the files hold joint
positions and so bring their own.
"""

from moclip.skeletons.base import build

SKELETON = build(
    "kit",
    (
        ("root", None, (0.0, 0.0, 0.0)),
        ("BP", "root", (0.0, 0.07, 0.0)),
        ("BT", "BP", (0.0, 0.1, 0.0)),
        ("BLN", "BT", (0.0, 0.32, 0.0)),
        ("BUN", "BLN", (0.0, 0.09, 0.0)),
        ("RS", "BLN", (-0.18, -0.04, 0.0)),
        ("RE", "RS", (-0.31, 0.0, 0.0)),
        ("RW", "RE", (-0.26, 0.0, 0.0)),
        ("LS", "BLN", (0.18, -0.04, 0.0)),
        ("LE", "LS", (0.31, 0.0, 0.0)),
        ("LW", "LE", (0.26, 0.0, 0.0)),
        ("RH", "root", (-0.09, -0.04, 0.0)),
        ("RK", "RH", (0.0, -0.43, 0.0)),
        ("RA", "RK", (0.0, -0.43, 0.0)),
        ("RMrot", "RA", (0.0, -0.06, 0.1)),
        ("RF", "RMrot", (0.0, 0.0, 0.06)),
        ("LH", "root", (0.09, -0.04, 0.0)),
        ("LK", "LH", (0.0, -0.43, 0.0)),
        ("LA", "LK", (0.0, -0.43, 0.0)),
        ("LMrot", "LA", (0.0, -0.06, 0.1)),
        ("LF", "LMrot", (0.0, 0.0, 0.06)),
    ),
    limbs={
        "root": ("root",),
        "torso": ("root", "BP", "BT", "BLN", "BUN"),
        "left_arm": ("LS", "LE", "LW"),
        "right_arm": ("RS", "RE", "RW"),
        "left_leg": ("LH", "LK", "LA", "LMrot", "LF"),
        "right_leg": ("RH", "RK", "RA", "RMrot", "RF"),
        "hands": ("LE", "RE", "LW", "RW"),
        "feet": ("LA", "RA", "LMrot", "RMrot", "LF", "RF"),
    },
    across=(("LH", "RH"), ("LS", "RS")),
)

TO_HUMANML3D: dict[str, str | tuple[str, str, float]] = {
    "pelvis": "root",
    "left_hip": "LH",
    "right_hip": "RH",
    "spine1": "BP",
    "left_knee": "LK",
    "right_knee": "RK",
    "spine2": "BT",
    "left_ankle": "LA",
    "right_ankle": "RA",
    "spine3": ("BT", "BLN", 0.3),
    "left_foot": "LMrot",
    "right_foot": "RMrot",
    "neck": "BLN",
    "left_collar": ("BLN", "LS", 0.4),
    "right_collar": ("BLN", "RS", 0.4),
    "head": "BUN",
    "left_shoulder": "LS",
    "right_shoulder": "RS",
    "left_elbow": "LE",
    "right_elbow": "RE",
    "left_wrist": "LW",
    "right_wrist": "RW",
}
