"""Mean Euclidean distance between the features of a motion and of its caption.

MultiModal distance (Guo et al., CVPR 2022). It grows with the scale of the features, so figures
compare within one evaluator only.
"""

import torch

from moclip.evaluation.metrics.base import Features, Quantity, Sample, matched

QUANTITIES = (Quantity("MM-Dist", "", "lower"),)
NEEDS = ("text", "generated")


def mm_distance(text: Features, motion: Features) -> float:
    """Of row i of one and row i of the other. Raises ``ValueError`` where rows do not match."""
    captions, motions = matched(text, motion)
    return float((captions - motions).norm(dim=-1).mean())


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The mean distance."""
    return (mm_distance(*sample.take(NEEDS)),)
