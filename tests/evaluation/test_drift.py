"""Towers that are the same, scaled or turned are told as what they are; plain loops agree."""

import json
import math

import pytest
import torch
from torch import Tensor

from moclip import datasets
from moclip.evaluation import drift

CAPTIONS, DIM = 40, 12


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def vectors(seed: int = 0, *, captions: int = CAPTIONS, dim: int = DIM) -> Tensor:
    return torch.randn(captions, dim, generator=generator(seed), dtype=torch.float64)


def measured(a: Tensor, b: Tensor) -> drift.Drift:
    return drift.measure(a, b, samples=200, generator=generator())


def values(found: drift.Drift) -> dict[str, float]:
    return {name: figure.value for name, figure in found.figures.items()}


def test_a_tower_beside_itself_has_not_moved() -> None:
    found = measured(vectors(), vectors())
    assert values(found) == pytest.approx(
        {
            "norm ratio": 1,
            "norms kept, %": 100,
            "cosine drift": 0,
            "overlap@1, %": 100,
            "overlap@10, %": 100,
            "rank correlation": 1,
        }
    )
    assert (found.captions, found.keeps_norms) == (CAPTIONS, True)


@pytest.mark.parametrize(
    ("scale", "kept"), [(0.9, False), (0.96, True), (1.04, True), (1.06, False)]
)
def test_a_scaled_tower_differs_in_length_alone(scale: float, kept: bool) -> None:
    found = measured(vectors(), scale * vectors())
    seen = values(found)
    assert seen["norm ratio"] == pytest.approx(scale)
    assert seen["cosine drift"] == pytest.approx(0, abs=1e-15)
    assert (seen["overlap@1, %"], seen["overlap@10, %"]) == (100, 100)
    assert seen["norms kept, %"] == 100 * kept
    assert found.keeps_norms is kept


def test_a_turned_tower_keeps_lengths_and_neighbours() -> None:
    turn = torch.linalg.qr(vectors(1, captions=DIM)).Q
    seen = values(measured(vectors(), vectors() @ turn))
    assert seen["norm ratio"] == pytest.approx(1)
    assert seen["cosine drift"] > 0.5
    assert (seen["overlap@1, %"], seen["overlap@10, %"]) == (100, 100)
    assert seen["rank correlation"] == pytest.approx(1)


def test_the_opposite_tower_has_drifted_as_far_as_can_be() -> None:
    assert values(measured(vectors(), -vectors()))["cosine drift"] == pytest.approx(2)


def test_a_small_drift_keeps_its_digits() -> None:
    angle = 1e-6  # 1 - cos of which is lost in single precision
    a = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    b = torch.tensor([[math.cos(angle), math.sin(angle)]], dtype=torch.float64)
    assert drift.cosine_drift(a, b).item() == pytest.approx(angle**2 / 2)


def test_a_mean_ratio_of_one_does_not_hide_lengths_that_moved() -> None:
    scale = torch.where(torch.arange(CAPTIONS) % 2 == 0, 0.5, 1.5).double()
    found = measured(vectors(), scale[:, None] * vectors())
    assert found.keeps_norms
    assert values(found)["norms kept, %"] == 0


def test_figures_agree_with_plain_loops() -> None:
    a, b = vectors(), vectors() + 0.5 * vectors(2)
    seen = values(measured(a, b))
    ratios = [float(y.norm() / x.norm()) for x, y in zip(a, b, strict=True)]
    assert seen["norm ratio"] == pytest.approx(sum(ratios) / CAPTIONS)
    drifts = [1 - cosine(x, y) for x, y in zip(a, b, strict=True)]
    assert seen["cosine drift"] == pytest.approx(sum(drifts) / CAPTIONS)
    for k in drift.NEAREST:
        both = [len(nearest(a, i, k) & nearest(b, i, k)) / k for i in range(CAPTIONS)]
        assert seen[f"overlap@{k}, %"] == pytest.approx(100 * sum(both) / CAPTIONS)
    assert seen["rank correlation"] == pytest.approx(spearman(pairs(a), pairs(b)), abs=1e-5)


def cosine(x: Tensor, y: Tensor) -> float:
    return float(x @ y / (x.norm() * y.norm()))


def nearest(table: Tensor, at: int, k: int) -> set[int]:
    others = [i for i in range(len(table)) if i != at]
    return set(sorted(others, key=lambda i: -cosine(table[at], table[i]))[:k])


