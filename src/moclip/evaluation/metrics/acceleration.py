"""Mean acceleration of the joints, in m/s^2.

By second differences over frames, in the world. Of a reconstruction, more than the original has is
trembling and less is smoothing, so it is good when near to that of real motion.
"""

from collections.abc import Sequence

import torch

from moclip.evaluation.metrics._smoothness import mean_derivative
from moclip.evaluation.metrics.base import Quantity, Sample
from moclip.motion import Motion

QUANTITIES = (Quantity("acceleration", "m/s^2", "real"),)
NEEDS = ("motions",)


def mean_acceleration(motions: Sequence[Motion]) -> float:
    """Over joints, frames, then motions. Raises ``ValueError`` for fewer than three frames."""
    return mean_derivative(motions, 2, "acceleration")


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The mean."""
    return (mean_acceleration(*sample.take(NEEDS)),)
