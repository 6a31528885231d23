"""Intervals cover what they should, and agree with drawing one sample after the other."""

import pytest
import torch

from moclip.evaluation import bootstrap


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_mean_interval_has_the_width_of_the_normal_approximation() -> None:
    values = torch.randn(500, 2, generator=generator())
    low, high = bootstrap.mean_interval(values, samples=4000, generator=generator(1)).unbind(-1)
    wanted = 2 * 1.96 * values.std(dim=0).double() / 500**0.5
    assert torch.allclose(high - low, wanted, rtol=0.06)
    assert ((low < values.mean(dim=0)) & (values.mean(dim=0) < high)).all()


def test_mean_interval_covers_the_true_mean_19_times_in_20() -> None:
    covered = 0
    for seed in range(300):
        values = torch.rand(60, 1, generator=generator(seed))
        low, high = bootstrap.mean_interval(values, samples=300, generator=generator(seed))[0]
        covered += bool(low <= 0.5 <= high)
    assert 0.90 <= covered / 300 <= 0.98


@pytest.mark.parametrize("count", [1, 2, 7, 10])
def test_median_interval_agrees_with_samples_taken_one_by_one(count: int) -> None:
    values = torch.rand(count, generator=generator()).sort().values
    found = bootstrap.median_interval(values, samples=200, generator=generator(1))
    times = next(bootstrap._times(count, 200, generator(1)))
    medians = [
        values.double().repeat_interleave(row).quantile(0.5) for row in times
    ]  # linear interpolation at 0.5 is the mean of the middle two
    wanted = torch.stack(medians).quantile(torch.tensor([0.025, 0.975], dtype=torch.float64))
    assert torch.allclose(found, wanted)


def test_queries_that_hit_together_are_drawn_together() -> None:
    """A dozen copies of each of 30 outcomes say no more than the 30."""
    once = torch.rand(30, 1, generator=generator())
    group = torch.arange(30).repeat_interleave(12)
    copies = once.repeat_interleave(12, dim=0)
    found = bootstrap.mean_interval(copies, samples=2000, generator=generator(1), group=group)
    wanted = bootstrap.mean_interval(once, samples=2000, generator=generator(1))
    assert torch.allclose(found, wanted)
    found = bootstrap.median_interval(
        copies[:, 0], samples=2000, generator=generator(1), group=group
    )
    wanted = bootstrap.median_interval(once[:, 0], samples=2000, generator=generator(1))
    assert torch.allclose(found, wanted, atol=0.02)


def test_groups_of_unlike_size_weigh_as_many_as_they_are() -> None:
    values = torch.tensor([[0.0], [0.0], [0.0], [1.0]])
    group = torch.tensor([0, 0, 0, 1])
    low, high = bootstrap.mean_interval(values, samples=500, generator=generator(), group=group)[0]
    assert (low, high) == (0, 1)


def test_chunks_make_no_difference_to_the_number_of_samples(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "_CHUNK", 64)
    rows = [len(times) for times in bootstrap._times(10, 100, generator())]
    assert sum(rows) == 100
    assert len(rows) > 1


def test_every_sample_has_as_many_queries_as_there_are() -> None:
    times = next(bootstrap._times(13, 50, generator()))
    assert (times.sum(dim=1) == 13).all()
    assert (times == 0).any()


def test_balanced_mean_weighs_groups_alike() -> None:
    hits = torch.tensor([1.0, 1, 1, 1, 0])
    group = torch.tensor([0, 0, 0, 0, 2])
    assert bootstrap.balanced_mean(hits, group) == 0.5
    low, high = bootstrap.balanced_interval(hits, group, samples=500, generator=generator())
    assert low == 0.5  # a sample without group 2 leaves it out
    assert high == 1