def pairs(table: Tensor) -> list[float]:
    return [cosine(table[i], table[j]) for i in range(len(table)) for j in range(i)]


def spearman(x: list[float], y: list[float]) -> float:
    """1 - 6 sum d^2 / (n (n^2 - 1)), for lists without ties."""
    order = [sorted(range(len(z)), key=z.__getitem__) for z in (x, y)]
    ranks = [{at: rank for rank, at in enumerate(places)} for places in order]
    squares = sum((ranks[0][i] - ranks[1][i]) ** 2 for i in range(len(x)))
    return 1 - 6 * squares / (len(x) * (len(x) ** 2 - 1))


def test_equal_similarities_share_the_mean_of_their_ranks() -> None:
    assert drift._ranks(torch.tensor([5, 2, 5, 9])).tolist() == [2.5, 1, 2.5, 4]


def test_what_float32_cannot_tell_apart_is_no_difference() -> None:
    repeated = vectors().repeat(2, 1)  # each caption in two spellings that a tower reads alike
    noise = 1e-8 * vectors(3, captions=2 * CAPTIONS)
    seen = values(measured(repeated, repeated + noise))
    assert (seen["overlap@1, %"], seen["overlap@10, %"]) == (100, 100)


def test_unrelated_towers_agree_as_chance_has_it() -> None:
    count = 400
    found = measured(vectors(1, captions=count), vectors(2, captions=count))
    for k in drift.NEAREST:
        assert found.figures[f"overlap@{k}, %"].value == pytest.approx(
            100 * k / (count - 1), abs=0.6
        )
    assert abs(found.figures["rank correlation"].value) < 0.05


def test_towers_of_two_widths_are_compared_by_neighbours_alone() -> None:
    wider = torch.cat((vectors(), torch.zeros(CAPTIONS, 5, dtype=torch.float64)), dim=1)
    found = measured(vectors(), wider)
    assert values(found) == pytest.approx(
        {"overlap@1, %": 100, "overlap@10, %": 100, "rank correlation": 1}
    )
    assert found.keeps_norms is None


def test_a_collapsed_tower_ranks_nothing() -> None:
    seen = values(measured(vectors(), torch.ones(CAPTIONS, DIM)))
    assert seen["rank correlation"] == 0
    assert seen["overlap@10, %"] < 60


def test_intervals_hold_the_mean_and_come_from_the_generator() -> None:
    a, b = vectors(), vectors() + vectors(2)
    found = measured(a, b)
    for name, figure in found.figures.items():
        if name == "rank correlation":
            assert figure.low is figure.high is None
        else:
            assert figure.low is not None
            assert figure.high is not None
            assert figure.low < figure.value < figure.high or name == "norms kept, %"
    assert measured(a, b) == found
    assert drift.measure(a, b, samples=200, generator=generator(9)) != found


def test_figures_are_told_and_fit_json() -> None:
    found = measured(vectors(), 1.5 * vectors())
    lines = drift.table({"motion": found, "generic": found}).splitlines()
    assert lines[0].split() == ["B", "beside", "A", "motion", "generic"]
    assert lines[1].split()[2:4] == ["1.5000", "(1.5000..1.5000)"]
    back = json.loads(json.dumps(found.to_dict()))
    assert back["keeps_norms"] is False
    assert back["figures"]["overlap@1, %"] == {"value": 100.0, "low": 100.0, "high": 100.0}


def test_too_few_captions_and_vectors_without_direction_are_told() -> None:
    few = vectors(captions=drift.FEWEST - 1)
    with pytest.raises(ValueError, match="11 captions came, wanted at least 12 different ones"):
        measured(few, few)
    for lost in (0.0, math.nan, math.inf):
        broken = vectors()
        broken[3:5] = lost
        with pytest.raises(ValueError, match="tower B gives 2 of 40 captions no direction"):
            measured(vectors(), broken)


def test_generic_captions_share_no_verb_of_motion_with_the_bundled_ones() -> None:
    generic = drift.GENERIC.read_text(encoding="utf-8").splitlines()
    assert len(set(generic)) == len(generic) >= 100
    told = [c for clip in datasets.plan("bundled").clips() for c in clip.captions]
    common = ["person", "someone", "walks", "runs", "jumps", "kicks", "arms", "legs", "dances"]
    assert sum(word in caption.split() for caption in told for word in common) > 100
    assert not [c for c in generic if set(common) & set(c.lower().split())]
