"""Mean speed of the joints, in m/s.

In the world, by first differences over frames. Bodies that hardly move are what users complain of
in MotionCLIP; it is good when near to that of real motion for the same captions and lengths.
"""

from collections.abc import Sequence

import torch

from moclip.evaluation.metrics._smoothness import mean_derivative
from moclip.evaluation.metrics.base import Quantity, Sample
from moclip.motion import Motion

QUANTITIES = (Quantity("joint speed", "m/s", "real"),)
NEEDS = ("motions",)


def mean_speed(motions: Sequence[Motion]) -> float:
    """Over joints, frames, then motions. Raises ``ValueError`` for fewer than two frames."""
    return mean_derivative(motions, 1, "speed")


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The mean."""
    return (mean_speed(*sample.take(NEEDS)),)
