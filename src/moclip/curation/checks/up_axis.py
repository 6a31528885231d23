"""A body that stands along another axis than y.

Files with z up, or with y pointing down, show a body that lies, or stands on its head, from
beginning to end.
"""

from collections.abc import Iterator

import torch

from moclip.curation.checks.base import Case, Fault
from moclip.motion import Motion

HIDES = ("floor", "fps")

_ALONG = 0.85
"""Cosine between the axis and the way from the ankles to the neck: within 32 degrees of it."""
_STRAIGHT = 0.7
"""Length of that way over the bones along it: a crawler bends, a standing person does not."""
_SHARE = 0.9
"""Of the frames; whoever lies down or stands on the hands does so for a while."""


def look(case: Case) -> Iterator[Fault]:
    """The axis along which the body stands upright nearly all the time."""
    body = case.body
    if body is None:
        return
    ankles = (body.joint("left_ankle") + body.joint("right_ankle")) / 2
    up = body.joint("neck") - ankles
    length = up.norm(dim=-1)
    straight = length > _STRAIGHT * _bones(body)
    for axis, sign in ((1, -1), (2, 1), (2, -1), (0, 1), (0, -1)):
        along = sign * up[:, axis] > _ALONG * length
        share = float((along & straight).float().mean())
        if share >= _SHARE and not _lies(body, axis, sign):
            name = f"{'-' * (sign < 0)}{'xyz'[axis]}"
            yield Fault(
                f"the body stands along {name} in {share:.0%} of the frames, wanted y up: turn it "
                f"so that {name} becomes y"
            )
            return


def _bones(body: Motion) -> float:
    """From ankle to neck along the bones, in metres."""
    joints = ("left_ankle", "left_knee", "left_hip", "pelvis", "spine1", "spine2", "spine3", "neck")
    path = torch.stack([body.joint(joint) for joint in joints])
    return float((path[1:] - path[:-1]).norm(dim=-1).sum(dim=0).median())


def _lies(body: Motion, axis: int, sign: int) -> bool:
    """Whether the body rather lies on the floor y = 0 than stands on the axis's own zero."""
    if axis == 1:
        return False
    low, high = body.joints[..., 1].min(), body.joints[..., 1].max()
    feet = (sign * body.joints[..., axis]).amin(dim=1).median()
    return bool(-0.1 < low < 0.2 and high < 0.8 and feet.abs() > 0.2)
