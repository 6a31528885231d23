"""Tensors in, a scalar out: what towers and auto-encoders are trained by."""

from moclip.losses.alignment import align, contrastive, false_negatives, norm_guard, tether
from moclip.losses.defence import consistency, meaning

__all__ = [
    "align",
    "consistency",
    "contrastive",
    "false_negatives",
    "meaning",
    "norm_guard",
    "tether",
]
