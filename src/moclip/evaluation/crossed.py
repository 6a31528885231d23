"""Means over a few runs that were measured on the same draws, with honest intervals.

A bootstrap over three seeds is far too narrow where seeds disagree: it holds the truth 7 times of
10 where it says 95 of 100, and with two 5 times of 10. Student's t holds it 93 times of 100 or more
with three and 87 with two, and needs nothing to be drawn.
"""

from jaxtyping import Float
from torch import Tensor

from moclip.evaluation.figures import Figure

Values = Float[Tensor, "run draw"]
"""A value of each run (a seed) on each draw (a caption, a clip, a repeat); one draw will do."""

_LEVEL = 0.975
_ROUNDING = 1e-9
"""Of the largest value; differences of figures are not known more exactly than this."""


def mean(values: Values) -> Figure:
    """Over runs and draws, with the 95 % interval where both are taken out of many.

    The variance is that of the runs' means over their number, and the same of the draws: what runs
    and draws share counts in both, so the interval is rather too wide (two-way random effects;
    degrees of freedom of Satterthwaite, 1946). With one run the interval is of the draws alone;
    with a single value there is none. An end that is 0 but for rounding is 0.
    """
    values = values.double()
    parts = [_variance(values.mean(dim=1)), _variance(values.mean(dim=0))]
    known = [(variance, count - 1) for variance, count in parts if count > 1]
    middle, total = float(values.mean()), sum(variance for variance, _ in known)
    if not known:
        return Figure(middle)
    half = 0.0
    if total:
        from scipy.stats import t  # half a second, and most commands take no interval

        freedom = total**2 / sum(variance**2 / free for variance, free in known)
        half = float(t.ppf(_LEVEL, freedom)) * total**0.5
    least = _ROUNDING * float(values.abs().max())
    low, high = (0.0 if abs(end) <= least else end for end in (middle - half, middle + half))
    return Figure(middle, low, high)


def _variance(means: Float[Tensor, " item"]) -> tuple[float, int]:
    """Of the mean of these, and their number."""
    count = len(means)
    return (float(means.var()) / count if count > 1 else 0.0), count
