"""Words as vectors that are learned from scratch: their own, and those of their letters.

A word is the vector it has in the vocabulary plus the mean of the vectors of its pieces of three to
five letters (fastText, Bojanowski et al., 2017); pieces fall into buckets by a hash. A word never
met in training is its pieces alone: "jogged" lands near "jogging".
"""

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

_WORD = re.compile(r"[^\W_]+")
_LENGTHS = (3, 4, 5)
_UNKNOWN = 0


def words_of(caption: str) -> list[str]:
    """Lower-case words. Raises ``ValueError`` when there is none."""
    words = _WORD.findall(caption.lower())
    if not words:
        raise ValueError(f"the caption '{caption}' has no word")
    return words


def vocabulary(captions: Sequence[str]) -> tuple[str, ...]:
    """All words of the captions, sorted."""
    return tuple(sorted({word for caption in captions for word in words_of(caption)}))


class HashedWords(nn.Module):
    """Captions to a vector for each of their words."""

    def __init__(
        self, words: Sequence[str], *, width: int, buckets: int, unknown: float, most: int
    ) -> None:
        super().__init__()
        self.number = {word: i for i, word in enumerate(words, start=1)}
        self.buckets, self.unknown, self.most = buckets, unknown, most
        self.words = nn.Embedding(len(words) + 1, width, padding_idx=_UNKNOWN)
        self.pieces = nn.EmbeddingBag(buckets, width, mode="mean")

    def forward(
        self, captions: Sequence[str]
    ) -> tuple[Float[Tensor, "caption word width"], Bool[Tensor, "caption word"]]:
        """Padded vectors and where they are real; a caption is cut to its first ``most`` words.

        In training a word is taken for an unknown one now and then, so that pieces learn too.
        """
        lines = [words_of(caption)[: self.most] for caption in captions]
        unique = list(dict.fromkeys(word for line in lines for word in line))
        row = {word: i for i, word in enumerate(unique)}
        device = self.words.weight.device
        places = [torch.tensor([row[word] for word in line], device=device) for line in lines]
        at = pad_sequence(places, batch_first=True, padding_value=-1)
        return self._vectors(unique)[at], at >= 0

    def _vectors(self, words: Sequence[str]) -> Float[Tensor, "word width"]:
        device = self.words.weight.device
        numbers = torch.tensor([self.number.get(w, _UNKNOWN) for w in words], device=device)
        if self.training:
            forgotten = torch.rand(len(words), device=device) < self.unknown
            numbers = numbers.masked_fill(forgotten, _UNKNOWN)
        pieces = [_pieces(word, self.buckets) for word in words]
        starts = torch.tensor([0, *map(len, pieces[:-1])], device=device).cumsum(0)
        flat = torch.tensor([piece for own in pieces for piece in own], device=device)
        return self.words(numbers) + self.pieces(flat, starts)


@lru_cache(maxsize=2**16)
def _pieces(word: str, buckets: int) -> tuple[int, ...]:
    """Buckets of a word's pieces, its ends marked."""
    marked = f"<{word}>"
    return tuple(
        zlib.crc32(marked[start : start + length].encode()) % buckets
        for length in _LENGTHS
        for start in range(max(1, len(marked) - length + 1))
    )
