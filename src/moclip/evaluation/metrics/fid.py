"""Fréchet distance of the features of generated and of real motion.

As Heusel et al. (NeurIPS 2017) take it: of the two normal distributions that have the sets' means
and covariances. It is biased upwards by few samples, the more the more dimensions:
compare figures of equal numbers of samples only, or see ``fid_inf`` and ``kid``.
"""

import torch

from moclip.evaluation.metrics._frechet import Moments, both
from moclip.evaluation.metrics.base import Features, Quantity, Sample

QUANTITIES = (Quantity("FID", "", "lower"),)
NEEDS = ("real", "generated")


def frechet_distance(real: Features, generated: Features) -> float:
    """Squared, as the field reports it; in float64, for fewer samples than dimensions too.

    Raises ``ValueError`` for fewer than two samples, other shapes and numbers that are not finite.
    """
    first, second = both(real, generated)
    return Moments.of(first).distance(Moments.of(second))


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The distance."""
    return (frechet_distance(*sample.take(NEEDS)),)
