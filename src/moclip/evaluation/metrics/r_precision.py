"""How often a motion's own caption is the nearest in a pool of 32, or among the nearest two, three.

Guo et al. (CVPR 2022): the own caption and 31 of other motions are ranked by Euclidean
distance to the motion. The samples are dealt into pools at random, those left over are not used.
The published code ranks the 32 motions of a pool for each caption instead: ``queries="captions"``.
"""

from typing import Literal

import torch
from jaxtyping import Float64
from torch import Tensor

from moclip.evaluation.metrics.base import Features, Quantity, Sample, matched
from moclip.evaluation.ranking import Ranks, Right, count_ranks

CUTS = (1, 2, 3)
QUANTITIES = tuple(Quantity(f"Top-{k}", "%", "higher") for k in CUTS)
NEEDS = ("text", "generated")
_POOLS = 8
"""Pools at a time, few enough to stay in the processor's cache."""


def r_precision(
    text: Features,
    motion: Features,
    draw: torch.Generator,
    *,
    pool: int = 32,
    queries: Literal["motions", "captions"] = "motions",
) -> tuple[float, ...]:
    """Top-1, 2 and 3 in percent; row i of ``text`` is the caption of row i of ``motion``.

    Equal distances share the mean of their ranks. Raises ``ValueError`` where the rows do not match
    or do not fill a pool.
    """
    captions, motions = matched(text, motion)
    if not 1 < pool <= len(motions):
        raise ValueError(f"{len(motions)} samples do not fill a pool of {pool}")
    order = torch.randperm(len(motions), generator=draw)[: len(motions) // pool * pool]
    origin = captions[0]  # far from 0, a product of vectors would lose digits
    far = torch.cat(
        [
            _distances(motions[some].sub_(origin), captions[some].sub_(origin), pool)
            for some in order.split(pool * _POOLS)
        ]
    )
    ranks = _ranks(far if queries == "motions" else far.mT)
    return tuple(100 * float(ranks.hits(k).mean()) for k in CUTS)


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The three shares."""
    text, generated = sample.take(NEEDS)
    return r_precision(text, generated, draw, pool=sample.pool)


def _distances(
    motions: Float64[Tensor, "sample dim"], captions: Float64[Tensor, "sample dim"], pool: int
) -> Float64[Tensor, "pool motion caption"]:
    """Squared distances inside each pool."""
    x, y = motions.unflatten(0, (-1, pool)), captions.unflatten(0, (-1, pool))
    lengths = _squares(x)[..., :, None] + _squares(y)[..., None, :]
    return torch.baddbmm(lengths, x, y.mT, alpha=-2)


def _squares(vectors: Float64[Tensor, "pool item dim"]) -> Float64[Tensor, "pool item"]:
    return torch.linalg.vector_norm(vectors, dim=-1).square()


def _ranks(far: Float64[Tensor, "pool query item"]) -> Ranks:
    """As shares of each query's median, so that what counts as a tie follows the features' scale.

    Not of a mean: one motion that went astray would tie all others.
    """
    pools, size, _ = far.shape
    query = torch.arange(pools * size)
    once = torch.ones_like(query, dtype=far.dtype)
    rows = far.flatten(0, 1)
    near = -rows / rows.median(dim=1, keepdim=True).values.clamp(min=torch.finfo(far.dtype).tiny)
    return count_ranks(near, Right(query, query % size, once), once[:size])
