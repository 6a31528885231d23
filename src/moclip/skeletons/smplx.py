"""SMPL-X's 55 joints (Pavlakos et al., CVPR 2019): those of SMPL-H with jaw and eyes before hands.

All joints that its poses turn, under their official names; points on the skin, such as ears and
toes, are no joints and not here. Lengths are a template, as in SMPL-H.
"""

from moclip.skeletons import _smpl_body, humanml3d

_HEAD = (
    ("jaw", "head", (0.0, -0.004, 0.012)),
    ("left_eye_smplhf", "head", (0.0315, 0.065, 0.055)),
    ("right_eye_smplhf", "head", (-0.0315, 0.065, 0.055)),
)
_LEFT, _RIGHT = _smpl_body.fingers("left"), _smpl_body.fingers("right")

SKELETON = _smpl_body.body_with(
    "smplx",
    (*_HEAD, *_LEFT, *_RIGHT),
    head=_smpl_body.names(_HEAD),
    left=_smpl_body.names(_LEFT),
    right=_smpl_body.names(_RIGHT),
)

TO_HUMANML3D = humanml3d.TO_HUMANML3D
