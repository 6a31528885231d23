"""How well a quantiser does on motions it has not seen."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from moclip.models.generator._codebook import perplexity
from moclip.models.generator.quantiser import Quantiser
from moclip.motion import MotionBatch


@dataclass(frozen=True)
class Figures:
    """Over all real frames and tokens together."""

    joint_error: float
    """Metres: mean distance of joints from the input's, on HumanML3D's skeleton and floor."""
    pose_error: float
    """The same with each frame's root put where the input's is; no drift of the path counts."""
    codebook_use: tuple[float, ...]
    """Share of each layer's codes that stand for something."""
    perplexity: tuple[float, ...]
    """Codes in even use that would be as hard to guess, of each layer."""


@torch.no_grad()
def measure(
    quantiser: Quantiser, batches: Iterable[MotionBatch], *, layers: int | None = None
) -> Figures:
    """Encodes and decodes by the first ``layers`` (if absent, all); nothing learns.

    Raises ``ValueError`` when there are no motions.
    """
    was_training = quantiser.training
    quantiser.eval()
    try:
        parts = [_of_batch(quantiser, batch, layers) for batch in batches]
    finally:
        quantiser.train(was_training)
    if not parts:
        raise ValueError("there are no motions to measure")
    errors, pose_errors, tokens = (torch.cat(part) for part in zip(*parts, strict=True))
    return Figures(
        float(errors.mean()),
        float(pose_errors.mean()),
        tuple(len(row.unique()) / quantiser.config.codes for row in tokens.T),
        tuple(float(perplexity(row, quantiser.config.codes)) for row in tokens.T),
    )


def _of_batch(
    quantiser: Quantiser, batch: MotionBatch, layers: int | None
) -> tuple[Float[Tensor, " frame"], Float[Tensor, " frame"], Int[Tensor, "token layer"]]:
    made = quantiser.reconstruct(
        quantiser.features(batch), batch.mask, layers=layers or quantiser.config.layers
    )
    predicted, real = made.bodies[batch.mask], made.real_joints[batch.mask]
    drift = predicted[:, :1] - real[:, :1]
    error, pose_error = (
        difference.norm(dim=-1).mean(dim=-1)
        for difference in (predicted - real, predicted - drift - real)
    )
    return error, pose_error, made.codes.tokens[made.codes.mask]
