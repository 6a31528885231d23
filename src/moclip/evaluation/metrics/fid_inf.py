"""Fréchet distance as it would be with samples without end.

Its bias falls with the number of samples n nearly as 1 / n, so the distance is taken of parts of
both sets and a line in 1 / n is drawn to 0 (Chong and Forsyth, CVPR 2020, who vary the generated
set alone; here both are small). The line is straight only where n is larger than the dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from moclip.evaluation.metrics._frechet import Moments, both
from moclip.evaluation.metrics.base import Features, Quantity, Sample

QUANTITIES = (Quantity("FID inf", "", "lower"),)
NEEDS = ("real", "generated")
_SIZES = 10
"""Points of the curve, from a fifth of the smaller set to all of it."""


@dataclass(frozen=True)
class Curve:
    """The distance against the number of samples, and where it leads."""

    sizes: tuple[int, ...]
    """Samples drawn of both sets."""
    distances: tuple[float, ...]
    limit: float
    """Where the fitted line meets 1 / n = 0; noise may carry it below 0."""
    slope: float
    """Of the line: the bias at n samples is about ``slope / n``."""


def curve(
    real: Features,
    generated: Features,
    draw: torch.Generator,
    *,
    sizes: Sequence[int] | None = None,
) -> Curve:
    """The distance at several numbers of samples, drawn without replacement.

    Raises ``ValueError`` for sets of fewer than ten samples and for fewer than two different sizes
    or such as the sets do not have.
    """
    first, second = both(real, generated)
    most = min(len(first), len(second))
    if sizes is None:
        if most < _SIZES:
            raise ValueError(f"a curve takes sets of at least {_SIZES} samples, this has {most}")
        sizes = torch.linspace(most / 5, most, _SIZES).round().int().tolist()
    if len(set(sizes)) < 2 or not 2 <= min(sizes) <= max(sizes) <= most:
        raise ValueError(
            f"sizes are {list(sizes)}, wanted at least two different ones in 2..{most}"
        )
    found = [_distance(_some(first, n, draw), _some(second, n, draw)) for n in sizes]
    inverse = 1 / torch.tensor(sizes, dtype=torch.float64)
    line = torch.stack((torch.ones_like(inverse), inverse), dim=1)
    limit, slope = (torch.linalg.pinv(line) @ inverse.new_tensor(found)).tolist()
    return Curve(tuple(sizes), tuple(found), limit, slope)


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """Where the curve leads."""
    real, generated = sample.take(NEEDS)
    return (curve(real, generated, draw).limit,)


def _distance(first: Tensor, second: Tensor) -> float:
    return Moments.of(first).distance(Moments.of(second))


def _some(features: Tensor, count: int, draw: torch.Generator) -> Tensor:
    return features[torch.randperm(len(features), generator=draw)[:count]]
