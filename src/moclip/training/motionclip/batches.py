"""Posed clips with their captions' vectors, in batches drawn at random or in one order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from moclip.models.autoencoder.frames import FPS, Frames, posed
from moclip.motion import CaptionedMotion, Motion
from moclip.training.batches import Teacher, runs
from moclip.training.motionclip.recipe import Augment


@dataclass(frozen=True, eq=False)
class Batch:
    """Runs of clips of like length, padded apart, and what is said of each."""

    runs: tuple[Frames, ...]
    text: Float[Tensor, "clip dim"]
    """Unit vectors of one caption of each clip."""
    image: Float[Tensor, "clip dim"] | None
    """Unit vectors of a picture of each clip."""
    numbers: Int[Tensor, " clip"]
    """Of the captions, the same for the same words."""
    whole: Bool[Tensor, " clip"]
    """False where a clip was cut, so that its caption may no longer fit."""

    def to(self, device: torch.device) -> "Batch":
        return Batch(
            tuple(run.to(device) for run in self.runs),
            self.text.to(device),
            None if self.image is None else self.image.to(device),
            self.numbers.to(device),
            self.whole.to(device),
        )


@dataclass(frozen=True, eq=False)
class Batches:
    """One epoch after the other; each depends on ``seed`` and its number only."""

    clips: Sequence[CaptionedMotion]
    """Posed; see :func:`posed_clips`."""
    teacher: Teacher
    images: Float[Tensor, "clip dim"] | None
    size: int
    seed: int
    augment: Augment
    slack: float

    def __len__(self) -> int:
        """Steps of an epoch; a remainder is left out, so that all batches weigh the same."""
        return max(1, len(self.clips) // self.size)

    def epoch(self, number: int, *, skip: int = 0) -> Iterator[Batch]:
        draw = torch.Generator().manual_seed(self.seed * 100_003 + number)
        order = torch.randperm(len(self.clips), generator=draw).tolist()
        for step in range(len(self)):
            own = torch.Generator().manual_seed(int(torch.randint(2**62, (), generator=draw)))
            if step >= skip:
                yield self._batch(order[step * self.size : (step + 1) * self.size], own)

    def in_order(self) -> Iterator[Batch]:
        """All clips, whole and with their first captions, in batches of like size."""
        parts = -(-len(self.clips) // self.size)
        for part in range(parts):
            members = list(range(part, len(self.clips), parts))
            said = [self.clips[i].captions[0] for i in members]
            yield self._of(members, said, [None] * len(members))

    def _batch(self, members: list[int], draw: torch.Generator) -> Batch:
        chosen = torch.rand(len(members), 2, generator=draw)
        motions = [
            self._cut(self.clips[i].motion, draw) if share < self.augment.crop else None
            for i, share in zip(members, chosen[:, 0].tolist(), strict=True)
        ]
        captions = [
            self.clips[i].captions[int(pick * len(self.clips[i].captions))]
            for i, pick in zip(members, chosen[:, 1].tolist(), strict=True)
        ]
        return self._of(members, captions, motions)

    def _of(
        self, members: list[int], captions: list[str], motions: Sequence[Motion | None]
    ) -> Batch:
        """The short before the long; ``motions`` has ``None`` for a clip that stays whole."""
        made = [cut or self.clips[i].motion for i, cut in zip(members, motions, strict=True)]
        order = sorted(range(len(made)), key=lambda at: len(made[at]))
        captions, rows = [captions[at] for at in order], [members[at] for at in order]
        return Batch(
            tuple(map(Frames.of, runs([made[at] for at in order], self.slack))),
            self.teacher.of_captions(captions),
            None if self.images is None else self.images[rows],
            torch.tensor([self.teacher.number[caption] for caption in captions]),
            torch.tensor([motions[at] is None for at in order]),
        )

    def _cut(self, motion: Motion, draw: torch.Generator) -> Motion | None:
        """A random stretch, begun at the origin like any clip; ``None`` if it is too short."""
        least = max(2, round(self.augment.shortest * FPS))  # one frame has no velocity
        if len(motion) <= least:
            return None
        frames = int(torch.randint(least, len(motion), (), generator=draw))
        start = int(torch.randint(len(motion) - frames + 1, (), generator=draw))
        return motion.cut(start / FPS, (start + frames) / FPS).centred()


def posed_clips(clips: Sequence[CaptionedMotion]) -> list[CaptionedMotion]:
    """The clips with rotations."""
    return [
        CaptionedMotion(clip.id, posed(clip.motion), clip.captions, clip.labels) for clip in clips
    ]
