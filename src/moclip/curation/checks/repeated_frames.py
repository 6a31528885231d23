"""Frames that are copies of the one before, while the body moves.

Every k-th frame repeated means that the frame rate was raised by copying: the movement has fewer
pictures a second than the file says. Single copies are frames the capture has lost.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Bool
from torch import Tensor

from moclip.curation.checks._bodies import runs, steps
from moclip.curation.checks.base import Case, Fault
from moclip.curation.checks.frozen import SECONDS
from moclip.motion import Motion

HIDES = ("fps", "jumps")

_COPY = 1e-6
"""Metres; a file of six digits repeats itself more exactly."""
_MOVES = 1e-3
"""Metres from frame to frame, in the middle: a body that hardly moves tells nothing."""
_REGULAR = 0.7
"""Share of the copies that stand at the same distance."""


def look(case: Case) -> Iterator[Fault]:
    """A rhythm of copies, or their number."""
    motion = case.motion
    if motion is None or len(motion) < 8:
        return
    copies = _copies(motion)
    count, share = int(copies.sum()), float(copies.float().mean())
    if not count:
        return
    frame = int(copies.nonzero()[0]) + 1
    if count >= 3 and share > 0.05 and _is_regular(copies):
        yield Fault(
            f"{share:.0%} of the frames repeat the one before, in a regular rhythm from "
            f"{case.seconds(frame)}: about {motion.fps * (1 - share):.3g} frames a second shown "
            f"as {motion.fps:g}",
            frame=frame,
        )
    else:
        first = "the first is" if count > 1 else "it is"
        what = f"{count} frames repeat" if count > 1 else "one frame repeats"
        yield Fault(f"{what} the one before; {first} {case.seconds(frame)}", "warning", frame)


def _copies(motion: Motion) -> Bool[Tensor, " step"]:
    """Steps of length nothing between steps that are some, long standstills left out."""
    step = steps(motion)
    copies = step < _COPY
    moving = step[~copies]
    if not len(moving) or moving.median() < _MOVES:
        return torch.zeros_like(copies)
    for start, end in runs(copies):
        if (end - start) / motion.fps >= SECONDS:
            copies[start:end] = False
    return copies


def _is_regular(copies: Bool[Tensor, " step"]) -> bool:
    """Whether the pictures that are new, or the copies, come at an even distance."""
    at = [marked.nonzero().flatten().diff() for marked in (copies, ~copies)]
    rarer = min(at, key=len)
    if len(rarer) < 2:
        return False
    usual = rarer.median()
    return bool(((rarer - usual).abs() <= 1).float().mean() >= _REGULAR)
