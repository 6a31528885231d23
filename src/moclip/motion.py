"""The types that pass between rooms: a motion, a batch of them, a motion with its captions.

Metres, seconds; y up, z forward, so +x is the body's left. See ``docs/conventions.md``.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from moclip import geometry
from moclip.skeletons.base import Skeleton, Vector

_MIRRORED_WORDS = {
    "left": "right",
    "lefts": "rights",
    "leftward": "rightward",
    "leftwards": "rightwards",
    "lefthanded": "righthanded",
    "clockwise": "counterclockwise",
    "anticlockwise": "clockwise",
}
_MIRRORED_WORDS |= {
    there: here for here, there in _MIRRORED_WORDS.items() if here != "anticlockwise"
}
_SIDED_WORD = re.compile(
    r"(?<![^\W_])(counter[- ]?clockwise|anti[- ]?clockwise|"
    + "|".join(_MIRRORED_WORDS)
    + r")(?![^\W_])",  # the ends of a word, ``_`` counted as a space: labels say ``turn_left``
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class Motion:
    """One body moving: joint positions in metres, and local rotations where they are known.

    Raises ``ValueError`` when shapes, frame rate or numbers cannot be a motion.
    """

    joints: Float[Tensor, "frame joint 3"]
    fps: float
    skeleton: Skeleton
    rotations: Float[Tensor, "frame joint 3 3"] | None = None
    """Of each joint relative to its parent; the bones they turn are ``skeleton.offsets``."""

    def __post_init__(self) -> None:
        shape = tuple(self.joints.shape)
        if len(shape) != 3 or shape[2] != 3:
            raise ValueError(f"joints have shape {shape}, wanted (frame, joint, 3)")
        if shape[1] != len(self.skeleton):
            name, count = self.skeleton.name, len(self.skeleton)
            raise ValueError(f"motion has {shape[1]} joints, skeleton '{name}' has {count}")
        if not shape[0]:
            raise ValueError("a motion needs at least one frame")
        if not 0 < self.fps < float("inf"):
            raise ValueError(f"fps is {self.fps}, wanted a positive number")
        if not self.joints.isfinite().all():
            frame = int((~self.joints.isfinite()).any(-1).any(-1).nonzero()[0])
            raise ValueError(f"joints hold a number that is not finite at frame {frame}")
        if self.rotations is not None:
            if tuple(self.rotations.shape) != (*shape, 3):
                raise ValueError(
                    f"rotations have shape {tuple(self.rotations.shape)}, wanted {(*shape, 3)}"
                )
            if not self.rotations.isfinite().all():
                raise ValueError("rotations hold a number that is not finite")

    def __len__(self) -> int:
        """Frames."""
        return len(self.joints)

    @property
    def duration(self) -> float:
        """Seconds: each frame lasts ``1 / fps``."""
        return len(self) / self.fps

    @classmethod
    def from_rotations(
        cls,
        rotations: Float[Tensor, "frame joint 3 3"],
        root: Float[Tensor, "frame 3"],
        *,
        fps: float,
        skeleton: Skeleton,
    ) -> "Motion":
        """Joints by forward kinematics on the skeleton's own bones."""
        offsets = torch.tensor(skeleton.offsets, dtype=rotations.dtype, device=rotations.device)
        joints, _ = geometry.forward_kinematics(rotations, root, offsets, skeleton.parents)
        return cls(joints, fps, skeleton, rotations)

    def joint(self, name: str) -> Float[Tensor, "frame 3"]:
        """Path of one joint, by name."""
        return self.joints[:, self.skeleton.index(name)]

    def end(self, joint: str) -> Float[Tensor, "frame 3"]:
        """Path of the tip that hangs on ``joint``. Raises ``LookupError`` where there is none."""
        ends = dict(self.skeleton.ends)
        if joint not in ends or self.rotations is None:
            raise LookupError(
                f"'{joint}' has no tip here; tips hang on: {', '.join(ends) or 'no joint'}"
            )
        turned = geometry.global_rotations(self.rotations, self.skeleton.parents)
        tip = self.joints.new_tensor(ends[joint])
        return self.joint(joint) + turned[:, self.skeleton.index(joint)] @ tip

    def bone_lengths(self) -> Float[Tensor, "frame bone"]:
        """Distance of every joint but the root to its parent, in metres."""
        parents = list(self.skeleton.parents[1:])
        return (self.joints[:, 1:] - self.joints[:, parents]).norm(dim=-1)

    def cut(self, start: float = 0.0, end: float | None = None) -> "Motion":
        """The frames from ``start`` up to, not including, ``end`` (seconds).

        Raises ``ValueError`` when nothing is left or the span lies outside the motion.
        """
        stop = self.duration if end is None else end
        known = math.isfinite(start) and math.isfinite(stop)
        first, last = (round(start * self.fps), round(stop * self.fps)) if known else (0, 0)
        if not 0 <= first < last <= len(self):
            raise ValueError(
                f"cannot cut {start:g}..{stop:g} s out of a motion of {self.duration:g} s"
            )
        rotations = None if self.rotations is None else self.rotations[first:last]
        return replace(self, joints=self.joints[first:last], rotations=rotations)

    def resampled(self, fps: float) -> "Motion":
        """The same movement at another frame rate; the first frame stays where it is.

        Rotations move on the sphere and joints follow them, so bones keep their lengths; without
        rotations, bone directions are blended and lengths kept.
        """
        if not 0 < fps < float("inf"):
            raise ValueError(f"fps is {fps}, wanted a positive number")
        if fps == self.fps:
            return self
        count = frames_at(len(self), self.fps, fps)
        at = torch.arange(count, dtype=torch.float64, device=self.joints.device) * self.fps / fps
        before = at.long().clamp(max=len(self) - 1)
        after = (before + 1).clamp(max=len(self) - 1)
        return self.blended(before, after, (at - before).to(self.joints.dtype), fps=fps)

    def blended(
        self,
        before: Int[Tensor, " new"],
        after: Int[Tensor, " new"],
        share: Float[Tensor, " new"],
        *,
        fps: float,
    ) -> "Motion":
        """Frames between those numbered ``before`` (share 0) and ``after`` (share 1)."""
        if self.rotations is None:
            return replace(self, joints=self._blend_bones(before, after, share), fps=fps)
        rotations = self.rotations[before]
        between = share.nonzero()[:, 0]  # from 30 to 20 fps every second frame stays as it is
        rotations[between] = geometry.slerp(
            rotations[between], self.rotations[after[between]], share[between, None]
        )
        bones = self._local_bones()
        weight = share[:, None, None]
        bones = bones[before] * (1 - weight) + bones[after] * weight
        joints, _ = geometry.forward_kinematics(
            rotations, bones[:, 0], bones, self.skeleton.parents
        )
        return replace(self, joints=joints, rotations=rotations, fps=fps)

    def _local_bones(self) -> Float[Tensor, "frame joint 3"]:
        """Each joint in its parent's frame; constant unless a file moves joints apart."""
        assert self.rotations is not None
        parents = list(self.skeleton.parents[1:])
        turned = geometry.global_rotations(self.rotations, self.skeleton.parents)[:, parents]
        bones = (self.joints[:, 1:] - self.joints[:, parents]).unsqueeze(-1)
        local = (turned.transpose(-1, -2) @ bones).squeeze(-1)
        return torch.cat((self.joints[:, :1], local), dim=1)

    def _blend_bones(
        self, before: Tensor, after: Tensor, share: Float[Tensor, " new"]
    ) -> Float[Tensor, "new joint 3"]:
        weight = share[:, None, None]
        blended = self.joints[before] * (1 - weight) + self.joints[after] * weight
        lengths = self.bone_lengths()
        lengths = lengths[before] * (1 - weight[..., 0]) + lengths[after] * weight[..., 0]
        joints = [blended[:, 0]]
        for joint, parent in enumerate(self.skeleton.parents[1:], start=1):
            direction = F.normalize(blended[:, joint] - blended[:, parent], dim=-1)
            joints.append(joints[parent] + direction * lengths[:, joint - 1, None])
        return torch.stack(joints, dim=1)

    def mirrored(self) -> "Motion":
        """Seen in a mirror: left becomes right, the path turns the other way.

        Raises ``ValueError`` for a body whose hips or shoulders (``across``) are no twins.
        """
        body = self.skeleton
        twin = list(body.mirror)
        for left, right in body.across:
            if left == right or twin[body.index(left)] != body.index(right):
                raise ValueError(
                    f"'{body.name}' cannot be mirrored: of its pairs across the body '{left}' and "
                    f"'{right}' are not each other's twins"
                )
        flip = self.joints.new_tensor((-1.0, 1.0, 1.0))
        rotations = self.rotations
        if rotations is not None:
            rotations = rotations[:, twin] * flip[:, None] * flip
        skeleton = body.with_offsets(
            (_flipped(body.offsets[other]) for other in twin),
            ((body.joint_names[twin[body.index(j)]], _flipped(tip)) for j, tip in body.ends),
        )
        return Motion(self.joints[:, twin] * flip, self.fps, skeleton, rotations)

    def facing(self) -> Float[Tensor, "frame 3"]:
        """Horizontal unit vector the body faces, from its hips and shoulders.

        Raises ``LookupError`` when the skeleton does not say which joints those are.
        """
        if not self.skeleton.across:
            raise LookupError(
                f"skeleton '{self.skeleton.name}' names no hips or shoulders to tell its facing by"
            )
        left = sum(self.joint(a) - self.joint(b) for a, b in self.skeleton.across)
        assert isinstance(left, Tensor)
        forward = torch.stack((-left[:, 2], torch.zeros_like(left[:, 0]), left[:, 0]), dim=-1)
        return F.normalize(forward, dim=-1)

    def turned(self, rotation: Float[Tensor, "3 3"]) -> "Motion":
        """Everything rotated about the origin."""
        rotations = self.rotations
        if rotations is not None:
            rotations = torch.cat((rotation @ rotations[:, :1], rotations[:, 1:]), dim=1)
        return replace(self, joints=self.joints @ rotation.T, rotations=rotations)

    def moved(self, by: Float[Tensor, "3"]) -> "Motion":
        """Everything shifted, in metres."""
        return replace(self, joints=self.joints + by)

    def centred(self) -> "Motion":
        """Root above the origin and facing +z at the first frame; height is kept."""
        x, _, z = self.facing()[0].unbind(-1)
        turned = self.turned(geometry.axis_rotation("Y", -torch.atan2(x, z)))
        return turned.moved(-turned.joints[0, 0] * turned.joints.new_tensor((1.0, 0.0, 1.0)))

    def grounded(self) -> "Motion":
        """The lowest point any joint reaches is the floor, y = 0."""
        lowest = self.joints[..., 1].min()
        return self.moved(lowest * self.joints.new_tensor((0.0, -1.0, 0.0)))

    def to(self, device: torch.device | str) -> "Motion":
        """The same numbers on another device."""
        rotations = None if self.rotations is None else self.rotations.to(device)
        return replace(self, joints=self.joints.to(device), rotations=rotations)


