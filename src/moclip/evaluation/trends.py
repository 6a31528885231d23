"""Does a figure rise or fall with the amount of data? Slopes with bootstrap intervals, Spearman."""

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.evaluation.figures import Figure

_ENDS = (0.025, 0.975)
Values = Float[Tensor, "seed point query"]
"""A value of each query (a caption, a clip) at each point (an amount of data), for each seed."""


def means(values: Values, *, samples: int, draw: torch.Generator) -> list[Figure]:
    """Of each point, with the 95 % interval over seeds and queries."""
    resampled = crossed(values, samples=samples, draw=draw)
    return [
        _figure(value, column)
        for value, column in zip(values.double().mean(dim=(0, 2)), resampled.T, strict=True)
    ]


def slope(
    values: Values, amounts: Float[Tensor, " point"], *, samples: int, draw: torch.Generator
) -> Figure:
    """Least-squares slope of the means against the logarithm to base 10 of the amounts.

    Raises ``ValueError`` for fewer than two different amounts.
    """
    centred = amounts.double().log10()
    centred = centred - centred.mean()
    if not centred.any():
        raise ValueError("a slope takes at least two different amounts of data")
    weights = centred / centred.square().sum()
    resampled = crossed(values, samples=samples, draw=draw) @ weights
    return _figure(values.double().mean(dim=(0, 2)) @ weights, resampled)


def crossed(
    values: Values, *, samples: int, draw: torch.Generator
) -> Float[Tensor, "sample point"]:
    """Means with seeds and queries drawn with replacement, each on its own.

    All points share a draw: they were measured on the same queries with the same seeds, so what is
    common to them cancels in a slope. With one seed the interval is of the queries alone.
    """
    seeds, _, queries = values.shape
    by_seed = _shares(seeds, samples, draw)
    by_query = _shares(queries, samples, draw)
    return torch.einsum("ns,spq,nq->np", by_seed, values.double(), by_query)


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


def _figure(value: Float[Tensor, ""], samples: Float[Tensor, " sample"]) -> Figure:
    low, high = torch.quantile(samples, samples.new_tensor(_ENDS)).tolist()
    return Figure(float(value), low, high)


def _shares(count: int, samples: int, draw: torch.Generator) -> Float[Tensor, "sample item"]:
    """How large a share of each sample each item is."""
    drawn = torch.randint(count, (samples, count), generator=draw)
    return (
        torch.zeros(samples, count, dtype=torch.float64).scatter_add(
            1, drawn, torch.ones(samples, count, dtype=torch.float64)
        )
        / count
    )


def _centred_ranks(values: Float[Tensor, " pair"]) -> Float[Tensor, " pair"]:
    """Equal values share the mean of their places."""
    below = (values[:, None] > values).sum(dim=1).double()
    same = (values[:, None] == values).sum(dim=1).double()
    ranks = below + (same + 1) / 2
    return ranks - ranks.mean()
