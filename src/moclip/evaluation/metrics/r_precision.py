"""How often a motion's own caption is the nearest in a pool of 32, or among the nearest two, three.

Guo et al. (CVPR 2022, section 5): the own caption and 31 of other motions are ranked by Euclidean
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
    far = pooled_distances(motions[order], captions[order], pool)
    ranks = _ranks(far if queries == "motions" else far.mT)
    return tuple(100 * float(ranks.hits(k).mean()) for k in CUTS)


def pooled_distances(
    motions: Float64[Tensor, "sample dim"], captions: Float64[Tensor, "sample dim"], pool: int
) -> Float64[Tensor, "pool motion caption"]:
    """Squared distances inside each pool, as shares of their mean.

    Seen from the mean of all captions, so that no digits are lost where features lie far out.
    """
    middle = captions.mean(dim=0)
    x, y = ((side - middle).unflatten(0, (-1, pool)) for side in (motions, captions))
    lengths = x.square().sum(-1)[..., :, None] + y.square().sum(-1)[..., None, :]
    far = torch.baddbmm(lengths, x, y.mT, alpha=-2).clamp(min=0)
    return far / far.mean().clamp(min=torch.finfo(far.dtype).tiny)


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The three shares."""
    text, generated = sample.take(NEEDS)
    return r_precision(text, generated, draw, pool=sample.pool)


def _ranks(far: Float64[Tensor, "pool query item"]) -> Ranks:
    pools, size, _ = far.shape
    query = torch.arange(pools * size)
    once = torch.ones_like(query, dtype=far.dtype)
    return count_ranks(-far.flatten(0, 1), Right(query, query % size, once), once[:size])