@dataclass(frozen=True, eq=False)
class MotionBatch:
    """Motions of one tree of joints and one frame rate, padded to the longest."""

    joints: Float[Tensor, "clip frame joint 3"]
    """Positions in metres; zero where ``mask`` is False."""
    mask: Bool[Tensor, "clip frame"]
    """True where a frame is real, False where it is padding."""
    fps: float
    skeleton: Skeleton
    rotations: Float[Tensor, "clip frame joint 3 3"] | None = None

    @classmethod
    def of(cls, motions: Sequence[Motion], *, frames: int | None = None) -> "MotionBatch":
        """Pads to the longest motion, or to ``frames``.

        Raises ``ValueError`` when the motions differ in joints or frame rate.
        """
        if not motions:
            raise ValueError("a batch needs at least one motion")
        first = motions[0]
        for motion in motions[1:]:
            if not motion.skeleton.same_tree(first.skeleton):
                names = f"'{first.skeleton.name}' and '{motion.skeleton.name}'"
                raise ValueError(
                    f"a batch has one skeleton, these have {names}; retarget them first"
                )
            if motion.fps != first.fps:
                raise ValueError(
                    f"a batch has one frame rate, these have {first.fps:g} and {motion.fps:g} fps"
                )
        lengths = torch.tensor([len(m) for m in motions], device=first.joints.device)
        longest = int(lengths.max())
        if frames is not None and frames < longest:
            raise ValueError(f"the longest motion has {longest} frames, more than {frames}")
        width = frames or longest
        mask = torch.arange(width, device=lengths.device) < lengths[:, None]
        turns = [m.rotations for m in motions if m.rotations is not None]
        # Rotations mean something only with the bones they turn, and a batch has one set of bones.
        turned = len(turns) == len(motions) and all(m.skeleton == first.skeleton for m in motions)
        rotations = _padded(turns, width) if turned else None
        return cls(
            _padded([m.joints for m in motions], width), mask, first.fps, first.skeleton, rotations
        )

    def __len__(self) -> int:
        """Clips."""
        return len(self.joints)

    @property
    def lengths(self) -> Tensor:
        """Real frames of each clip."""
        return self.mask.sum(dim=1)

    def motions(self) -> list[Motion]:
        """The motions without their padding."""
        lengths = self.lengths.tolist()
        turns = [None] * len(self) if self.rotations is None else list(self.rotations)
        return [
            Motion(joints[:n], self.fps, self.skeleton, None if turn is None else turn[:n])
            for joints, turn, n in zip(self.joints, turns, lengths, strict=True)
        ]

    def to(self, device: torch.device | str) -> "MotionBatch":
        """The same numbers on another device."""
        rotations = None if self.rotations is None else self.rotations.to(device)
        return replace(
            self, joints=self.joints.to(device), mask=self.mask.to(device), rotations=rotations
        )


