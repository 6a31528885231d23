"""The slow and plain way: a rounded cone is four hundred balls, and every ray is tried on each."""

import torch
from jaxtyping import Float
from torch import Tensor

_BALLS = 400


def plain_depth(
    rays: Float[Tensor, "ray 3"],
    starts: Float[Tensor, "cone 3"],
    ends: Float[Tensor, "cone 3"],
    radii: Float[Tensor, "cone 2"],
) -> Float[Tensor, " ray"]:
    """How far ahead of an eye at the origin each ray ``(x, y, 1)`` first meets a ball."""
    nearest = torch.full((len(rays),), torch.inf, dtype=torch.float64)
    for a, b, (ra, rb) in zip(starts.double(), ends.double(), radii.double(), strict=True):
        share = torch.linspace(0, 1, _BALLS, dtype=torch.float64)
        centres = a + share[:, None] * (b - a)
        square = (ra + share * (rb - ra)) ** 2
        unit = rays.double() / rays.double().norm(dim=-1, keepdim=True)
        ahead = unit @ centres.T
        aside = (centres * centres).sum(-1) - ahead**2
        way = torch.where(aside <= square, ahead - (square - aside).clamp(min=0).sqrt(), torch.inf)
        nearest = torch.minimum(nearest, way.min(dim=1).values * unit[:, 2])
    return nearest
