"""Fréchet distances against closed forms and scipy's matrix root; shrinkage; the curve."""

import numpy as np
import pytest
import scipy.linalg
import torch
from feature_sets import features, generator, whitened
from sklearn.covariance import LedoitWolf
from torch import Tensor

from moclip.evaluation.metrics._frechet import Moments, root_trace
from moclip.evaluation.metrics.fid import frechet_distance
from moclip.evaluation.metrics.fid_inf import curve
from moclip.evaluation.metrics.fid_shrunk import shrunk_distance


def by_matrix_root(real: Tensor, generated: Tensor) -> float:
    """As the field's scripts take it: covariances by NumPy, the root of their product by scipy."""
    a, b = real.numpy(), generated.numpy()
    one, other = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(one @ other).real
    shift = a.mean(axis=0) - b.mean(axis=0)
    return float(shift @ shift + np.trace(one) + np.trace(other) - 2 * np.trace(root))


@pytest.mark.parametrize("seed", range(20))
def test_it_agrees_with_the_root_of_scipy(seed: int) -> None:
    dim = 4 + 6 * seed
    one = features(3 * dim, dim, seed=seed)
    other = features(2 * dim + 7, dim, seed=100 + seed, shift=0.1 * seed)
    assert frechet_distance(one, other) == pytest.approx(by_matrix_root(one, other), rel=1e-6)


@pytest.mark.parametrize("shift", [0.0, 1e-3, 0.5, 7.0, 1e4])
def test_a_shift_of_the_mean_by_d_is_d_squared(shift: float) -> None:
    values = features(200, 8)
    direction = torch.nn.functional.normalize(features(1, 8, seed=3), dim=-1)
    distance = frechet_distance(values, values + shift * direction)
    assert distance == pytest.approx(shift**2, rel=1e-9, abs=1e-12)


def test_a_scaled_covariance_has_its_closed_form() -> None:
    unit = whitened(300, 12)
    scales = torch.linspace(0.1, 4.0, 12, dtype=torch.float64)
    wanted = float((scales - 1).square().sum())  # tr(I + S - 2 S^(1/2)) with S = scales^2
    assert frechet_distance(unit, unit * scales) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("samples", [2, 5, 20, 64, 65, 500])
def test_the_same_set_is_at_distance_0(samples: int) -> None:
    values = features(samples, 64)
    assert frechet_distance(values, values) == pytest.approx(0, abs=1e-10)
    assert frechet_distance(values, values.flip(0)) == pytest.approx(0, abs=1e-10)


def test_it_is_symmetric_and_turns_with_the_features() -> None:
    one, other = features(50, 6), features(40, 6, seed=1)
    turn = torch.linalg.qr(features(6, 6, seed=2)).Q
    distance = frechet_distance(one, other)
    assert frechet_distance(other, one) == pytest.approx(distance, rel=1e-10)
    assert frechet_distance(one @ turn, other @ turn) == pytest.approx(distance, rel=1e-10)


@pytest.mark.parametrize("samples", [3, 40, 120])
def test_fewer_samples_than_dimensions_have_the_exact_distance(samples: int) -> None:
    """For points of a subspace it is their distance in that subspace, where nothing is singular."""
    space = torch.linalg.qr(features(128, 2, seed=5)).Q
    flat, other = features(samples, 2), features(samples + 1, 2, seed=1, shift=0.3)
    wanted = frechet_distance(flat, other)
    found = frechet_distance(flat @ space.T, other @ space.T)
    assert found == pytest.approx(wanted, rel=1e-9)


def test_one_singular_side_is_enough_for_the_exact_distance() -> None:
    """Standard normal against one line of deviation s: 1 a dimension, (s - 1)^2 along the line."""
    unit = whitened(200, 32)
    line = unit[:, :1] * 3.0 @ torch.eye(1, 32, dtype=torch.float64)
    for pair in ((unit, line), (line, unit)):
        assert frechet_distance(*pair) == pytest.approx(31 + 4, rel=1e-10)


def test_points_without_spread_are_at_the_distance_of_points() -> None:
    one, other = torch.zeros(5, 3), torch.full((4, 3), 2.0)
    assert frechet_distance(one, other) == pytest.approx(12)
    assert frechet_distance(one, one) == 0


