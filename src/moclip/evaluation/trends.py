"""Does a figure rise or fall with the amount of data? Slopes with intervals, Spearman."""

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.evaluation import crossed
from moclip.evaluation.figures import Figure

Values = Float[Tensor, "seed point query"]
"""A value of each query (a caption, a clip) at each point (an amount of data), for each seed."""


def means(values: Values) -> list[Figure]:
    """Of each point, with the 95 % interval over seeds and queries."""
    return [crossed.mean(point) for point in values.unbind(dim=1)]


def slope(values: Values, amounts: Float[Tensor, " point"]) -> Figure:
    """Least-squares slope against the logarithm to base 10 of the amounts, seed by seed.

    All points were measured on the same queries with the same seeds, so what is common to them
    cancels. One seed has a slope and no interval: nobody knows what another would give. Raises
    ``ValueError`` for fewer than two different amounts.
    """
    centred = amounts.double().log10()
    centred = centred - centred.mean()
    if not centred.any():
        raise ValueError("a slope takes at least two different amounts of data")
    weights = centred / centred.square().sum()
    found = crossed.mean(torch.einsum("spq,p->sq", values.double(), weights))
    return found if len(values) > 1 else Figure(found.value)


def spearman(
    amounts: Float[Tensor, " pair"],
    values: Float[Tensor, " pair"],
    *,
    samples: int,
    draw: torch.Generator,
) -> tuple[float, float] | None:
    """Rank correlation and how often chance gives one as strong, by permutations.

    ``None`` where all amounts or all values are the same.
    """
    one, other = (_centred_ranks(row) for row in (amounts, values))
    size = one.norm() * other.norm()
    if not size:
        return None
    found = float(one @ other / size)
    orders = torch.rand(samples, len(other), generator=draw).argsort(dim=1)
    chance = (other[orders] @ one / size).abs() >= abs(found) - 1e-12
    return found, (1 + int(chance.sum())) / (1 + samples)


def _centred_ranks(values: Float[Tensor, " pair"]) -> Float[Tensor, " pair"]:
    """Equal values share the mean of their places."""
    below = (values[:, None] > values).sum(dim=1).double()
    same = (values[:, None] == values).sum(dim=1).double()
    ranks = below + (same + 1) / 2
    return ranks - ranks.mean()
