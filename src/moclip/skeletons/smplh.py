"""SMPL-H's 52 joints (Romero et al., SIGGRAPH Asia 2017): HumanML3D's 22 and 15 in each hand.

This is the body of AMASS. Lengths are HumanML3D's and those of a mean adult's fingers, for poses
that come without a body model; see :mod:`moclip.formats.amass`.
"""

from moclip.skeletons import _smpl_body, humanml3d

_LEFT, _RIGHT = _smpl_body.fingers("left"), _smpl_body.fingers("right")

SKELETON = _smpl_body.body_with(
    "smplh", (*_LEFT, *_RIGHT), left=_smpl_body.names(_LEFT), right=_smpl_body.names(_RIGHT)
)

TO_HUMANML3D = humanml3d.TO_HUMANML3D
