"""Clips as tokens with the raw vectors of their captions, made once for all epochs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from moclip.models.generator._codes import Codes
from moclip.models.generator.quantiser import Quantiser
from moclip.motion import CaptionedMotion, MotionBatch
from moclip.training.batches import Teacher

_CHUNK = 64


@dataclass(frozen=True, eq=False)
class Tokens:
    """Of a split."""

    tokens: Sequence[Int[Tensor, "_ layer"]]
    frames: Sequence[int]
    captions: Sequence[tuple[str, ...]]
    teacher: Teacher
    """Raw vectors of all captions, as generators read them."""

    @classmethod
    def of_clips(
        cls, quantiser: Quantiser, clips: Sequence[CaptionedMotion], teacher: Teacher
    ) -> "Tokens":
        """The quantiser's, on the device it is on."""
        device = quantiser.mean.device
        tokens: list[Tensor] = []
        for at in range(0, len(clips), _CHUNK):
            motions = [clip.motion for clip in clips[at : at + _CHUNK]]
            codes = quantiser.encode(MotionBatch.of(motions).to(device)).to("cpu")
            tokens += [row[real] for row, real in zip(codes.tokens, codes.mask, strict=True)]
        frames = [len(clip.motion) for clip in clips]
        return cls(tokens, frames, [clip.captions for clip in clips], teacher)

    def __len__(self) -> int:
        """Clips."""
        return len(self.tokens)

    def of(self, members: Sequence[int], draw: torch.Generator) -> tuple[Codes, Tensor]:
        """Some clips, a caption of each drawn."""
        picks = torch.rand(len(members), generator=draw).tolist()
        said = [
            self.captions[member][int(pick * len(self.captions[member]))]
            for member, pick in zip(members, picks, strict=True)
        ]
        return self._codes(members), self._text(said)

    def in_order(self, size: int) -> Iterator[tuple[Codes, Tensor]]:
        """All clips, each with its first caption."""
        for at in range(0, len(self), size):
            members = range(at, min(at + size, len(self)))
            yield self._codes(members), self._text([self.captions[i][0] for i in members])

    def _codes(self, members: Sequence[int]) -> Codes:
        rows = [self.tokens[member] for member in members]
        mask = pad_sequence([torch.ones(len(row)) for row in rows], batch_first=True).bool()
        frames = torch.tensor([self.frames[member] for member in members])
        return Codes(pad_sequence(rows, batch_first=True), mask, frames)

    def _text(self, captions: Sequence[str]) -> Float[Tensor, "clip dim"]:
        return self.teacher.of_captions(captions)
