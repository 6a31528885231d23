"""Feet that move along the floor while they stand on it: speed in m/s, and share of the time.

A toe stands where it is low in two frames that follow each other, the floor being y = 0. *Foot
sliding* is its mean horizontal speed meanwhile (as PhysDiff, Yuan et al., ICCV 2023, has it, there
per frame), low being 2.5 cm. *Foot skating* is the share of steps between frames in which a toe
below 5 cm goes faster than 0.5 m/s, also on average over a quarter of a second (GMD, Karunratanakul
et al., ICCV 2023). Real feet swing lower than 5 cm, so captured walks have up to 30 % of it.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float64
from torch import Tensor

from moclip.evaluation.metrics._smoothness import mean_over
from moclip.evaluation.metrics.base import Quantity, Sample
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

QUANTITIES = (Quantity("foot sliding", "m/s", "lower"), Quantity("foot skating", "%", "real"))
NEEDS = ("motions",)
_STANDS = 0.025
"""Metres under which captured toes rest: of those at 2.5 to 5 cm, most are swinging."""
_SKATES = 0.05
"""Metres under which GMD's script takes a toe to be on the floor."""
_SPEED = 0.5
"""Metres per second above which it skates."""
_WINDOW = 0.25
"""Seconds over which the speed is averaged; five steps at HumanML3D's 20 fps."""


def sliding(motions: Sequence[Motion]) -> float:
    """Mean speed in m/s of standing toes, then over the motions in which one stands.

    Not a number where none stands in any: who floats does not slide. Raises ``LookupError`` where a
    skeleton names no feet, ``ValueError`` for a motion of one frame.
    """
    feet = [_speed_and_height(motion) for motion in motions]
    means = [float(speed[low].mean()) for speed, height in feet if (low := height < _STANDS).any()]
    return sum(means) / len(means) if means else float("nan")


def skating(motions: Sequence[Motion]) -> float:
    """Share in percent of the steps between frames in which a toe skates, mean over motions.

    Raises as :func:`sliding` does, and ``ValueError`` where there is no motion.
    """
    return mean_over(motions, _skating)


def measure(sample: Sample, draw: torch.Generator) -> tuple[float, ...]:
    """The speed and the share."""
    (motions,) = sample.take(NEEDS)
    return sliding(motions), skating(motions)


def _skating(motion: Motion) -> float:
    speed, height = _speed_and_height(motion)
    width = round(_WINDOW * motion.fps) // 2 * 2 + 1
    around = F.avg_pool1d(speed.T[:, None], width, stride=1, padding=width // 2)[:, 0].T
    skates = (height < _SKATES) & (speed > _SPEED) & (around > _SPEED)
    return 100 * float(skates.any(dim=1).double().mean())


def _speed_and_height(
    motion: Motion,
) -> tuple[Float64[Tensor, "step toe"], Float64[Tensor, "step toe"]]:
    """From each frame to the next: horizontal speed in m/s, and the greater height of the two."""
    if len(motion) < 2:
        raise ValueError("foot sliding takes motions of at least 2 frames, one has 1")
    toes = motion.joints[:, _toes(motion.skeleton)].double()
    speed = toes[..., [0, 2]].diff(dim=0).norm(dim=-1) * motion.fps
    return speed, torch.maximum(toes[1:, :, 1], toes[:-1, :, 1])


def _toes(skeleton: Skeleton) -> list[int]:
    """Joints of the feet on which no other joint of the feet hangs; not the ankles above them."""
    feet = [skeleton.index(joint) for joint in skeleton.limb("feet")]
    carriers = {skeleton.parents[joint] for joint in feet}
    return [joint for joint in feet if joint not in carriers]
