"""Clips as an evaluator is trained on them: measured once, cut and roughened anew each time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from moclip.models.evaluator import _frames
from moclip.motion import CaptionedMotion

IGNORED = -100
"""Number of the label that a clip has not."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Clips with a caption each."""

    frames: list[Float[Tensor, "_ channel"]]
    captions: list[str]
    numbers: Int[Tensor, " pair"]
    """Of the captions."""
    own: Int[Tensor, "pair most"]
    """Numbers of all captions of the same clip; rows padded with -1."""
    labels: Mapping[str, Int[Tensor, " pair"]]
    """By kind; :data:`IGNORED` where a clip has none."""

    def to(self, device: torch.device) -> "Batch":
        """The same numbers on another device; frames are brought there by the evaluator."""
        labels = {kind: row.to(device) for kind, row in self.labels.items()}
        own = self.own.to(device)
        return Batch(self.frames, self.captions, self.numbers.to(device), own, labels)


@dataclass(frozen=True, eq=False)
class Examples:
    """A set of clips to draw batches from."""

    frames: list[Float[Tensor, "_ channel"]]
    captions: list[tuple[str, ...]]
    labels: list[Mapping[str, str]]
    classes: dict[str, tuple[str, ...]]
    """Of each kind of label."""

    @classmethod
    def of(cls, clips: Sequence[CaptionedMotion], kinds: Sequence[str] | None = None) -> "Examples":
        """Measures the clips. ``kinds`` are the labels to tell, all with two classes if absent.

        Raises ``LookupError`` for a kind that does not tell the clips apart.
        """
        classes = _classes(clips)
        missing = [kind for kind in kinds or () if kind not in classes]
        if missing:
            there = ", ".join(classes) or "none"
            raise LookupError(f"the clips have no two labels '{missing[0]}'; there are: {there}")
        wanted = classes if kinds is None else {kind: classes[kind] for kind in kinds}
        frames = _frames.measure([clip.motion for clip in clips])
        return cls(frames, [clip.captions for clip in clips], [c.labels for c in clips], wanted)

    def __len__(self) -> int:
        return len(self.frames)

    def batches(
        self, size: int, *, crop: float, noise: Float[Tensor, " channel"], draw: torch.Generator
    ) -> Iterator[Batch]:
        """One epoch: clips in random order, a caption drawn for each, a remainder of one left out.

        A random cut leaves at least a share ``crop`` of a clip; ``noise`` is a deviation for each
        channel.
        """
        for members in torch.randperm(len(self), generator=draw).split(size):
            if len(members) > 1:
                yield self._batch(members.tolist(), crop, noise, draw)

    def _batch(
        self, members: list[int], crop: float, noise: Tensor, draw: torch.Generator
    ) -> Batch:
        picks = torch.rand(len(members), generator=draw).tolist()
        told = [self.captions[i] for i in members]
        captions = [own[int(pick * len(own))] for own, pick in zip(told, picks, strict=True)]
        number = {caption: i for i, caption in enumerate(dict.fromkeys(c for t in told for c in t))}
        rows = [torch.tensor([number[caption] for caption in own]) for own in told]
        return Batch(
            frames=[_varied(self.frames[i], crop, noise, draw) for i in members],
            captions=captions,
            numbers=torch.tensor([number[caption] for caption in captions]),
            own=pad_sequence(rows, batch_first=True, padding_value=-1),
            labels={kind: self._numbers(kind, members) for kind in self.classes},
        )

    def _numbers(self, kind: str, members: list[int]) -> Int[Tensor, " pair"]:
        number = {name: i for i, name in enumerate(self.classes[kind])}
        return torch.tensor([number.get(self.labels[i].get(kind, ""), IGNORED) for i in members])


def _classes(clips: Sequence[CaptionedMotion]) -> dict[str, tuple[str, ...]]:
    """Kinds of labels that tell the clips apart."""
    found: dict[str, set[str]] = {}
    for clip in clips:
        for kind, name in clip.labels.items():
            found.setdefault(kind, set()).add(name)
    return {kind: tuple(sorted(names)) for kind, names in found.items() if len(names) > 1}


def _varied(
    frames: Float[Tensor, "frame channel"], crop: float, noise: Tensor, draw: torch.Generator
) -> Float[Tensor, "_ channel"]:
    """Frames are seen from the body, so a cut is as good as the whole."""
    shares = torch.rand(2, generator=draw).tolist()
    length = max(1, round(len(frames) * (crop + (1 - crop) * shares[0])))
    start = int(shares[1] * (len(frames) - length + 1))
    cut = frames[start : start + length]
    return cut + noise * torch.randn(cut.shape, generator=draw)
