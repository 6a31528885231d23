"""Features that are no one's: from a seed, with a spread of their own in every direction."""

import torch
from torch import Tensor


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def features(samples: int = 60, dim: int = 6, *, seed: int = 0, shift: float = 0.0) -> Tensor:
    """Correlated in all dimensions, in float64."""
    draw = generator(seed)
    mix = torch.randn(dim, dim, generator=draw, dtype=torch.float64) / dim**0.5
    return torch.randn(samples, dim, generator=draw, dtype=torch.float64) @ mix + shift


def whitened(samples: int, dim: int, *, seed: int = 0) -> Tensor:
    """Mean exactly 0 and covariance exactly the identity, but for rounding."""
    values = torch.randn(samples, dim, generator=generator(seed), dtype=torch.float64)
    return torch.linalg.qr(values - values.mean(dim=0)).Q * (samples - 1) ** 0.5
