"""What is measured of generated motion: one file here a metric.

A file's docstring says what is measured and its source, and the file has

``QUANTITIES``
    a :class:`~moclip.evaluation.metrics.base.Quantity` for each number that it yields: name, unit,
    and what is better,
``NEEDS``
    the parts of a :class:`~moclip.evaluation.metrics.base.Sample` that it looks at,
``measure(sample, draw) -> tuple[float, ...]``
    a number a quantity; random choices come from the generator ``draw``.

Beside ``measure`` stands the function that does the work, on feature arrays ``(sample, dim)``
(torch or NumPy, computed in float64) or on motions in metres with their floor at y = 0.
"""

from collections.abc import Callable, Iterable

import torch

from moclip import catalog
from moclip.evaluation.metrics.base import Quantity, Sample

__all__ = ["Quantity", "Sample", "measure", "quantities"]

_FOLDER = "evaluation.metrics"


def quantities(names: Iterable[str] | None = None) -> dict[str, Quantity]:
    """All that metrics yield, by name: of the whole folder, or of the metrics in ``names``."""
    metrics = catalog.names(_FOLDER) if names is None else names
    found = [one for name in metrics for one in catalog.load(_FOLDER, name, "QUANTITIES")]
    return {quantity.name: quantity for quantity in found}


def measure(
    sample: Sample, draw: torch.Generator, *, names: Iterable[str] | None = None
) -> dict[str, float]:
    """Numbers by the name of their quantity.

    Without ``names``, of every metric whose parts the sample has. Raises ``LookupError`` for an
    unknown name and ``ValueError`` for a part that is missing or cannot be measured.
    """
    if names is None:
        names = [n for n in catalog.names(_FOLDER) if sample.has(catalog.load(_FOLDER, n, "NEEDS"))]
    found: dict[str, float] = {}
    for name in names:
        work: Callable[[Sample, torch.Generator], tuple[float, ...]]
        work = catalog.load(_FOLDER, name, "measure")
        found |= zip(quantities([name]), work(sample, draw), strict=True)
    return found
