"""SMPL's 24 joints (Loper et al., SIGGRAPH Asia 2015): HumanML3D's 22 and one in each palm.

Lengths are HumanML3D's, for poses that come without a body model; see :mod:`moclip.formats.amass`.
"""

from moclip.skeletons import _smpl_body, humanml3d

SKELETON = _smpl_body.body_with(
    "smpl",
    (
        ("left_hand", "left_wrist", (0.085, 0.0, 0.0)),
        ("right_hand", "right_wrist", (-0.085, 0.0, 0.0)),
    ),
    left=("left_hand",),
    right=("right_hand",),
    hands=("left_hand", "right_hand"),
)

TO_HUMANML3D = humanml3d.TO_HUMANML3D
