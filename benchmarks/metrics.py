"""Metrics of generated motion at the size of a test set, against how the field's scripts take them.

Features are random: the time of either way does not depend on what they mean.
"""

import numpy as np
import scipy.linalg
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks._clips import Mix
from benchmarks._timing import Row, alternate
from moclip.evaluation.metrics._frechet import Moments
from moclip.evaluation.metrics.fid import frechet_distance
from moclip.evaluation.metrics.r_precision import CUTS, r_precision

_SAMPLES, _DIM, _POOL = 4000, 512, 32
Array = NDArray[np.float64]


def frechet(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """Fréchet distance: Cholesky and symmetric eigenvalues against the root of the product.

    Of features, and of means and covariances that are there: these cost either way about the same.
    """
    arrays = tuple(_features(seed, quick=quick) for seed in (0, 1))
    ours, plain = [Moments.of(x) for x in arrays], [_moments(x.numpy()) for x in arrays]
    ways = (
        lambda: frechet_distance(*arrays),
        lambda: _by_matrix_root(*(_moments(x.numpy()) for x in arrays)),
        lambda: ours[0].distance(ours[1]),
        lambda: _by_matrix_root(*plain),
    )
    for way in ways[1:]:
        _need_near(ways[0](), way(), 1e-6)
    spent = alternate(ways, repeats=1 if quick else max(7, repeats))
    samples, dim = arrays[0].shape
    fid, theirs, of_moments, roots = spent
    return [
        Row(f"FID, {samples:,} x {dim}", "numpy.cov, scipy's sqrtm", 1, "distances", fid, theirs),
        Row(f"FID of moments, {dim}", "scipy's sqrtm", 1, "distances", of_moments, roots, bar=4),
    ]


def precision(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """R-precision: all pools at once, ranks counted, against sorting pool by pool."""
    text = _features(0, quick=quick)
    motion = text + 3 * _features(1, quick=quick)
    pools = len(text) // _POOL

    def ours() -> tuple[float, ...]:
        return r_precision(text, motion, torch.Generator().manual_seed(0))

    def plain() -> Array:
        return _pool_by_pool(text.numpy(), motion.numpy(), torch.Generator().manual_seed(0))

    for found, wanted in zip(ours(), plain(), strict=True):
        _need_near(found, float(wanted), 1e-9)
    mine, theirs = alternate([ours, plain], repeats=1 if quick else max(15, repeats))
    name = f"R-precision, {text.shape[1]} wide"
    return [Row(name, "sorting each pool", pools, "pools", mine, theirs)]


def _features(seed: int, *, quick: bool) -> Tensor:
    """Correlated, as an evaluator's are: each a mixture of all directions."""
    samples, dim = (100, 16) if quick else (_SAMPLES, _DIM)
    draw = torch.Generator().manual_seed(seed)
    mix = torch.randn(dim, dim, generator=draw, dtype=torch.float64) / dim**0.5
    return torch.randn(samples, dim, generator=draw, dtype=torch.float64) @ mix


def _moments(features: Array) -> tuple[Array, Array]:
    return features.mean(axis=0), np.cov(features, rowvar=False)


def _by_matrix_root(real: tuple[Array, Array], generated: tuple[Array, Array]) -> float:
    (mean, one), (other_mean, other) = real, generated
    shift = mean - other_mean
    root = scipy.linalg.sqrtm(one @ other).real
    return float(shift @ shift + np.trace(one) + np.trace(other) - 2 * np.trace(root))


def _pool_by_pool(text: Array, motion: Array, draw: torch.Generator) -> Array:
    """As the field's scripts have it: all items of a pool in order, own ones marked place by place.

    Motions are the queries, as in the paper.
    """
    order = torch.randperm(len(motion), generator=draw).numpy()
    pools = len(order) // _POOL
    hits = np.zeros(len(CUTS))
    for members in order[: pools * _POOL].reshape(pools, _POOL):
        x, y = motion[members], text[members]
        far = np.sqrt(
            np.square(x).sum(axis=1, keepdims=True) + np.square(y).sum(axis=1) - 2 * np.dot(x, y.T)
        )
        wanted = np.expand_dims(np.arange(_POOL), 1).repeat(_POOL, 1)
        own = np.argsort(far, axis=1) == wanted
        found, places = np.zeros(_POOL, dtype=bool), []
        for k in range(len(CUTS)):
            found = found | own[:, k]
            places.append(found[:, None])
        hits += np.concatenate(places, axis=1).sum(axis=0)
    return 100 * hits / (pools * _POOL)


def _need_near(ours: float, theirs: float, within: float) -> None:
    off = abs(ours - theirs) / max(abs(theirs), 1e-12)
    if not off <= within:
        raise ValueError(f"the two ways differ by {off:.2g}, at most {within:g} is allowed")
