"""Clips into batches drawn at random, like lengths padded together, a caption for each clip."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from moclip.models.text.base import TextTower
from moclip.models.two_tower import MoCLIP, unit
from moclip.motion import CaptionedMotion, Motion, MotionBatch
from moclip.training.defences import Variants
from moclip.training.objectives import Batch
from moclip.training.sections import Augment


@dataclass(frozen=True, eq=False)
class Teacher:
    """Vectors of the frozen text tower, computed once for every caption."""

    number: dict[str, int]
    raw: Float[Tensor, "caption dim"]

    @classmethod
    def of(cls, model: MoCLIP, captions: Sequence[str]) -> "Teacher":
        return cls.of_tower(model.text, captions)

    @classmethod
    def of_tower(cls, text: TextTower, captions: Sequence[str]) -> "Teacher":
        unique = tuple(dict.fromkeys(captions))
        with torch.no_grad():
            raw = text.encode(unique).float()
        return cls({caption: row for row, caption in enumerate(unique)}, raw)

    def of_captions(self, captions: Sequence[str]) -> Float[Tensor, "caption dim"]:
        """Raw vectors."""
        return self.raw[[self.number[caption] for caption in captions]]


def with_mirrored(clips: Sequence[CaptionedMotion], kind: str) -> list[CaptionedMotion]:
    """The clips and, as :class:`Augment` says, their mirrored twins.

    With ``known`` a twin joins only if the set has all its captions already.
    """
    if kind == "off":
        return list(clips)
    known = {caption for clip in clips for caption in clip.captions}
    twins = [clip.mirrored() for clip in clips]
    if kind == "known":
        twins = [twin for twin in twins if known.issuperset(twin.captions)]
    return [*clips, *twins]


@dataclass(frozen=True, eq=False)
class Batches:
    """One epoch after the other of a fixed set of clips.

    The order, the captions and the augmentation of an epoch depend on ``seed`` and its number only,
    so a run can be taken up in the middle of an epoch.
    """

    clips: Sequence[CaptionedMotion]
    teacher: Teacher
    size: int
    seed: int
    augment: Augment = field(default_factory=lambda: Augment())
    slack: float = 0.2
    """Clips are padded together when the shortest lacks at most this share of the longest.

    A batch is drawn at random, so that its negatives are those of the whole set: a raised hand is
    short, a waving one long, and batches of like length would never show both.
    """
    variants: Variants | None = None
    """Other words for the captions, where a defence asks for them."""
    frames: int | None = None
    """Most frames that are padded together, padding included."""

    def __len__(self) -> int:
        """Steps of an epoch. A remainder of one clip is left out: it has no negatives."""
        whole, rest = divmod(len(self.clips), self.size)
        return whole + (rest >= 2)

    def epoch(self, number: int, *, skip: int = 0) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(self.seed * 100_003 + number)
        for step, members in enumerate(self._plan(generator)):
            picks = torch.rand(len(members), generator=generator)
            draw = torch.Generator().manual_seed(int(torch.randint(2**62, (), generator=generator)))
            if step >= skip:
                yield self._batch(members, picks, draw)

    def _plan(self, generator: torch.Generator) -> list[list[int]]:
        """Members of each batch: drawn at random, then the short before the long."""
        order = torch.randperm(len(self.clips), generator=generator).tolist()
        if len(order) % self.size == 1:
            del order[-1]  # alone it would have no negatives
        batches = [order[i : i + self.size] for i in range(0, len(order), self.size)]
        return [sorted(batch, key=lambda clip: len(self.clips[clip].motion)) for batch in batches]

    def _batch(self, members: list[int], picks: Tensor, draw: torch.Generator) -> Batch:
        clips = [self.clips[member] for member in members]
        captions = [
            clip.captions[int(pick * len(clip.captions))]
            for clip, pick in zip(clips, picks, strict=True)
        ]
        motions = [varied(clip.motion, self.augment, draw) for clip in clips]
        # Cuts and speeds change lengths, and neighbours are padded together.
        order = sorted(range(len(motions)), key=lambda pair: len(motions[pair]))
        clips = [clips[pair] for pair in order]
        captions = [captions[pair] for pair in order]
        motions = [motions[pair] for pair in order]
        unique = tuple(dict.fromkeys(captions))
        row = {caption: i for i, caption in enumerate(unique)}
        raw = self.teacher.of_captions(captions)
        others = () if self.variants is None else self.variants.of_captions(unique)
        said = unique if self.variants is None else self.variants.said(unique, draw)
        return Batch(
            motions=tuple(map(MotionBatch.of, runs(motions, self.slack, frames=self.frames))),
            captions=said,
            text_index=torch.tensor([row[caption] for caption in captions]),
            own=self._own(clips),
            numbers=torch.tensor([self.teacher.number[caption] for caption in captions]),
            teacher=unit(raw),
            teacher_norm=raw.norm(dim=-1),
            variants=others,
            changed=() if self.variants is None else self.variants.changed(unique, draw),
        )

    def _own(self, clips: Sequence[CaptionedMotion]) -> Int[Tensor, "pair most"]:
        number = self.teacher.number
        rows = [torch.tensor([number[caption] for caption in clip.captions]) for clip in clips]
        return pad_sequence(rows, batch_first=True, padding_value=-1)


def runs(
    motions: Sequence[Motion], slack: float, *, frames: int | None = None
) -> list[list[Motion]]:
    """Neighbours of like length together: none lacks more than ``slack`` of its run's longest.

    A run has at most ``frames``, padding included, or a single motion.
    """
    made: list[list[Motion]] = []
    longest, shortest = 0, 0
    for motion in motions:
        longest, shortest = max(longest, len(motion)), min(shortest, len(motion))
        fits = frames is None or not made or (len(made[-1]) + 1) * longest <= frames
        if made and fits and shortest >= (1 - slack) * longest:
            made[-1].append(motion)
        else:
            made.append([motion])
            longest = shortest = len(motion)
    return made


def varied(motion: Motion, augment: Augment, draw: torch.Generator) -> Motion:
    """A random cut, another speed, a little noise: what leaves the caption true."""

    def uniform(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=draw))

    if augment.crop < 1:
        frames = max(2, round(len(motion) * uniform(augment.crop, 1.0)))
        start = int(uniform(0.0, float(len(motion) - frames + 1)))
        motion = replace(motion, joints=motion.joints[start : start + frames], rotations=None)
    if augment.speed:
        rate = motion.fps * uniform(1 - augment.speed, 1 + augment.speed)
        motion = replace(_at_rate(motion, rate), fps=motion.fps)
    if augment.noise:
        noise = torch.randn(motion.joints.shape, generator=draw) * augment.noise
        motion = replace(motion, joints=motion.joints + noise, rotations=None)
    return motion


def _at_rate(motion: Motion, fps: float) -> Motion:
    """Frames blended linearly: faster than :meth:`Motion.resampled`, exact enough for training."""
    count = max(2, int((len(motion) - 1) * fps / motion.fps) + 1)
    frames = motion.joints.flatten(1).T[None]
    joints = F.interpolate(frames, size=count, mode="linear", align_corners=True)[0].T
    return replace(motion, joints=joints.reshape(count, *motion.joints.shape[1:]), rotations=None)
