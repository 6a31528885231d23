"""Frames that stand still to the last digit.

A living body sways and breathes by tenths of a millimetre; where nothing moves at all the capture
has stopped, or a clip was padded with its first or last frame.
"""

from collections.abc import Iterator

from moclip.curation.checks._bodies import runs, steps
from moclip.curation.checks.base import Case, Fault

HIDES: tuple[str, ...] = ()

STILL = 1e-5
"""Metres between two frames; a breath moves a shoulder by 1e-4 in a thirtieth of a second."""
SECONDS = 0.25
"""Shorter repetitions are a matter of ``repeated_frames``."""


def look(case: Case) -> Iterator[Fault]:
    """The whole clip, or the longest stretch and how many there are."""
    motion = case.motion
    if motion is None or len(motion) < 3:
        return
    still = [(a, b) for a, b in runs(steps(motion) < STILL) if (b - a) / motion.fps >= SECONDS]
    if not still:
        return
    start, end = max(still, key=lambda run: run[1] - run[0])
    if end - start == len(motion) - 1:
        yield Fault(f"nothing moves in all of its {len(motion)} frames", frame=0)
        return
    at = "the end" if end == len(motion) - 1 else "the start" if start == 0 else "the middle"
    total = sum(b - a for a, b in still)
    more = "" if len(still) == 1 else f"; {len(still)} such stretches hold {total} frames"
    yield Fault(
        f"frozen at {at}: {end - start} frames after {case.seconds(start)} are the same to the "
        f"last digit ({(end - start) / motion.fps:.2f} s){more}",
        frame=start,
    )
