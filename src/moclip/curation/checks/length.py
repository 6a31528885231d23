"""Clips too short or too long to learn from.

Models read half a second at least and some ten seconds at most, and one sentence seldom describes
a minute.
"""

from collections.abc import Iterator

from moclip.curation.checks.base import Case, Fault

HIDES: tuple[str, ...] = ()

_SHORTEST = 0.5
"""Seconds; ten frames in canonical form."""
_LONGEST = 120.0
"""Seconds."""


def look(case: Case) -> Iterator[Fault]:
    """Frames, rate and seconds."""
    motion = case.motion
    if motion is None or _SHORTEST <= motion.duration <= _LONGEST:
        return
    has = f"{len(motion)} frame{'s'[: len(motion) > 1]} at {motion.fps:g} fps last"
    if motion.duration < _SHORTEST:
        limit = f"less than the {_SHORTEST:g} s a model can tell anything by"
        yield Fault(f"{has} {motion.duration:.2f} s, {limit}", "warning")
    else:
        limit = f"more than {_LONGEST:g} s; describe spans of it"
        yield Fault(f"{has} {motion.duration:.0f} s, {limit}", "warning")
