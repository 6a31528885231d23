"""A body of inhuman size: lengths in another unit than was thought.

BVH files are scaled by the size of their body when they are read, so this is met in array files,
which are taken at their word, and where a data set names its unit.
"""

import math
from collections.abc import Iterator

from moclip.curation.checks._bodies import below, hips
from moclip.curation.checks.base import Case, Fault
from moclip.formats._units import UNITS
from moclip.motion import Motion

HIDES = ("up_axis", "floor", "bones", "jumps", "fps", "frozen", "repeated_frames")

_REACH = 2.1
"""Metres along the bones from hand to foot of a grown person, fingers and toes left out."""
_SMALLEST, _LARGEST = 0.35, 1.6
"""Times a grown person's: a child that just walks has 0.4, the tallest man there was 1.55."""


def look(case: Case) -> Iterator[Fault]:
    """The longest way along the bones, from the tip of one limb to that of another."""
    motion = case.motion
    if motion is None or len(motion.skeleton) < 5:
        return
    reach = longest_way(motion)
    ratio = reach / _REACH
    if not reach or _SMALLEST <= ratio <= _LARGEST:
        return
    height = float((motion.joints[..., 1].amax(1) - motion.joints[..., 1].amin(1)).max())
    yield Fault(
        f"the body is {height:.3g} m tall at most and {reach:.3g} m long from tip to tip along its "
        f"bones, a person's {_REACH:g} m: {_likely(ratio)}"
    )


def _likely(ratio: float) -> str:
    """The unit that makes the body a person; a body too small was scaled once too often."""
    name = min(UNITS, key=lambda unit: abs(math.log(ratio * UNITS[unit])))
    if ratio > 1:
        return f"the numbers look like {name} (1 {name} = {UNITS[name]:g} m), taken for metres"
    name = min(UNITS, key=lambda unit: abs(math.log(ratio / UNITS[unit])))
    return f"metres seem to have been taken for {name} (multiply by {1 / UNITS[name]:.4g})"


def longest_way(motion: Motion) -> float:
    """Between two tips of the body, in metres, with the median length of every bone."""
    lengths = motion.bone_lengths().median(dim=0).values.tolist()
    root = hips(motion.skeleton)
    deepest = dict.fromkeys([root, *below(motion.skeleton, root)], 0.0)
    longest = 0.0
    for joint in reversed(list(deepest)[1:]):
        parent, depth = motion.skeleton.parents[joint], deepest[joint] + lengths[joint - 1]
        longest = max(longest, deepest[parent] + depth)
        deepest[parent] = max(deepest[parent], depth)
    return longest
