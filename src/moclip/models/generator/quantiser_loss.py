"""What the quantiser is trained by, as MoMask's (arXiv 2312.00063) is."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from moclip.models.generator import _frames
from moclip.models.generator.quantiser import Reconstruction

POSITIONS, COMMITMENT = 0.5, 0.02


def quantiser_loss(made: Reconstruction) -> Float[Tensor, ""]:
    """The sum of :func:`quantiser_terms`, each with its weight.

    Smooth L1 of all standardised features with weight 1, of the joints' positions again with 0.5,
    and the commitment to the codes with 0.02, as published.
    """
    terms = quantiser_terms(made)
    return terms["features"] + POSITIONS * terms["positions"] + COMMITMENT * terms["commitment"]


def quantiser_terms(made: Reconstruction) -> dict[str, Float[Tensor, ""]]:
    """The terms by name, without weights; means over real frames."""
    predicted, real = made.prediction[made.mask].float(), made.target[made.mask]
    local = _frames.POSITIONS
    return {
        "features": F.smooth_l1_loss(predicted, real),
        "positions": F.smooth_l1_loss(predicted[:, local], real[:, local]),
        "commitment": made.commitment,
    }
