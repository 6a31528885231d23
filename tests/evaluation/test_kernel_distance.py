"""The kernel distance against sums over pairs, the field's subsets, and its closed form."""

from itertools import permutations, product

import pytest
import torch
from feature_sets import features, generator
from torch import Tensor

from moclip.evaluation.metrics import kid
from moclip.evaluation.metrics.kid import kernel_distance


def by_pairs(real: Tensor, generated: Tensor) -> float:
    """The unbiased estimate written as it is defined, a pair of samples at a time."""

    def kernel(x: Tensor, y: Tensor) -> float:
        return float((x @ y / len(x) + 1) ** 3)

    def within(points: Tensor) -> float:
        pairs = [kernel(x, y) for x, y in permutations(points, 2)]
        return sum(pairs) / len(pairs)

    across = [kernel(x, y) for x, y in product(real, generated)]
    return within(real) + within(generated) - 2 * sum(across) / len(across)


def test_it_is_the_mean_over_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = features(17, 5), features(12, 5, seed=1, shift=0.5)
    wanted = by_pairs(one, other)
    assert kernel_distance(one, other).value == pytest.approx(wanted, rel=1e-10)
    monkeypatch.setattr(kid, "_ROWS", 4)
    assert kernel_distance(one, other).value == pytest.approx(wanted, rel=1e-10)


def test_it_is_what_the_mean_over_random_subsets_tends_to() -> None:
    one, other, draw = features(30, 3), features(30, 3, seed=1), generator()
    values = torch.tensor(
        [
            kernel_distance(
                *(x[torch.randperm(30, generator=draw)[:10]] for x in (one, other))
            ).value
            for _ in range(400)
        ]
    )
    error = float(values.std()) / 400**0.5
    assert abs(float(values.mean()) - kernel_distance(one, other).value) < 3 * error


def test_the_interval_is_the_jackknife_done_by_leaving_out() -> None:
    one, other = features(9, 4), features(7, 4, seed=1, shift=0.3)
    found = kernel_distance(one, other)
    variance = 0.0
    for side, points in enumerate((one, other)):
        left = []
        for gone in range(len(points)):
            pair = [one, other]
            pair[side] = torch.cat((points[:gone], points[gone + 1 :]))
            left.append(by_pairs(*pair))
        variance += (len(points) - 1) * float(torch.tensor(left).double().var(correction=0))
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.value == pytest.approx(1.96 * variance**0.5, rel=1e-6)
    assert found.value - found.low == pytest.approx(found.high - found.value)


def in_one_dimension(mean: float) -> float:
    """Of normal distributions of deviation 1 around 0 and ``mean``: (xy + 1)^3 written out."""
    return 3 * mean**2 + 3 * mean**4 + (mean**3 + 3 * mean) ** 2


@pytest.mark.parametrize("mean", [0.0, 0.5])
def test_few_samples_do_not_bias_it(mean: float) -> None:
    values = []
    for seed in range(400):
        draw = generator(seed)
        one = torch.randn(20, 1, generator=draw, dtype=torch.float64)
        other = torch.randn(20, 1, generator=draw, dtype=torch.float64) + mean
        values.append(kernel_distance(one, other).value)
    found = torch.tensor(values)
    assert abs(float(found.mean()) - in_one_dimension(mean)) < 3 * float(found.std()) / 20


def test_the_interval_covers_the_truth_nineteen_times_in_twenty() -> None:
    truth, covered = in_one_dimension(0.5), 0
    for seed in range(300):
        draw = generator(seed)
        one = torch.randn(150, 1, generator=draw, dtype=torch.float64)
        other = torch.randn(150, 1, generator=draw, dtype=torch.float64) + 0.5
        found = kernel_distance(one, other)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert 0.90 <= covered / 300 <= 0.99


def test_two_samples_are_too_few_for_an_interval() -> None:
    with pytest.raises(ValueError, match="2 real features came, at least 3 are needed"):
        kernel_distance(features(2), features(5))
