"""Mean Euclidean distance between the features of two generated motions.

Over 300 random pairs (Guo et al., CVPR 2022). Neither more nor less is better: it is
good when it is near to that of real motion.
"""

import torch

from moclip.evaluation.metrics._pairs import different_pairs
from moclip.evaluation.metrics.base import Features, Quantity, Sample, checked

QUANTITIES = (Quantity("Diversity", "", "real"),)
NEEDS = ("generated",)


def diversity(features: Features, draw: torch.Generator, *, pairs: int = 300) -> float:
    """Pairs are of two different samples. Raises ``ValueError`` for fewer than two samples."""
    values = checked(features, "generated", least=2)
    first, second = different_pairs(len(values), pairs, draw)
    return float((values[first] - values[second]).norm(dim=-1).mean())


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The mean distance."""
    (generated,) = sample.take(NEEDS)
    return (diversity(generated, draw),)
