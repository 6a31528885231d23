"""What all cells of a study look at: clips, nested subsets of them, captions to attack."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from jaxtyping import Int
from torch import Tensor

from moclip import catalog
from moclip.datasets._common import share
from moclip.motion import CaptionedMotion
from moclip.training.batches import Teacher, with_mirrored
from moclip.training.run import split_of
from moclip.training.study.robustness.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Asked:
    """Captions to find clips by, and which clips are right."""

    captions: tuple[str, ...]
    query: Int[Tensor, " pair"]
    """Number of a caption, for each pair of a caption and a clip it was written for."""
    clip: Int[Tensor, " pair"]

    @classmethod
    def of(cls, clips: Sequence[CaptionedMotion], count: int, seed: int) -> "Asked":
        """At most ``count`` different captions, drawn evenly whatever their number of clips."""
        captions = drawn((c for clip in clips for c in clip.captions), count, seed)
        number = {caption: i for i, caption in enumerate(captions)}
        pairs = [
            (number[caption], i)
            for i, clip in enumerate(clips)
            for caption in dict.fromkeys(clip.captions)
            if caption in number
        ]
        query, clip = torch.tensor(sorted(pairs)).T
        return cls(captions, query, clip)


@dataclass(frozen=True, eq=False)
class Material:
    """The clips of a study, read once in each process."""

    train: list[CaptionedMotion]
    test: list[CaptionedMotion]
    asked: Asked
    text_only: tuple[str, ...]
    recipe: Recipe
    _subsets: dict[tuple[float, int], list[CaptionedMotion]] = field(default_factory=dict)

    def identity(self) -> str:
        """Another one for other clips, captions or joints; the same on every machine."""
        digest = hashlib.sha256("\n".join(self.text_only).encode())
        for clip in (*self.train, *self.test):
            digest.update(f"{clip.id}\n{clip.captions}\n".encode())
            digest.update(clip.motion.joints.contiguous().numpy().tobytes())
        return digest.hexdigest()

    def subset(self, fraction: float, seed: int) -> list[CaptionedMotion]:
        """A share of the training clips, and the mirrored twins that the recipe asks for."""
        key = fraction, seed
        if key not in self._subsets:
            chosen = nested(self.train, fraction, seed)
            self._subsets[key] = with_mirrored(chosen, self.recipe.augment.mirror)
        return self._subsets[key]

    @cached_property
    def teacher(self) -> Teacher:
        """The frozen text tower's vectors of all captions that any cell is trained on."""
        text = self.recipe.text
        tower = catalog.load("models.text", text.tower, "Encoder").from_pretrained(text.source)
        clips = with_mirrored(self.train, self.recipe.augment.mirror)
        return Teacher.of_tower(tower, [caption for clip in clips for caption in clip.captions])


def nested(clips: Sequence[CaptionedMotion], fraction: float, seed: int) -> list[CaptionedMotion]:
    """A share of the motions, in their order; twins stay with their originals.

    A mirrored twin is named as its original with an ``M`` in front, as in HumanML3D.
    """
    ids = {clip.id for clip in clips}
    originals = {
        clip.id: clip.id[1:] if clip.id[:1] == "M" and clip.id[1:] in ids else clip.id
        for clip in clips
    }
    order = sorted(set(originals.values()), key=lambda name: share(name, seed))
    chosen = set(order[: max(2, math.ceil(fraction * len(order)))])
    return [clip for clip in clips if originals[clip.id] in chosen]


def drawn(captions: Iterable[str], count: int, seed: int) -> tuple[str, ...]:
    """At most so many different ones; which they are hangs on the seed and each of them alone."""
    return tuple(sorted(set(captions), key=lambda caption: (share(caption, seed), caption))[:count])


def of(recipe: Recipe) -> Material:
    """The clips of a study. Raises ``ValueError`` where a split has too few."""
    key = recipe.model_dump_json(include={"data", "text", "augment", "measuring", "seed"})
    if key not in _known:
        _known.clear()
        _known[key] = _read(recipe)
    return _known[key]


_known: dict[str, Material] = {}
"""The last that was read; a process measures many cells of one study."""


def _read(recipe: Recipe) -> Material:
    train, test = split_of(recipe, "train"), split_of(recipe, "test")
    for split, clips in (("train", train), ("test", test)):
        if len(clips) < 2:
            raise ValueError(
                f"split '{split}' of '{recipe.data.name}' has {len(clips)} clips, wanted at least 2"
            )
    count = recipe.measuring.captions
    asked = Asked.of(test, count, recipe.seed)
    others = drawn(recipe.measuring.text_only, count, recipe.seed)
    return Material(train, test, asked, others, recipe)
