"""Kernel distance of the features of generated and of real motion: no bias, however few samples.

Squared maximum mean discrepancy under the kernel (x.y / dim + 1)^3 (Binkowski et al., ICLR 2018).
They average it over random subsets to save time; this is the mean over all subsets, which is the
estimate from all samples at once. Chance may carry it below 0.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from moclip.evaluation.figures import Figure
from moclip.evaluation.metrics.base import Features, Quantity, Sample, checked, same_width

QUANTITIES = (Quantity("KID", "", "lower"),)
NEEDS = ("real", "generated")
_ROWS = 1024
"""Rows of a kernel matrix that are in memory at a time."""


@dataclass(frozen=True, eq=False)
class _Sums:
    """Of the kernel, for each sample, over a set without the sample itself."""

    within: Float64[Tensor, " sample"]
    across: Float64[Tensor, " sample"]


def kernel_distance(real: Features, generated: Features) -> Figure:
    """The unbiased estimate with its 95 % interval.

    The interval is 1.96 standard errors by the jackknife, each sample left out in turn; where the
    two sets have one distribution it is too wide rather than too narrow. Raises ``ValueError`` for
    fewer than three samples, other shapes and numbers that are not finite.
    """
    first, second = checked(real, "real", least=3), checked(generated, "generated", least=3)
    same_width(first, second, ("real", "generated"))
    one, other = _sums(first, second), _sums(second, first)
    value = _mmd(one.within.sum(), other.within.sum(), one.across.sum(), len(first), len(second))
    parts = (_without_each(one, other), _without_each(other, one))
    variance = sum((len(left) - 1) * float(left.var(correction=0)) for left in parts)
    reach = 1.96 * variance**0.5
    return Figure(float(value), float(value) - reach, float(value) + reach)


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The distance."""
    return (kernel_distance(*sample.take(NEEDS)).value,)


def _without_each(own: _Sums, other: _Sums) -> Float64[Tensor, " sample"]:
    """The distance with each sample of one set left out in turn."""
    within = own.within.sum() - 2 * own.within
    across = own.across.sum() - own.across
    return _mmd(within, other.within.sum(), across, len(own.within) - 1, len(other.within))


def _mmd(
    first: Float64[Tensor, "*any"],
    second: Float64[Tensor, ""],
    across: Float64[Tensor, "*any"],
    n: int,
    m: int,
) -> Float64[Tensor, "*any"]:
    """From sums of the kernel over pairs: of one set, of the other, and across."""
    return first / (n * (n - 1)) + second / (m * (m - 1)) - 2 * across / (n * m)


def _sums(own: Float64[Tensor, "sample dim"], other: Float64[Tensor, "other dim"]) -> _Sums:
    parts = own.split(_ROWS)
    within = torch.cat([_kernel(rows, own).sum(dim=1) for rows in parts])
    itself = (own.square().sum(dim=1) / own.shape[1] + 1) ** 3
    across = torch.cat([_kernel(rows, other).sum(dim=1) for rows in parts])
    return _Sums(within - itself, across)


def _kernel(
    first: Float64[Tensor, "row dim"], second: Float64[Tensor, "column dim"]
) -> Float64[Tensor, "row column"]:
    return (first @ second.T / first.shape[1] + 1) ** 3
