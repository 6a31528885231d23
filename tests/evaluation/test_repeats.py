"""Repeats: the same seed gives the same figures, intervals are the field's."""

import math
from statistics import stdev

import pytest
import torch
from feature_sets import features, generator

from moclip.evaluation import metrics
from moclip.evaluation.figures import Figure
from moclip.evaluation.metrics import Quantity, Sample
from moclip.evaluation.repeats import interval, repeated, summarised, told


def sample(draw: torch.Generator) -> Sample:
    noise = torch.randn(40, 6, generator=draw, dtype=torch.float64)
    return Sample(real=features(50), generated=features(40) + noise, text=features(40), pool=8)


def test_an_interval_is_1_96_standard_errors() -> None:
    values = [0.1, 0.4, 0.2, 0.7]
    found = interval(values)
    reach = 1.96 * stdev(values) / 2
    assert (found.value, found.low, found.high) == pytest.approx((0.35, 0.35 - reach, 0.35 + reach))
    assert told(found) == f"0.350 ± {reach:.3f}"
    assert told(found, digits=1) == "0.3 ± 0.3"


def test_one_repeat_has_no_interval() -> None:
    assert interval([0.25]) == Figure(0.25)
    assert told(interval([0.25])) == "0.250"


def test_the_interval_covers_the_mean_nineteen_times_in_twenty() -> None:
    draws = torch.randn(2000, 20, generator=generator(), dtype=torch.float64)
    found = [interval(row) for row in draws.tolist()]
    covered = sum(f.low <= 0 <= f.high for f in found if f.low is not None and f.high is not None)
    assert 0.92 <= covered / 2000 <= 0.955  # 0.936 by Student's t with 19 degrees of freedom


def test_all_metrics_with_their_parts_are_measured() -> None:
    found = repeated(sample, repeats=3)
    assert {"FID", "KID", "Top-1", "Top-3", "MM-Dist", "Diversity"} <= found.keys()
    assert not {"MultiModality", "jerk"} & found.keys()
    assert all(f.low is not None and f.low < f.value for f in found.values())


def test_only_those_asked_for_are_measured() -> None:
    assert list(repeated(sample, repeats=2, names=["fid", "mm_dist"])) == ["FID", "MM-Dist"]
    assert repeated(sample, repeats=2, names=iter(["fid"])).keys() == {"FID"}


def test_the_seed_decides() -> None:
    assert repeated(sample, repeats=2, seed=5) == repeated(sample, repeats=2, seed=5)
    assert repeated(sample, repeats=2, seed=5)["FID"] != repeated(sample, repeats=2, seed=7)["FID"]


def test_a_repeat_does_not_depend_on_those_before() -> None:
    last = repeated(sample, repeats=1, seed=3)["Top-1"].value
    three = repeated(sample, repeats=3, seed=1)["Top-1"].value
    two = repeated(sample, repeats=2, seed=1)["Top-1"].value
    assert 3 * three - 2 * two == pytest.approx(last)


def test_quantities_that_some_repeats_lack_are_left_out() -> None:
    found = summarised([{"FID": 1.0, "MultiModality": 2.0}, {"FID": 3.0}])
    assert list(found) == ["FID"]
    assert found["FID"].value == 2


def test_no_repeats_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one repeat, 0 came"):
        repeated(sample, repeats=0)


def test_what_is_not_a_number_stays_so() -> None:
    assert math.isnan(
        summarised([{"foot sliding": math.nan}, {"foot sliding": 1.0}])["foot sliding"].value
    )


def test_what_is_better_is_the_smaller_gap() -> None:
    assert Quantity("FID", "", "lower").gap(0.1, 0.0) < Quantity("FID", "", "lower").gap(0.2, 0.0)
    top = metrics.quantities(["r_precision"])["Top-1"]
    assert top.gap(52.0, 51.0) < top.gap(49.0, 51.0)
    diversity = metrics.quantities()["Diversity"]
    assert diversity.gap(9.4, 9.5) < diversity.gap(9.8, 9.5) < diversity.gap(9.1, 9.5)


def test_a_missing_part_is_told() -> None:
    with pytest.raises(ValueError, match="the sample has no 'text'; this metric needs text, gen"):
        metrics.measure(Sample(generated=features()), generator(), names=["mm_dist"])


def test_an_unknown_metric_is_told() -> None:
    with pytest.raises(LookupError, match="named 'fdi'; there are: acceleration, diversity, fid"):
        metrics.measure(Sample(), generator(), names=["fdi"])


def test_a_sample_of_nothing_has_no_figures() -> None:
    assert metrics.measure(Sample(), generator()) == {}
