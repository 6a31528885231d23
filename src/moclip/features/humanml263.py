"""HumanML3D's 263 numbers a frame (Guo et al., CVPR 2022), as joints.

0: turn of the heading to the next frame, as half the angle (quaternions were summed). 1, 2: step of
the root to the next frame along x and z, seen from the heading there. 3: height of the root.
4..66: the other 21 joints, seen from the heading, from the floor below the root. The rest (126
six-dimensional rotations, 66 velocities, 4 foot contacts) is not needed for joints.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from moclip import geometry

_JOINTS = 22


def decode(features: Float[Tensor, "frame 263"]) -> Float[Tensor, "frame 22 3"]:
    """Joints in metres, from features as they are in ``new_joint_vecs`` (never z-scored ones).

    Inside in double precision: steps are summed over all frames.
    """
    turn, step, height = features[:, 0].double(), features[:, 1:3].double(), features[:, 3]
    heading = geometry.axis_rotation("Y", -2 * _sum_before(turn))
    still = torch.zeros_like(step[:, :1])
    seen = torch.cat((step[:, :1], still, step[:, 1:]), dim=1)
    # A step is seen from the heading of the frame it arrives at.
    steps = (heading[1:] @ seen[:-1, :, None]).squeeze(-1)
    root = torch.cat((torch.zeros_like(seen[:1]), steps.cumsum(dim=0)))
    local = features[:, 4 : 4 + 3 * (_JOINTS - 1)].double().reshape(-1, _JOINTS - 1, 3)
    others = local @ heading.mT + root[:, None]
    root = root + torch.stack((0 * height, height.double(), 0 * height), dim=-1)
    return torch.cat((root[:, None], others), dim=1).to(features.dtype)


def _sum_before(rates: Float[Tensor, " frame"]) -> Float[Tensor, " frame"]:
    """The sum of all earlier entries."""
    return rates.cumsum(dim=0) - rates
