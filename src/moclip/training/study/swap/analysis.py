"""Means of rows, differences between them, and what part of a gain is whose.

Values are of each seed and repeat. Rows share what is drawn in a repeat, so differences are taken
repeat by repeat; their intervals are Student's, over seeds and repeats. A quantity that should be
as real motion has it enters differences by its distance from that: less is better.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float64
from torch import Tensor

from moclip.evaluation import crossed, metrics
from moclip.evaluation.figures import Figure
from moclip.evaluation.metrics import Quantity

Values = Float64[Tensor, "seed repeat"]

COMPARED: Mapping[str, tuple[str, str]] = {
    "swap and fine-tuning together": ("swapped, fine-tuned", "plain"),
    "the fine-tuning": ("plain, fine-tuned", "plain"),
    "the tower, both fine-tuned": ("swapped, fine-tuned", "plain, fine-tuned"),
    "the tower, neither fine-tuned": ("swapped", "plain"),
    "the tether, both fine-tuned": ("swapped, fine-tuned", "lambda 0, fine-tuned"),
}
"""The first row less the second. The first comparison is the second and the third together."""


@dataclass(frozen=True)
class Found:
    """Figures by row and quantity."""

    rows: Mapping[str, Mapping[str, Figure]]
    real: Mapping[str, Figure]
    differences: Mapping[str, Mapping[str, Figure]]


def analyse(measured: Sequence[Mapping[str, Any]]) -> Found:
    """Of the cells of all rows."""
    names = _common(measured, "generated")
    arms = list(dict.fromkeys(cell["arm"] for cell in measured))
    own = {(arm, name): _values(measured, arm, name, "generated") for arm in arms for name in names}
    real = {name: _values(measured, arms[0], name, "real") for name in _common(measured, "real")}
    losses = {key: _as_judged(value, real.get(key[1]), key[1]) for key, value in own.items()}

    return Found(
        {arm: {name: crossed.mean(own[arm, name]) for name in names} for arm in arms},
        {name: crossed.mean(values) for name, values in real.items()},
        {
            title: {name: crossed.mean(losses[one, name] - losses[other, name]) for name in names}
            for title, (one, other) in COMPARED.items()
        },
    )


def quantity(name: str) -> Quantity:
    """What is known of it; shares of labels read right are no metric of their own."""
    return metrics.quantities().get(name, Quantity(name, "%", "higher"))


def helps(name: str, difference: Figure) -> bool | None:
    """Whether the first row is better; ``None`` where there is no interval without 0."""
    if difference.low is None or difference.high is None or difference.low <= 0 <= difference.high:
        return None
    return (difference.value > 0) == (quantity(name).better == "higher")


def _common(measured: Sequence[Mapping[str, Any]], whose: str) -> list[str]:
    """Quantities that every repeat of every cell has."""
    repeats = [row[whose] for cell in measured for row in cell["rows"]]
    return [name for name in repeats[0] if all(name in row for row in repeats)]


def _values(measured: Sequence[Mapping[str, Any]], arm: str, name: str, whose: str) -> Values:
    return torch.tensor(
        [[row[whose][name] for row in cell["rows"]] for cell in measured if cell["arm"] == arm],
        dtype=torch.float64,
    )


def _as_judged(values: Values, real: Values | None, name: str) -> Values:
    """Distances from real motion where the nearer to it is the better."""
    if quantity(name).better != "real" or real is None:
        return values
    return (values - real).abs()