@dataclass(frozen=True, eq=False)
class CaptionedMotion:
    """A motion with what people say of it; what a data set yields."""

    id: str
    """Stable: the same file and span give the same id everywhere."""
    motion: Motion
    captions: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    """The data set's own classes, such as ``{"content": "walk", "style": "elderly"}``."""

    def __post_init__(self) -> None:
        if not self.captions or not all(caption.strip() for caption in self.captions):
            raise ValueError(f"clip '{self.id}' has an empty caption")

    def mirrored(self) -> "CaptionedMotion":
        """The mirrored motion, left and right exchanged in its captions, an M before its id."""
        captions = tuple(mirror_caption(caption) for caption in self.captions)
        labels = {kind: mirror_caption(label) for kind, label in self.labels.items()}
        return CaptionedMotion(f"M{self.id}", self.motion.mirrored(), captions, labels)


def frames_at(frames: int, own: float, fps: float) -> int:
    """How many frames a motion of ``frames`` at ``own`` fps has at ``fps``."""
    return int((frames - 1) * fps / own + 1e-6) + 1


def mirror_caption(caption: str) -> str:
    """Exchanges left/right and clockwise/counterclockwise, whole words only, keeping their case."""

    def swap(match: re.Match[str]) -> str:
        word = match[0]
        plain = re.sub(r"[- ]", "", word.lower())
        other = _MIRRORED_WORDS[plain]
        if word.isupper():
            return other.upper()
        return other.capitalize() if word[0].isupper() else other

    return _SIDED_WORD.sub(swap, caption)


def _flipped(offset: Vector) -> Vector:
    return (-offset[0], offset[1], offset[2])


def _padded(tensors: list[Tensor], width: int) -> Tensor:
    out = tensors[0].new_zeros(len(tensors), width, *tensors[0].shape[1:])
    for row, tensor in zip(out, tensors, strict=True):
        row[: len(tensor)] = tensor
    return out
