"""Mean Euclidean distance between the features of two motions generated for one prompt.

Over 10 random pairs of 30 generations of each prompt, usually 100 prompts (Guo et al., CVPR 2022).
The field's tables call more better; read it beside R-precision, for noise has most.
"""

import torch

from moclip.evaluation.metrics._pairs import different_pairs
from moclip.evaluation.metrics.base import Features, Quantity, Sample, as_float64, checked

QUANTITIES = (Quantity("MultiModality", "", "higher"),)
NEEDS = ("variants",)


def multimodality(variants: Features, draw: torch.Generator, *, pairs: int = 10) -> float:
    """Of features ``(prompt, generation, dim)``; every prompt has its own pairs.

    Raises ``ValueError`` for another shape and for fewer than two generations of a prompt.
    """
    values = as_float64(variants, "variants'")
    if values.ndim != 3 or values.shape[1] < 2:
        raise ValueError(
            f"variants' features have shape {tuple(values.shape)}, wanted (prompt, generation, "
            "dimension) with at least two generations"
        )
    prompts, generations, _ = values.shape
    flat = checked(values.flatten(0, 1), "variants'")
    first, second = different_pairs(generations, prompts * pairs, draw)
    start = (torch.arange(prompts) * generations).repeat_interleave(pairs)
    return float((flat[start + first] - flat[start + second]).norm(dim=-1).mean())


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The mean distance."""
    (variants,) = sample.take(NEEDS)
    return (multimodality(variants, draw),)
