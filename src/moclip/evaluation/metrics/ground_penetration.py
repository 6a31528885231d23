"""How deep bodies sink under the floor, in metres.

Depth of the lowest joint under y = 0, or 0 above it; mean over all frames of a motion, then over
motions (PhysDiff, Yuan et al., ICCV 2023, there of a mesh). Motion that was put on its lowest point
afterwards cannot sink, so measure it as it was generated.
"""

from collections.abc import Sequence

import torch

from moclip.evaluation.metrics._smoothness import mean_over
from moclip.evaluation.metrics.base import Quantity, Sample
from moclip.motion import Motion

QUANTITIES = (Quantity("ground penetration", "m", "lower"),)
NEEDS = ("motions",)


def penetration(motions: Sequence[Motion]) -> float:
    """Mean depth. Raises ``ValueError`` where there is no motion."""
    return mean_over(motions, _depth)


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The mean depth."""
    return (penetration(*sample.take(NEEDS)),)


def _depth(motion: Motion) -> float:
    return float((-motion.joints[..., 1].double().amin(dim=1)).clamp(min=0).mean())
