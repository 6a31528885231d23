"""Bones that change their length.

Each bone of a rigid body keeps its length to the rounding of its file. What changes slowly comes
from joints that were smoothed, blended or solved one by one; a joint that leaps for a few frames
is a matter of ``jumps``.
"""

from collections.abc import Iterator

from moclip.curation.checks._bodies import below, hips
from moclip.curation.checks.base import Case, Fault
from moclip.skeletons.base import Skeleton

HIDES: tuple[str, ...] = ()

_METRES = 0.01
"""Less is the softness of a marker on skin."""
_SHARE = 0.03
"""Of the bone's own length."""
_LEAPS = 0.02
"""Share of the frames, two at least, that may be longer, and as many shorter, for a leap's sake."""


def rigid(skeleton: Skeleton) -> list[int]:
    """Joints whose bones are the body's; what is above the hips ties it to the world."""
    return below(skeleton, hips(skeleton))


def look(case: Case) -> Iterator[Fault]:
    """The bone that changes most, and how many do."""
    motion = case.motion
    if motion is None or len(motion) < 6:
        return
    joints = rigid(motion.skeleton)
    if not joints:
        return
    lengths = motion.bone_lengths()[:, [joint - 1 for joint in joints]]
    leaps = max(2, round(_LEAPS * len(motion)))
    ordered = lengths.sort(dim=0).values
    change = ordered[-1 - leaps] - ordered[leaps]
    middle = lengths.median(dim=0).values
    wrong = (change > _METRES) & (change > _SHARE * middle)
    if not wrong.any():
        return
    worst = int((change * wrong).argmax())
    name = motion.skeleton.joint_names[joints[worst]]
    low, high = float(lengths[:, worst].min()), float(lengths[:, worst].max())
    frame = int((lengths[:, worst] - middle[worst]).abs().argmax())
    others = int(wrong.sum()) - 1
    more = f", and {others} other bone{'s'[: others > 1]} change too" if others else ""
    yield Fault(
        f"the bone to '{name}' is {low:.3f} m to {high:.3f} m long (most unusual at "
        f"{case.seconds(frame)}){more}",
        frame=frame,
        joint=name,
    )
