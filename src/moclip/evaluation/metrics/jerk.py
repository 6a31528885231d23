"""Mean jerk of the joints, in m/s^3: how suddenly accelerations change.

By third differences over frames, in the world. Trembling raises it long before it is seen in a
path: noise of 1 mm at 20 fps alone has some 60 m/s^3. Good when near to that of real motion.
"""

from collections.abc import Sequence

import torch

from moclip.evaluation.metrics._smoothness import mean_derivative
from moclip.evaluation.metrics.base import Quantity, Sample
from moclip.motion import Motion

QUANTITIES = (Quantity("jerk", "m/s^3", "real"),)
NEEDS = ("motions",)


def mean_jerk(motions: Sequence[Motion]) -> float:
    """Over joints, frames, then motions. Raises ``ValueError`` for fewer than four frames."""
    return mean_derivative(motions, 3, "jerk")


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The mean."""
    return (mean_jerk(*sample.take(NEEDS)),)
