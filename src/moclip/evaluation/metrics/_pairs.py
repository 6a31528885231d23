"""Random pairs of two different samples."""

import torch
from jaxtyping import Int
from torch import Tensor


def different_pairs(
    samples: int, pairs: int, draw: torch.Generator
) -> tuple[Int[Tensor, " pair"], Int[Tensor, " pair"]]:
    """Each ordered pair of two different samples with the same chance, with replacement.

    The published code draws both sides by themselves and so pairs some samples with themselves, at
    distance 0: of 30 generations, one pair in 30.
    """
    first = torch.randint(samples, (pairs,), generator=draw)
    step = torch.randint(1, samples, (pairs,), generator=draw)
    return first, (first + step) % samples
