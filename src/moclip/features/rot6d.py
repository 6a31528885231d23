"""The root's path and every joint's local rotation, 3 + 6 numbers a joint: what drives a rig.

0..2: the root in metres. The rest: for every joint in the order of the skeleton, the root first,
the first two columns of its rotation relative to its parent.

All of it is exact: the rotations are the file's own, and joints follow from them by forward
kinematics on the skeleton's bones, whose lengths are not among the features. A file that moves
joints apart from their bones (position channels on every joint) loses that. Decoding takes any
numbers, such as a model's: columns are made orthogonal and of unit length (Zhou et al., CVPR 2019).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from moclip import geometry
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

SKELETON: Skeleton | None = None
FPS: float | None = None


def encode(motion: Motion) -> Float[Tensor, "frame dim"]:
    """Features of a motion. Raises ``ValueError`` for one without rotations."""
    if motion.rotations is None:
        raise ValueError(
            "this motion holds joint positions without rotations, which 'rot6d' needs; "
            "read it from a format with rotations, such as .bvh, and do not retarget it"
        )
    return from_rotations(motion.rotations, motion.joints[:, 0])


def decode(features: Float[Tensor, "frame dim"], *, skeleton: Skeleton, fps: float) -> Motion:
    """The motion, with its rotations; joints by forward kinematics on the skeleton's bones.

    Raises ``ValueError`` when the features are not of the skeleton's joints.
    """
    if features.shape[1] != 3 + 6 * len(skeleton):
        raise ValueError(
            f"features have {features.shape[1]} numbers a frame, "
            f"skeleton '{skeleton.name}' wants {3 + 6 * len(skeleton)}"
        )
    rotations, root = to_rotations(features)
    return Motion.from_rotations(rotations, root, fps=fps, skeleton=skeleton)


def from_rotations(
    rotations: Float[Tensor, "*batch joint 3 3"], root: Float[Tensor, "*batch 3"]
) -> Float[Tensor, "*batch dim"]:
    """Of any number of clips and frames."""
    six_d = geometry.matrix_to_six_d(rotations).flatten(-2)
    return torch.cat((root, six_d), dim=-1).float()


def to_rotations(
    features: Float[Tensor, "*batch dim"],
) -> tuple[Float[Tensor, "*batch joint 3 3"], Float[Tensor, "*batch 3"]]:
    """Rotations relative to the parent, and the root: the inverse of :func:`from_rotations`."""
    return geometry.six_d_to_matrix(features[..., 3:].unflatten(-1, (-1, 6))), features[..., :3]
