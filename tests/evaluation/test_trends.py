"""Slopes and rank correlations against closed forms and scipy."""

import pytest
import torch
from scipy import stats

from moclip.evaluation import trends

AMOUNTS = torch.tensor([0.01, 0.1, 1.0])


def draw(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noisy(rise: float, *, seeds: int = 3, queries: int = 40) -> torch.Tensor:
    """Values that rise by so much with every tenfold amount."""
    noise = torch.randn(seeds, 1, queries, generator=draw(7))
    return rise * AMOUNTS.log10()[None, :, None] + noise


def test_a_slope_is_the_rise_for_ten_times_the_data() -> None:
    found = trends.slope(noisy(2.0), AMOUNTS)
    assert found.value == pytest.approx(2.0, abs=1e-6)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high


def test_what_is_common_to_all_amounts_does_not_widen_a_slope() -> None:
    found = trends.slope(noisy(2.0), AMOUNTS)
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low < 1e-5


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    held = 0
    for trial in range(60):
        values = torch.randn(8, 3, 30, generator=draw(100 + trial))
        found = trends.slope(values, AMOUNTS)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0 <= found.high
    assert held >= 50


def test_means_have_an_interval_around_them() -> None:
    values = torch.randn(3, 2, 50, generator=draw(3))
    found = trends.means(values)
    for figure, mean in zip(found, values.double().mean(dim=(0, 2)).tolist(), strict=True):
        assert figure.value == pytest.approx(mean)
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low < mean < figure.high


def test_one_seed_has_a_slope_without_an_interval() -> None:
    found = trends.slope(noisy(2.0, seeds=1), AMOUNTS)
    assert found.value == pytest.approx(2.0, abs=1e-6)
    assert (found.low, found.high) == (None, None)


def test_two_seeds_of_one_figure_do_not_make_a_trend_of_their_own_two_slopes() -> None:
    """Distances of generated motion have a value a seed, and no captions to draw."""
    values = torch.tensor([[0.0, 1.0, 2.0], [0.0, 2.0, 4.0]])[:, :, None]
    found = trends.slope(values, AMOUNTS)
    assert found.value == pytest.approx(1.5)
    assert found.low is not None
    assert found.low < 0


def test_one_amount_has_no_slope() -> None:
    with pytest.raises(ValueError, match="at least two different amounts"):
        trends.slope(torch.randn(2, 2, 5), torch.ones(2))


def test_spearman_is_scipys_with_ties_too() -> None:
    amounts = torch.tensor([1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0])
    values = torch.tensor([3.0, 1.0, 4.0, 4.0, 5.0, 2.0, 9.0, 6.0])
    found = trends.spearman(amounts, values, samples=4999, draw=draw())
    assert found is not None
    wanted = stats.spearmanr(amounts.numpy(), values.numpy())
    assert found[0] == pytest.approx(wanted.statistic)
    assert found[1] == pytest.approx(wanted.pvalue, abs=0.02)


def test_what_never_changes_has_no_correlation() -> None:
    same = torch.ones(4)
    assert trends.spearman(torch.arange(4.0), same, samples=100, draw=draw()) is None
