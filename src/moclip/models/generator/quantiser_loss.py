"""What the quantiser is trained by: MoMask's terms (arXiv 2312.00063), and one for the path."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from moclip.losses import reconstruction
from moclip.models.generator import _frames
from moclip.models.generator.quantiser import Reconstruction

POSITIONS, COMMITMENT = 0.5, 0.02


def quantiser_loss(made: Reconstruction, *, joints: float = 0.0) -> Float[Tensor, ""]:
    """The sum of :func:`quantiser_terms`, each with its weight.

    As published: smooth L1 of all standardised features with weight 1, of the joints' positions
    again with 0.5, and the commitment to the codes with 0.02. ``joints`` is the weight of the
    fourth term, which is not published: features tell the path by its steps and turns, whose small
    errors add up, and nothing else sees that. Early in training it drowns the others.
    """
    terms = quantiser_terms(made)
    published = (
        terms["features"] + POSITIONS * terms["positions"] + COMMITMENT * terms["commitment"]
    )
    return published + joints * terms["joints"] if joints else published


def quantiser_terms(made: Reconstruction) -> dict[str, Float[Tensor, ""]]:
    """The terms by name, without weights; means over real frames, ``joints`` in metres."""
    predicted, real = made.prediction[made.mask].float(), made.target[made.mask]
    local = _frames.POSITIONS
    return {
        "features": F.smooth_l1_loss(predicted, real),
        "positions": F.smooth_l1_loss(predicted[:, local], real[:, local]),
        "commitment": made.commitment,
        "joints": reconstruction.positions(made.joints, made.real_joints, made.mask),
    }
