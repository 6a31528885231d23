"""Many motions in the form that models see: what :mod:`moclip.retargeting` does of one, at once.

Clips of one body and frame rate are joined end to end, so that an operation runs over the frames of
all of them; what differs from clip to clip (bones, floor, where it begins) is looked up for each
frame by the clip that it belongs to. A clip alone spends its time on calls, not on numbers.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from moclip import geometry, skeletons
from moclip.motion import Motion, frames_at
from moclip.retargeting import canonical, placed, with_lengths

_TARGET = skeletons.get("humanml3d")

_FRAMES = 2048
"""Joined at a time: more would leave the processor's caches between operations."""

_OFF = 1e-3
"""What still counts as canonical, in metres and in the cosine of the heading."""


@dataclass(frozen=True, eq=False)
class Joined:
    """Motions of one body and frame rate, end to end."""

    motion: Motion
    """Frames of all."""
    counts: Int[Tensor, " clip"]
    """Frames of each."""

    @classmethod
    def of(cls, motions: Sequence[Motion]) -> "Joined":
        """Motions that differ in numbers alone."""
        first = motions[0]
        turns = [m.rotations for m in motions if m.rotations is not None]
        joints = torch.cat([m.joints for m in motions])
        counts = torch.tensor([len(m) for m in motions], device=joints.device)
        rotations = torch.cat(turns) if turns else None
        return cls(Motion(joints, first.fps, first.skeleton, rotations), counts)

    @property
    def starts(self) -> Int[Tensor, " clip"]:
        """The first frame of each."""
        return self.counts.cumsum(dim=0) - self.counts

    @property
    def clip(self) -> Int[Tensor, " frame"]:
        """Which clip a frame belongs to."""
        return torch.repeat_interleave(self.counts)

    def with_joints(self, joints: Float[Tensor, "frame joint 3"]) -> "Joined":
        return replace(self, motion=replace(self.motion, joints=joints))

    def firsts(self) -> Motion:
        """The first frames of all, one after the other."""
        return replace(self.motion, joints=self.motion.joints[self.starts], rotations=None)

    def lowest(self) -> Float[Tensor, " clip"]:
        """How far down any joint of a clip reaches."""
        heights = self.motion.joints[..., 1].amin(dim=1)
        return torch.segment_reduce(heights, "min", lengths=self.counts)

    def motions(self) -> list[Motion]:
        """One by one again."""
        body, fps = self.motion.skeleton, self.motion.fps
        parts = self.motion.joints.split(self.counts.tolist())
        return [Motion(joints, fps, body) for joints in parts]


def canonical_all(motions: Sequence[Motion], *, fps: float = 20.0) -> list[Motion]:
    """Each as :func:`retargeting.canonical` makes it (within 1e-5 m), in the order given.

    Raises what that function raises.
    """
    found: dict[int, Motion] = {}
    for numbers in _alike(motions):
        part = [motions[number] for number in numbers]
        found |= zip(numbers, _canonical(part, fps), strict=True)
    return [found[number] for number in range(len(motions))]


def are_canonical(motions: Sequence[Motion], *, fps: float = 20.0) -> list[bool]:
    """What :func:`retargeting.is_canonical` says of each."""
    found = [False] * len(motions)
    for numbers in _alike(motions):
        part = [motions[number] for number in numbers]
        for number, holds in zip(numbers, _hold(part, fps), strict=True):
            found[number] = holds
    return found


def _alike(motions: Sequence[Motion]) -> Iterator[list[int]]:
    """Numbers of motions that can be joined, at most about :data:`_FRAMES` frames of them."""
    groups: defaultdict[Any, list[int]] = defaultdict(list)
    for number, motion in enumerate(motions):
        joints, is_turned = motion.joints, motion.rotations is not None
        key = motion.skeleton, motion.fps, is_turned, joints.dtype, joints.device
        groups[key].append(number)
    for numbers in groups.values():
        yield from _pieces(numbers, motions)


def _pieces(numbers: Iterable[int], motions: Sequence[Motion]) -> Iterator[list[int]]:
    piece: list[int] = []
    frames = 0
    for number in numbers:
        if piece and frames + len(motions[number]) > _FRAMES:
            yield piece
            piece, frames = [], 0
        piece.append(number)
        frames += len(motions[number])
    yield piece


def _canonical(motions: Sequence[Motion], fps: float) -> list[Motion]:
    """Of motions that can be joined."""
    if any(frames_at(len(motion), motion.fps, fps) < 2 for motion in motions):
        return [canonical(motion, fps=fps) for motion in motions]  # says what is wrong
    return _centred(_retargeted(_resampled(Joined.of(motions), fps))).motions()


def _hold(motions: Sequence[Motion], fps: float) -> list[bool]:
    """Whether each of motions that can be joined is canonical."""
    first = motions[0]
    if first.fps != fps or first.skeleton != _TARGET or first.rotations is not None:
        return [False] * len(motions)
    joined = Joined.of(motions)
    firsts = joined.firsts()
    x, _, z = firsts.joints[:, 0].abs().unbind(-1)
    turned = (1 - firsts.facing()[:, 2]).abs()
    off = torch.stack((x, z, joined.lowest().abs(), turned)).amax(dim=0)
    return ((off < _OFF) & (joined.counts > 1)).tolist()


def _resampled(joined: Joined, fps: float) -> Joined:
    """See :meth:`Motion.resampled`."""
    own = joined.motion.fps
    if own == fps:
        return joined
    counts = [frames_at(frames, own, fps) for frames in joined.counts.tolist()]
    new = replace(joined, counts=joined.counts.new_tensor(counts))
    number = torch.arange(sum(counts), device=new.counts.device) - new.starts[new.clip]
    at = number.double() * own / fps
    last = joined.counts[new.clip] - 1
    before = at.long().clamp(max=last)
    share = (at - before).to(joined.motion.joints.dtype)
    after = (before + 1).clamp(max=last)
    start = joined.starts[new.clip]
    motion = joined.motion.blended(start + before, start + after, share, fps=fps)
    return replace(new, motion=motion)


def _retargeted(joined: Joined) -> Joined:
    """See :func:`retargeting.retarget`; each clip keeps its own medians of bone lengths."""
    motion = placed(joined.motion)
    lengths = motion.bone_lengths().split(joined.counts.tolist())
    padded = pad_sequence(list(lengths), batch_first=True, padding_value=torch.nan)
    own = padded.nanmedian(dim=1).values
    return replace(joined, motion=with_lengths(motion, own[joined.clip]))


def _centred(joined: Joined) -> Joined:
    """See :meth:`Motion.grounded` and :meth:`Motion.centred`."""
    firsts, clip = joined.firsts(), joined.clip
    x, _, z = firsts.facing().unbind(-1)
    turns = geometry.axis_rotation("Y", -torch.atan2(x, z))
    place = (turns @ firsts.joints[:, 0, :, None]).squeeze(-1)
    start = torch.stack((place[:, 0], joined.lowest(), place[:, 2]), dim=-1)
    joints = joined.motion.joints @ turns.transpose(-1, -2)[clip]
    return joined.with_joints(joints - start[clip][:, None])
