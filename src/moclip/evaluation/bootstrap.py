"""Percentile bootstrap over queries (Efron, 1979), for means and medians."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

_CHUNK = 2**22
"""Draws made at a time."""


def mean_interval(
    values: Float[Tensor, "query figure"],
    *,
    samples: int,
    generator: torch.Generator,
    group: Int[Tensor, " query"] | None = None,
) -> Float[Tensor, "figure 2"]:
    """95 % interval of the mean of each column, queries drawn with replacement.

    Queries of one ``group`` (numbers from 0) are drawn together: those that hit and miss together,
    such as captions of one clip, are not so many independent ones.
    """
    values = values.double()
    own = torch.arange(len(values)) if group is None else group
    count = int(own.max()) + 1
    sums = values.new_zeros(count, values.shape[1]).index_add(0, own, values)
    sizes = torch.bincount(own, minlength=count).double()
    means = [
        times.double() @ sums / (times.double() @ sizes)[:, None]
        for times in _times(count, samples, generator)
    ]
    return _percentiles(torch.cat(means))


def median_interval(
    values: Float[Tensor, " query"],
    *,
    samples: int,
    generator: torch.Generator,
    group: Int[Tensor, " query"] | None = None,
) -> Float[Tensor, "2"]:
    """95 % interval of the median; the mean of the middle two where they are even in number."""
    ordered, order = values.double().sort()
    own = order if group is None else group[order]
    medians = []
    for times in _times(int(own.max()) + 1, samples, generator, width=len(values)):
        seen = times[:, own].cumsum(dim=1)
        total = seen[:, -1:]
        middle = torch.cat([(total - 1) // 2, total // 2], dim=1)
        places = torch.searchsorted(seen, middle, right=True)
        medians.append(ordered[places].mean(dim=1, keepdim=True))
    return _percentiles(torch.cat(medians))[0]


def balanced_mean(values: Float[Tensor, " query"], group: Int[Tensor, " query"]) -> float:
    """Mean over the groups that occur of their means: each group weighs the same."""
    return float(_balanced(values, group, torch.ones(1, len(values)).long()))


def balanced_interval(
    values: Float[Tensor, " query"],
    group: Int[Tensor, " query"],
    *,
    samples: int,
    generator: torch.Generator,
) -> Float[Tensor, "2"]:
    """95 % interval of :func:`balanced_mean`."""
    drawn = _times(len(values), samples, generator)
    means = [_balanced(values, group, times)[:, None] for times in drawn]
    return _percentiles(torch.cat(means))[0]


def _balanced(
    values: Float[Tensor, " query"],
    group: Int[Tensor, " query"],
    times: Int[Tensor, "sample query"],
) -> Float[Tensor, " sample"]:
    member = F.one_hot(group).double()
    times = times.double()
    return ((times * values.double()) @ member / (times @ member)).nanmean(dim=1)


def _times(
    count: int, samples: int, generator: torch.Generator, *, width: int = 1
) -> Iterator[Int[Tensor, "sample query"]]:
    """How often each query is drawn in each sample, a chunk of samples at a time.

    A chunk is small enough for ``width`` numbers a sample.
    """
    step = max(1, _CHUNK // max(count, width))
    for start in range(0, samples, step):
        rows = min(step, samples - start)
        drawn = torch.randint(count, (rows, count), generator=generator)
        drawn += torch.arange(rows)[:, None] * count
        yield torch.bincount(drawn.flatten(), minlength=rows * count).view(rows, count)


def _percentiles(samples: Float[Tensor, "sample figure"]) -> Float[Tensor, "figure 2"]:
    ends = samples.new_tensor((0.025, 0.975))
    return torch.quantile(samples, ends, dim=0).T
