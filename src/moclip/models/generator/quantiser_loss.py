"""What the quantiser is trained by: MoMask's terms (arXiv 2312.00063), and two of the joints."""

from collections.abc import Mapping

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from moclip.losses import reconstruction
from moclip.models.generator import _frames
from moclip.models.generator.quantiser import Reconstruction

POSITIONS, COMMITMENT = 0.5, 0.02


def quantiser_loss(
    made: Reconstruction, *, joints: float = 0.0, velocities: float = 0.0
) -> Float[Tensor, ""]:
    """The sum of :func:`quantiser_terms`, each with its weight.

    As published: smooth L1 of all standardised features with weight 1, of the joints' positions
    again with 0.5, and the commitment to the codes with 0.02. ``joints`` and ``velocities`` are the
    weights of terms that are not published: features tell the path by its steps and turns, whose
    small errors add up, and a body that trembles by little is off by little; nothing else sees
    either. Early in training they drown the others.
    """
    return weighted(quantiser_terms(made), joints=joints, velocities=velocities)


def weighted(
    terms: Mapping[str, Float[Tensor, ""]], *, joints: float, velocities: float
) -> Float[Tensor, ""]:
    """See :func:`quantiser_loss`."""
    published = (
        terms["features"] + POSITIONS * terms["positions"] + COMMITMENT * terms["commitment"]
    )
    return published + joints * terms["joints"] + velocities * terms["velocities"]


def quantiser_terms(made: Reconstruction) -> dict[str, Float[Tensor, ""]]:
    """The terms by name, without weights; means over real frames.

    ``joints`` in metres, ``velocities`` in metres a second.
    """
    predicted, real = made.prediction[made.mask].float(), made.target[made.mask]
    local = _frames.POSITIONS
    return {
        "features": F.smooth_l1_loss(predicted, real),
        "positions": F.smooth_l1_loss(predicted[:, local], real[:, local]),
        "commitment": made.commitment,
        "joints": reconstruction.positions(made.joints, made.real_joints, made.mask),
        "velocities": reconstruction.velocities(
            made.joints, made.real_joints, made.mask, fps=_frames.FPS
        ),
    }
