"""An evaluation of generated motion is repeated, and told as mean and 95 % interval.

The field repeats 20 times, with other motions and other random pairs and pools each time, and
reports mean +- 1.96 sd / sqrt(20) (Guo et al., CVPR 2022). That tells how far the generator's and
the protocol's own chance carry a figure, not what other clips or another training would change.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch

from moclip.evaluation import metrics
from moclip.evaluation.figures import Figure
from moclip.evaluation.metrics import Sample

REPEATS = 20


def repeated(
    make: Callable[[torch.Generator], Sample],
    *,
    repeats: int = REPEATS,
    seed: int = 0,
    names: Iterable[str] | None = None,
) -> dict[str, Figure]:
    """Figures by quantity: ``make`` generates anew for each repeat with the generator it is given.

    Metrics are those in ``names``, or all for which samples have the parts. Repeat ``i`` depends on
    the seed and ``i`` alone. Raises ``ValueError`` for fewer than one repeat.
    """
    wanted = None if names is None else list(names)
    rows = []
    for repeat in range(repeats):
        draw = torch.Generator().manual_seed(seed + repeat)
        rows.append(metrics.measure(make(draw), draw, names=wanted))
    return summarised(rows)


def summarised(rows: Sequence[Mapping[str, float]]) -> dict[str, Figure]:
    """Figures of the quantities that all repeats have."""
    if not rows:
        raise ValueError("an evaluation takes at least one repeat, 0 came")
    return {
        name: interval([row[name] for row in rows])
        for name in rows[0]
        if all(name in row for row in rows)
    }


def interval(values: Sequence[float]) -> Figure:
    """Mean +- 1.96 sd / sqrt(n), with the sd of a sample (n - 1); one value has no interval."""
    found = torch.tensor(values, dtype=torch.float64)
    mean = float(found.mean())
    if len(found) == 1:
        return Figure(mean)
    reach = 1.96 * float(found.std()) / len(found) ** 0.5
    return Figure(mean, mean - reach, mean + reach)


def told(figure: Figure, digits: int = 3) -> str:
    """As the field's tables have it: ``0.045 ± 0.003``."""
    if figure.high is None:
        return f"{figure.value:.{digits}f}"
    return f"{figure.value:.{digits}f} ± {figure.high - figure.value:.{digits}f}"
