"""Percentile bootstrap over queries (Efron, 1979), for means and medians."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

_CHUNK = 2**22
"""Draws made at a time."""

_ROUNDING = 1e-9
"""Of the largest value; differences of figures are not known more exactly than this."""


def mean_interval(
    values: Float[Tensor, "query figure"], *, samples: int, generator: torch.Generator
) -> Float[Tensor, "figure 2"]:
    """95 % interval of the mean of each column, queries drawn with replacement."""
    values = values.double()
    means = [
        times.double() @ values / len(values) for times in _times(len(values), samples, generator)
    ]
    return _percentiles(torch.cat(means))


def median_interval(
    values: Float[Tensor, " query"], *, samples: int, generator: torch.Generator
) -> Float[Tensor, "2"]:
    """95 % interval of the median; the mean of the middle two where they are even in number."""
    ordered = values.double().sort().values
    count = len(ordered)
    middle = torch.tensor([(count - 1) // 2, count // 2])
    medians = []
    for times in _times(count, samples, generator):
        seen = times.cumsum(dim=1)
        places = torch.searchsorted(seen, middle.expand(len(seen), 2).contiguous(), right=True)
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


def nested_interval(
    values: Float[Tensor, "group member"], *, samples: int, generator: torch.Generator
) -> Float[Tensor, "2"]:
    """95 % interval of the mean where groups are drawn, then members of each.

    For figures of several runs (groups), each measured several times; of few runs it is rather too
    narrow than too wide. An end that is 0 but for rounding is 0, so that it is not taken for more.
    """
    values = values.double()
    groups, members = values.shape
    group = torch.randint(groups, (samples, groups, 1), generator=generator)
    member = torch.randint(members, (samples, groups, members), generator=generator)
    means = values[group, member].mean(dim=(1, 2))
    ends = _percentiles(means[:, None])[0]
    return torch.where(ends.abs() <= _ROUNDING * values.abs().max(), 0.0, ends)


def _balanced(
    values: Float[Tensor, " query"],
    group: Int[Tensor, " query"],
    times: Int[Tensor, "sample query"],
) -> Float[Tensor, " sample"]:
    member = F.one_hot(group).double()
    times = times.double()
    return ((times * values.double()) @ member / (times @ member)).nanmean(dim=1)


def _times(
    count: int, samples: int, generator: torch.Generator
) -> Iterator[Int[Tensor, "sample query"]]:
    """How often each query is drawn in each sample, a chunk of samples at a time."""
    step = max(1, _CHUNK // count)
    for start in range(0, samples, step):
        rows = min(step, samples - start)
        drawn = torch.randint(count, (rows, count), generator=generator)
        drawn += torch.arange(rows)[:, None] * count
        yield torch.bincount(drawn.flatten(), minlength=rows * count).view(rows, count)


def _percentiles(samples: Float[Tensor, "sample figure"]) -> Float[Tensor, "figure 2"]:
    ends = samples.new_tensor((0.025, 0.975))
    return torch.quantile(samples, ends, dim=0).T
