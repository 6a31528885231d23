"""Fréchet distance with shrunk covariances, for sets of few clips.

The covariances are Ledoit and Wolf's (J. Multivariate Analysis, 2004): of all mixtures of the
measured one and a multiple of the identity the nearest to the truth in mean square, with no
parameter to choose. Figures do not compare with plain FID.
"""

import torch

from moclip.evaluation.metrics._frechet import Moments, both
from moclip.evaluation.metrics.base import Features, Quantity, Sample

QUANTITIES = (Quantity("FID shrunk", "", "lower"),)
NEEDS = ("real", "generated")


def shrunk_distance(real: Features, generated: Features) -> float:
    """Squared, as the plain one. Raises ``ValueError`` for the same."""
    first, second = both(real, generated)
    return Moments.shrunk(first).distance(Moments.shrunk(second))


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The distance."""
    return (shrunk_distance(*sample.take(NEEDS)),)
