"""Where the right items stand in a ranking, counted without sorting; ties in their exact mean."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

TIE = 1e-6
"""Similarities this near to the best right one are tied with it: float32 tells no more apart."""

_CHUNK = 2**20
"""Similarities compared at a time; small enough to stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Right:
    """Which items answer which queries, a pair an entry; every query has at least one."""

    query: Int[Tensor, " pair"]
    item: Int[Tensor, " pair"]
    count: Float[Tensor, " pair"]
    """Copies of the item that are right."""


@dataclass(frozen=True, eq=False)
class Ranks:
    """For each query, how its best right item stands."""

    above: Float[Tensor, " query"]
    """Items more similar than it; none of them is right."""
    tied: Float[Tensor, " query"]
    """Items as similar as it, itself included."""
    right: Float[Tensor, " query"]
    """Those of ``tied`` that are right; 0 where none can be found (similarity -inf)."""

    def hits(self, k: int) -> Float[Tensor, " query"]:
        """Probability that a right item is among the first ``k`` when ties fall at random.

        ``k - above`` tied items are drawn without replacement; the chance that all are wrong is
        hypergeometric.
        """
        wrong = self.tied - self.right
        missed = torch.ones_like(self.above)
        for place in range(k):
            drawn = (place - self.above).clamp(min=0)
            share = ((wrong - drawn) / (self.tied - drawn).clamp(min=1)).clamp(min=0)
            missed = torch.where(self.above <= place, missed * share, missed)
        return torch.where(self.right > 0, 1 - missed, 0)

    def expected(self) -> Float[Tensor, " query"]:
        """Mean rank of the first right item, from 1: tied ones split the places evenly."""
        return self.above + (self.tied + 1) / (self.right + 1)


def cosines(
    queries: Float[Tensor, "*batch query dim"], items: Float[Tensor, "*batch item dim"]
) -> Float[Tensor, "*batch query item"]:
    """Inner products of unit vectors in float32, inside autocast too: bf16 would tie and swap."""
    with torch.autocast(queries.device.type, enabled=False):
        return queries.float() @ items.float().mT


def count_ranks(
    similarity: Float[Tensor, "query item"],
    right: Right,
    copies: Float[Tensor, " item"],
) -> Ranks:
    """Ranks of all queries; an item stands ``copies`` times in the gallery."""
    best = similarity.new_full((len(similarity),), -torch.inf)
    found = similarity[right.query, right.item]
    best = best.scatter_reduce(0, right.query, found, "amax")
    hits = torch.where(found > best[right.query] - TIE, right.count, 0)
    above, at_least = similarity.new_empty(2, len(similarity))
    rows = max(1, _CHUNK // max(1, similarity.shape[1]))
    for start in range(0, len(similarity), rows):
        span = slice(start, start + rows)
        chunk, limit = similarity[span], best[span, None]
        above[span] = _beyond(chunk, limit + TIE, copies)
        at_least[span] = _beyond(chunk, limit - TIE, copies)
    answered = torch.zeros_like(best).index_add(0, right.query, hits)
    return Ranks(above, at_least - above, answered)


def _beyond(
    similarity: Float[Tensor, "query item"],
    limit: Float[Tensor, "query 1"],
    copies: Float[Tensor, " item"],
) -> Float[Tensor, " query"]:
    """Copies of items beyond the limit. Comparing into floats is 4x faster than summing bools."""
    beyond = torch.gt(similarity, limit, out=torch.empty_like(similarity))
    with torch.autocast(similarity.device.type, enabled=False):  # bf16 counts to 256
        return beyond @ copies
