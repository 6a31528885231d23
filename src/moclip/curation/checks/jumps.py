"""Teleports: the body, or one of its joints, is elsewhere from one frame to the next.

Each position is compared with where its two neighbours on either side say it must be (the cubic
through them). A captured body stays on its course to centimetres; a lost marker or a flipped
solution does not, however fast the movement.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from moclip.curation.checks._bodies import below, hips, runs
from moclip.curation.checks.base import Case, Fault
from moclip.motion import Motion

HIDES = ("fps",)

ROOT = 3.0
"""Metres per second, off course by a frame's time: of the hips. A back flip at 16 fps has 1.1 and
a shoulder roll 2.5, because bodies are heavy; at 30 fps this is a leap of 20 cm."""
JOINT = 7.5
"""The same of any joint as seen from the hips: sprints, kicks, punches and flips stay below 5.5;
at 30 fps it is a joint that is 25 cm beside its course."""


def look(case: Case) -> Iterator[Fault]:
    """One fault for the hips and one for the other joints, with the worst place of each."""
    motion = case.motion
    if motion is None or len(motion) < 4:
        return
    root = hips(motion.skeleton)
    place = motion.joints[:, root : root + 1]
    body = below(motion.skeleton, root)
    yield from _told(case, off_course(place, motion), [root], ROOT, "the whole body")
    yield from _told(case, off_course(motion.joints[:, body] - place, motion), body, JOINT, "")


def off_course(
    paths: Float[Tensor, "frame joint 3"], motion: Motion
) -> Float[Tensor, "frame joint"]:
    """Metres per second by which each position is beside the cubic through its neighbours.

    The first and last two frames have no neighbours on one side; there, half the change of the
    step to the next frame stands for it.
    """
    inner = (4 * (paths[1:-3] + paths[3:-1]) - paths[:-4] - paths[4:]) / 6
    off = torch.zeros(paths.shape[:2], dtype=paths.dtype)
    off[2:-2] = (paths[2:-2] - inner).norm(dim=-1)
    turn = (paths[2:] - 2 * paths[1:-1] + paths[:-2]).norm(dim=-1) / 2
    off[1], off[-2] = turn[0], turn[-1]
    return off * motion.fps


def _told(
    case: Case, off: Float[Tensor, "frame joint"], joints: list[int], limit: float, who: str
) -> Iterator[Fault]:
    wrong = off > limit
    if not wrong.any():
        return
    assert case.motion is not None
    frame, column = divmod(int(off.argmax()), off.shape[1])
    name = case.motion.skeleton.joint_names[joints[column]]
    where = who or f"'{name}'"
    metres = float(off[frame, column]) / case.motion.fps
    count = len(_apart(wrong.any(dim=1)))
    times = "" if count == 1 else f", the worst of {count} such places"
    others = int(wrong.any(dim=0).sum()) - 1
    more = f", with {others} other joint{'s'[: others > 1]}" if others else ""
    yield Fault(
        f"{where} jumps at {case.seconds(frame)}: {metres:.2f} m beside its course{more}{times}",
        frame=frame,
        joint=name,
    )


def _apart(marked: Bool[Tensor, " frame"]) -> list[tuple[int, int]]:
    """Stretches with at least four sound frames between them."""
    found: list[tuple[int, int]] = []
    for start, end in runs(marked):
        if found and start - found[-1][1] < 4:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found
