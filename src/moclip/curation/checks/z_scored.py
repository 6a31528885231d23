"""Standardised numbers where metres were wanted.

Features minus their mean, divided by their deviation, are no body: the joints they give are torn
apart. Published code has trained on such joints; the bones of a real body keep their lengths.
"""

from collections.abc import Iterator

from moclip.curation.checks import _problems
from moclip.curation.checks._bodies import below, hips
from moclip.curation.checks.base import Case, Fault

HIDES = ("unit", "up_axis", "floor", "sides", "bones", "jumps", "fps", "frozen")

_TORN = 0.1
"""Share of its length by which the middle one of all bones changes (deviation over mean): captured
bodies stay below 0.001, soft ones with a marker on every joint below 0.03."""


def look(case: Case) -> Iterator[Fault]:
    """From the reader's sentence, or from joints whose bones change all together."""
    if case.problem and _problems.kind(case.problem) == "z_scored":
        yield Fault(case.problem)
    motion = case.motion
    if motion is None or len(motion) < 2 or len(motion.skeleton) < 5:
        return
    body = below(motion.skeleton, hips(motion.skeleton))
    lengths = motion.bone_lengths()[:, [joint - 1 for joint in body]]
    mean = lengths.mean(dim=0)
    change = (lengths.std(dim=0, correction=0) / mean.clamp(min=1e-9))[mean > 1e-6]
    if len(change) and change.median() > _TORN:
        yield Fault(
            f"half of the bones change their length by more than {float(change.median()):.0%} over "
            "time: these look like z-scored numbers; multiply by Std and add Mean first"
        )
