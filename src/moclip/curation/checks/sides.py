"""Left and right exchanged.

Toes and knees point ahead, and which way is ahead follows from left and up; so a body whose joints
have the names of the other side, or that was mirrored without renaming, walks with its feet turned
backwards. Arms and legs must agree; and no limb stands from one frame to the next where its twin
stood.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.curation.checks.base import Case, Fault
from moclip.motion import Motion

HIDES = ("jumps", "bones")

_FEW = 0.2
"""Share of the frames in which a sound body may seem twisted: rolls and flips reach it for a
moment, captured walks never do."""
_CROSSED = 0.3
"""Times the distance that the joints of both sides go between two frames: what remains of it when
each is taken for its twin. Bodies that tip over or turn do not land on their own other side."""
_APART = 0.2
"""Metres those joints go, summed; hips alone are that far apart."""


def look(case: Case) -> Iterator[Fault]:
    """The whole body, arms or legs alone, or for some frames only."""
    body = case.body
    if body is None:
        return
    legs_change = _changes(body, "hip", "knee", "ankle")
    arms_change = _changes(body, "shoulder", "elbow", "wrist")
    if legs_change or arms_change:
        yield _moments(case, legs_change, arms_change)
        return
    hips = body.joint("left_hip") - body.joint("right_hip")
    shoulders = body.joint("left_shoulder") - body.joint("right_shoulder")
    agree = _share((hips * shoulders).sum(dim=-1))
    legs, arms = _ahead(body, hips), _ahead(body, shoulders)
    if agree < _FEW:
        wrong, share = ("legs", legs) if legs < arms else ("arms", arms)
        yield Fault(
            f"left and right {wrong} are exchanged: hips and shoulders point opposite ways in "
            f"{1 - agree:.0%} of the frames, and seen from the {wrong} toes and knees point ahead "
            f"in {share:.0%}"
        )
    elif legs < _FEW:
        yield Fault(
            f"left and right are exchanged, or the body is mirrored: toes and knees point ahead in "
            f"only {legs:.0%} of the frames"
        )


def _share(numbers: Float[Tensor, " frame"]) -> float:
    return float((numbers > 0).float().mean())


def _ahead(body: Motion, left: Float[Tensor, "frame 3"]) -> float:
    """Share of the frames in which toes and bent knees point where the body faces."""
    ahead = torch.linalg.cross(left, body.joint("neck") - body.joint("pelvis"))
    shares = []
    for side in ("left", "right"):
        hip, knee, ankle, toes = (
            body.joint(f"{side}_{joint}") for joint in ("hip", "knee", "ankle", "foot")
        )
        shares += [_share(((toes - ankle) * ahead).sum(-1))]
        shares += [_share(((knee - (hip + ankle) / 2) * ahead).sum(-1))]
    return sum(shares) / len(shares)


def _changes(body: Motion, *joints: str) -> list[int]:
    """Frames after which the left joints stand where the right ones stood, and these there."""
    left = torch.stack([body.joint(f"left_{joint}") for joint in joints], dim=1)
    right = torch.stack([body.joint(f"right_{joint}") for joint in joints], dim=1)
    straight = _distance(left[1:], left[:-1]) + _distance(right[1:], right[:-1])
    crossed = _distance(left[1:], right[:-1]) + _distance(right[1:], left[:-1])
    changed = (straight > _APART) & (crossed < _CROSSED * straight)
    return changed.nonzero().flatten().tolist()


def _distance(
    joints: Float[Tensor, "frame joint 3"], others: Float[Tensor, "frame joint 3"]
) -> Float[Tensor, " frame"]:
    return (joints - others).norm(dim=-1).sum(dim=-1)


def _moments(case: Case, legs: list[int], arms: list[int]) -> Fault:
    who = " and ".join(name for name, changes in (("legs", legs), ("arms", arms)) if changes)
    changes = sorted({*legs, *arms})
    times = "once" if len(changes) == 1 else f"{len(changes)} times"
    return Fault(
        f"left and right {who} change places between two frames, {times}, first after "
        f"{case.seconds(changes[0])}",
        frame=changes[0] + 1,
    )
