"""Fréchet distance of two normal distributions, stable where covariances are singular."""

from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from moclip.evaluation.metrics.base import Features, checked, same_width

_ROWS, _BLOCK = 500, 128
"""Samples, and rows of a covariance, that are computed at a time."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and covariance of a set of features."""

    mean: Float64[Tensor, " dim"]
    covariance: Float64[Tensor, "dim dim"]

    @classmethod
    def of(cls, features: Float64[Tensor, "sample dim"]) -> "Moments":
        """The covariance without bias (divided by samples - 1), as ``numpy.cov`` has it."""
        mean = features.mean(dim=0)
        return cls(mean, _squares(features, mean) / (len(features) - 1))

    @classmethod
    def shrunk(cls, features: Float64[Tensor, "sample dim"]) -> "Moments":
        """The covariance drawn towards a multiple of the identity (Ledoit and Wolf, 2004).

        By the share that is best in mean square: for few samples of many dimensions it is large,
        and with many samples it vanishes.
        """
        count, dim = features.shape
        mean = features.mean(dim=0)
        covariance = _squares(features, mean) / count
        target = covariance.trace() / dim
        spread = covariance.square().sum() - dim * target**2
        lengths = (features - mean).square().sum(dim=1)
        noise = lengths.square().mean() - covariance.square().sum()
        share = float((noise / count / spread).clamp(0, 1)) if spread > 0 else 0.0
        drawn = (1 - share) * covariance
        drawn.diagonal().add_(share * target)
        return cls(mean, drawn)

    def distance(self, other: "Moments") -> float:
        """Squared Fréchet distance |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))."""
        shift = (self.mean - other.mean).square().sum()
        spread = self.covariance.trace() + other.covariance.trace()
        overlap = root_trace(self.covariance, other.covariance)
        return max(0.0, float(shift + spread - 2 * overlap))


def both(real: Features, generated: Features) -> tuple[Tensor, Tensor]:
    """The two sets, checked; a covariance takes two samples."""
    first, second = checked(real, "real", least=2), checked(generated, "generated", least=2)
    same_width(first, second, ("real", "generated"))
    return first, second


def root_trace(
    first: Float64[Tensor, "dim dim"], second: Float64[Tensor, "dim dim"]
) -> Float64[Tensor, ""]:
    """Trace of (S1 S2)^(1/2) for positive semi-definite matrices.

    With S1 = L L^T, S1 S2 has the eigenvalues of the symmetric L^T S2 L. Where these are singular
    to rounding, its roots would add up to 1e-5 of the trace; there, the singular values of
    L1^T L2, which are the roots of those eigenvalues, are taken of factors of full rank.
    """
    left, singular = torch.linalg.cholesky_ex(first)
    if not singular:
        values = torch.linalg.eigvalsh(left.T @ second @ left)
        if values[0] > _rounding(values):
            return values.sqrt().sum()
    return torch.linalg.svdvals(_factor(first).T @ _factor(second)).sum()


def _factor(covariance: Float64[Tensor, "dim dim"]) -> Float64[Tensor, "dim rank"]:
    """F of full rank with F F^T = covariance; what is only rounding is left out."""
    values, vectors = torch.linalg.eigh(covariance)
    known = values > _rounding(values)
    return vectors[:, known] * values[known].sqrt()


def _rounding(ascending: Float64[Tensor, " dim"]) -> Float64[Tensor, ""]:
    """Eigenvalues up to this cannot be told from 0."""
    return ascending[-1] * len(ascending) * torch.finfo(ascending.dtype).eps


def _squares(
    features: Float64[Tensor, "sample dim"], mean: Float64[Tensor, " dim"]
) -> Float64[Tensor, "dim dim"]:
    """X^T X of X = features - mean, in parts that stay in the processor's cache.

    It is symmetric, so what stands above the blocks on its diagonal is not computed.
    """
    dim = len(mean)
    lower = features.new_zeros(dim, dim)
    for rows in features.split(_ROWS):
        centred = rows - mean
        for start in range(0, dim, _BLOCK):
            end = min(start + _BLOCK, dim)
            lower[start:end, :end].addmm_(centred[:, start:end].T, centred[:, :end])
    return lower.tril() + lower.tril(-1).T
