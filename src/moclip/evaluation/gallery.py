"""Vectors of clips and captions, and which belong together."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from moclip.evaluation.ranking import cosines


@dataclass(frozen=True, eq=False)
class Gallery:
    """Vectors of clips and of captions, and which caption was written for which clip.

    Raises ``ValueError`` when the parts contradict each other or a clip has no caption.
    """

    motion: Float[Tensor, "clip dim"]
    """Unit length."""
    text: Float[Tensor, "caption dim"]
    """Unit length; identical strings have identical vectors."""
    owner: Int[Tensor, " caption"]
    """Number of the clip a caption was written for; -1 for one that only widens the gallery."""
    captions: tuple[str, ...]

    def __post_init__(self) -> None:
        counts = {len(self.text), len(self.owner), len(self.captions)}
        if len(counts) > 1:
            raise ValueError(
                f"a gallery has {len(self.text)} text vectors, {len(self.owner)} owners and "
                f"{len(self.captions)} captions, wanted as many of each"
            )
        for name, vectors in (("motion", self.motion), ("text", self.text)):
            if not vectors.isfinite().all():
                raise ValueError(f"the gallery's {name} vectors hold a number that is not finite")
        owned = torch.bincount(self.owner[self.owner >= 0], minlength=len(self.motion))
        if len(owned) > len(self.motion) or (self.owner < -1).any():
            raise ValueError(f"an owner is no number of one of the {len(self.motion)} clips")
        if not len(owned) or not owned.all():
            raise ValueError(f"{int((owned == 0).sum())} of {len(owned)} clips have no caption")

    def only(self, chosen: Sequence[int]) -> "Gallery":
        """These captions and the clips they were written for.

        Raises ``ValueError`` for a caption that is not there or has no clip.
        """
        wrong = [i for i in chosen if not 0 <= i < len(self.owner) or self.owner[i] < 0]
        if wrong or not chosen:
            raise ValueError(f"caption {wrong[0] if wrong else 'list'} names no caption of a clip")
        clips, owner = self.owner[list(chosen)].unique(return_inverse=True)
        captions = tuple(self.captions[i] for i in chosen)
        return Gallery(self.motion[clips], self.text[list(chosen)], owner, captions)


@dataclass(frozen=True, eq=False)
class Strings:
    """A gallery with every caption string once."""

    strings: tuple[str, ...]
    similarity: Float[Tensor, "clip string"]
    first: Int[Tensor, " string"]
    """Number of a caption with this string."""
    copies: Float[Tensor, " string"]
    clip: Int[Tensor, " pair"]
    """Pairs of a clip and a string of its own, sorted, each once."""
    string: Int[Tensor, " pair"]
    times: Float[Tensor, " pair"]
    """How often the clip has this string."""
    pair_of: Int[Tensor, " query"]
    """The pair that each caption with an owner belongs to."""

    @classmethod
    def of(cls, gallery: Gallery) -> "Strings":
        number = {string: i for i, string in enumerate(dict.fromkeys(gallery.captions))}
        string = torch.tensor([number[caption] for caption in gallery.captions])
        first = torch.empty(len(number), dtype=torch.long)
        first[string.flip(0)] = torch.arange(len(string)).flip(0)
        owned = gallery.owner >= 0
        keys, pair_of, times = torch.unique(
            gallery.owner[owned] * len(number) + string[owned],
            return_inverse=True,
            return_counts=True,
        )
        return cls(
            strings=tuple(number),
            similarity=cosines(gallery.motion, gallery.text[first]),
            first=first,
            copies=torch.bincount(string).float(),
            clip=keys // len(number),
            string=keys % len(number),
            times=times.float(),
            pair_of=pair_of,
        )