def test_ill_conditioned_covariances_lose_nothing() -> None:
    """Deviations from 1e-6 to 1e3; for diagonal ones the root is known."""
    unit = whitened(400, 40)
    scales = torch.logspace(-6, 3, 40, dtype=torch.float64)
    one, other = unit * scales, unit * scales.flip(0)
    wanted = float((scales - scales.flip(0)).square().sum())
    assert frechet_distance(one, other) == pytest.approx(wanted, rel=1e-9)


def test_the_root_of_a_matrix_with_itself_is_the_matrix() -> None:
    covariance = Moments.of(features(30, 9)).covariance
    assert root_trace(covariance, covariance).item() == pytest.approx(covariance.trace().item())


@pytest.mark.parametrize("shape", [(5, 40), (30, 30), (200, 12), (2, 3)])
def test_shrinkage_is_that_of_sklearn(shape: tuple[int, int]) -> None:
    values = features(*shape)
    wanted = LedoitWolf().fit(values.numpy()).covariance_
    assert np.allclose(Moments.shrunk(values).covariance.numpy(), wanted, rtol=1e-10, atol=1e-12)


def test_shrinkage_is_that_of_sums_written_out() -> None:
    values = features(7, 3)
    mean = values.mean(dim=0)
    outer = [torch.outer(row - mean, row - mean) for row in values]
    covariance = sum(outer) / 7
    target = covariance.trace() / 3 * torch.eye(3, dtype=torch.float64)
    noise = sum((one - covariance).square().sum() for one in outer) / 49
    share = min(1.0, float(noise / (covariance - target).square().sum()))
    wanted = (1 - share) * covariance + share * target
    assert torch.allclose(Moments.shrunk(values).covariance, wanted, rtol=1e-12)


def test_features_without_spread_are_shrunk_to_nothing() -> None:
    assert shrunk_distance(torch.ones(4, 3), torch.ones(5, 3)) == 0


def test_shrunk_distances_of_few_samples_are_nearer_to_the_truth() -> None:
    """Two sets of one normal distribution are at distance 0; their means alone are 2.7 apart."""
    one, other = (torch.randn(30, 40, generator=generator(seed)) for seed in (0, 1))
    assert frechet_distance(one, other) > 15
    assert shrunk_distance(one, other) < 3.5


def test_the_curve_leads_to_the_distance_without_bias() -> None:
    """Standard normal against one with mean 1 / sqrt(dim) and deviation 1.2: 1 + 0.04 dim."""
    dim, found = 16, []
    for seed in range(40):
        draw = generator(seed)
        one = torch.randn(200, dim, generator=draw, dtype=torch.float64)
        other = 1.2 * torch.randn(200, dim, generator=draw, dtype=torch.float64) + dim**-0.5
        found.append((curve(one, other, draw).limit, frechet_distance(one, other)))
    limit, plain = torch.tensor(found).mean(dim=0).tolist()
    truth = 1 + 0.04 * dim
    assert plain > 1.25 * truth
    assert abs(limit - truth) < 0.08 * truth


def test_the_curve_ends_at_the_distance_of_all_samples() -> None:
    one, other = features(50, 4), features(60, 4, seed=1)
    found = curve(one, other[:50], generator())
    assert (found.sizes[0], found.sizes[-1]) == (10, 50)
    assert found.distances[-1] == pytest.approx(frechet_distance(one, other[:50]))


def test_the_curve_draws_what_the_seed_says() -> None:
    one, other = features(50, 4), features(60, 4, seed=1)
    first, again = (curve(one, other, generator(3)) for _ in range(2))
    assert first == again
    assert curve(one, other, generator(4)) != first


def test_a_line_is_fitted_by_least_squares() -> None:
    found = curve(features(50, 4), features(50, 4, seed=1), generator(), sizes=(10, 20, 50))
    slope, limit = np.polyfit([1 / 10, 1 / 20, 1 / 50], found.distances, 1)
    assert (found.slope, found.limit) == pytest.approx((slope, limit))


@pytest.mark.parametrize("sizes", [(5,), (5, 5), (1, 5), (5, 51), ()])
def test_sizes_that_make_no_line_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"wanted at least two different ones in 2\.\.50"):
        curve(features(50, 4), features(60, 4, seed=1), generator(), sizes=sizes)


def test_too_few_samples_for_a_curve_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 10 samples, this has 9"):
        curve(features(9, 4), features(60, 4, seed=1), generator())
