"""R-precision, MM-Dist, Diversity and MultiModality: closed forms and slow plain versions."""

from typing import Any

import pytest
import torch
from feature_sets import features, generator
from torch import Tensor

from moclip.evaluation.metrics.diversity import diversity
from moclip.evaluation.metrics.mm_dist import mm_distance
from moclip.evaluation.metrics.multimodality import multimodality
from moclip.evaluation.metrics.r_precision import r_precision


def by_sorting(text: Tensor, motion: Tensor, draw: torch.Generator, pool: int) -> list[float]:
    """A pool after the other, each motion's captions sorted."""
    order = torch.randperm(len(motion), generator=draw).tolist()
    hits = [0, 0, 0]
    pools = len(order) // pool
    for start in range(0, pools * pool, pool):
        members = order[start : start + pool]
        for own in members:
            nearest = sorted(members, key=lambda other: float((motion[own] - text[other]).norm()))
            for k in range(3):
                hits[k] += own in nearest[: k + 1]
    return [100 * count / (pools * pool) for count in hits]


@pytest.mark.parametrize(("samples", "pool"), [(64, 32), (75, 32), (20, 5), (6, 2)])
def test_it_agrees_with_sorting_pool_by_pool(samples: int, pool: int) -> None:
    text = features(samples, 4)
    motion = text + 0.6 * features(samples, 4, seed=1)
    found = r_precision(text, motion, generator(5), pool=pool)
    assert found == pytest.approx(by_sorting(text, motion, generator(5), pool))
    assert samples < 20 or 5 < found[0] < found[2]


def test_queries_may_be_captions() -> None:
    text = features(64, 4)
    motion = text + 0.6 * features(64, 4, seed=1)
    found = r_precision(text, motion, generator(5), queries="captions")
    assert found == pytest.approx(by_sorting(motion, text, generator(5), 32))
    assert found != r_precision(text, motion, generator(5))


def test_motions_upon_their_captions_are_all_found() -> None:
    text = features(70)
    assert r_precision(text, text, generator()) == (100, 100, 100)


def test_equal_captions_share_their_ranks() -> None:
    same = torch.zeros(64, 3)
    found = r_precision(same, features(64, 3), generator())
    assert found == pytest.approx((100 / 32, 200 / 32, 300 / 32))


def test_two_equal_captions_of_a_pool_are_each_first_half_the_time() -> None:
    text = features(32)
    text[1] = text[0]
    top1, top2, _ = r_precision(text, text, generator())
    assert (top1, top2) == pytest.approx((100 * 31 / 32, 100))


def test_place_and_scale_of_the_features_make_no_difference() -> None:
    text = features(96)
    motion = text + 0.5 * features(96, seed=1)
    found = r_precision(text, motion, generator())
    for scale, shift in ((1e-5, 0.0), (1e5, 0.0), (1.0, 1e6)):
        moved = r_precision(scale * text + shift, scale * motion + shift, generator())
        assert moved == pytest.approx(found)


@pytest.mark.parametrize("queries", ["motions", "captions"])
def test_a_motion_that_went_astray_does_not_tie_the_others(queries: Any) -> None:
    text = features(320, 8)
    motion = text + 0.1 * features(320, 8, seed=1)
    whole = r_precision(text, motion, generator(), queries=queries)
    motion[7] = 1e6
    astray = r_precision(text, motion, generator(), queries=queries)
    assert astray == pytest.approx(whole, abs=100 / 320 + 1e-6)


def test_too_few_samples_for_a_pool_are_told() -> None:
    with pytest.raises(ValueError, match="31 samples do not fill a pool of 32"):
        r_precision(features(31), features(31), generator())


def test_mm_distance_of_a_shift_is_its_length() -> None:
    values, shift = features(40, 3), torch.tensor((2.0, 3.0, 6.0))
    assert mm_distance(values, values + shift) == pytest.approx(7)
    assert mm_distance(values, values) == 0


def test_mm_distance_is_the_mean_of_distances_taken_one_by_one() -> None:
    text, motion = features(9), features(9, seed=1)
    far = [
        sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) ** 0.5
        for x, y in zip(text.tolist(), motion.tolist(), strict=True)
    ]
    assert mm_distance(text, motion) == pytest.approx(sum(far) / 9)


def test_diversity_of_two_points_is_their_distance() -> None:
    assert diversity(torch.tensor([[0.0, 0], [3, 4]]), generator()) == pytest.approx(5)


def test_diversity_tends_to_the_mean_over_all_pairs() -> None:
    values = features(12)
    pairs = [float((a - b).norm()) for i, a in enumerate(values) for b in values[:i]]
    found = diversity(values, generator(), pairs=40_000)
    assert found == pytest.approx(sum(pairs) / len(pairs), rel=0.01)


def test_all_pairs_of_different_samples_come_alike() -> None:
    """One-hot features: a pair of one sample with itself would be at distance 0."""
    assert diversity(torch.eye(5), generator(), pairs=999) == pytest.approx(2**0.5)


def test_multimodality_sees_one_prompt_at_a_time() -> None:
    """Prompts are far apart; the two generations of prompt p are p + 1 apart."""
    variants = torch.zeros(4, 2, 3)
    variants[:, :, 1] = 1000 * torch.arange(4.0)[:, None]
    variants[:, 1, 0] = torch.arange(4.0) + 1
    assert multimodality(variants, generator()) == pytest.approx(2.5)


def test_multimodality_tends_to_the_mean_over_all_pairs() -> None:
    variants = features(18, 5).view(3, 6, 5)
    pairs = [float((a - b).norm()) for p in variants for i, a in enumerate(p) for b in p[:i]]
    found = multimodality(variants, generator(), pairs=10_000)
    assert found == pytest.approx(sum(pairs) / len(pairs), rel=0.01)


@pytest.mark.parametrize("shape", [(4, 3), (4, 1, 3), (0, 3, 3)])
def test_variants_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="features"):
        multimodality(torch.zeros(shape), generator())
