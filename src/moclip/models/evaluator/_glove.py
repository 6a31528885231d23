"""GloVe's vectors of words in the official folder of Guo et al. (CVPR 2022).

``our_vab_data.npy``, a row of 300 numbers a word, and two pickles, ``our_vab_words.pkl`` (the list
of words) and ``our_vab_idx.pkl`` (the row of each), which are read without being run; or, instead
of the pickles, ``our_vab.json``, the row of each word, which :meth:`Glove.write_json` makes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from moclip.files import read_bounded, write_atomically
from moclip.formats._arrays import from_npy
from moclip.models.evaluator import _plain_pickle
from moclip.models.evaluator._words import END, PARTS, START, UNKNOWN, framed, part_of

WIDTH = 300
_VECTORS, _WORDS, _ROWS, _JSON = (
    "our_vab_data.npy",
    "our_vab_words.pkl",
    "our_vab_idx.pkl",
    "our_vab.json",
)


@dataclass(frozen=True, eq=False)
class Glove:
    """A vector for each known word."""

    rows: Mapping[str, int]
    vectors: Float[Tensor, "row 300"]

    @classmethod
    def read(cls, folder: Path) -> "Glove":
        """Raises ``ValueError`` or ``OSError`` in one sentence when files are missing or odd."""
        vectors = _vectors(folder / _VECTORS)
        rows = _rows(folder)
        beyond = [word for word, row in rows.items() if not 0 <= row < len(vectors)]
        if beyond:
            raise ValueError(
                f"{folder}: the word '{beyond[0]}' has row {rows[beyond[0]]}, and there are "
                f"{len(vectors)} vectors"
            )
        missing = [word for word in (START, END, UNKNOWN) if word not in rows]
        if missing:
            raise ValueError(f"{folder}: the words lack '{missing[0]}'")
        return cls(rows, vectors)

    def write_json(self, folder: Path) -> None:
        """The rows of the words beside the vectors: with it the pickles are not needed."""
        write_atomically(folder / _JSON, json.dumps(dict(self.rows)).encode())

    def read_tokens(
        self, captions: Sequence[Sequence[str]]
    ) -> tuple[list[Float[Tensor, "_ 300"]], list[Int[Tensor, " _"]]]:
        """Vectors and classes of speech of the words of each caption, its start and end included.

        A word that is not known is ``unk``, of class ``OTHER``.
        """
        lines = [[self._known(word, part) for word, part in framed(line)] for line in captions]
        vectors = [self.vectors[[self.rows[word] for word, _ in line]] for line in lines]
        return vectors, [torch.tensor([part for _, part in line]) for line in lines]

    def _known(self, word: str, part: str) -> tuple[str, int]:
        if word in self.rows:
            return word, part_of(word, part)
        return UNKNOWN, PARTS.index("OTHER")


def _vectors(path: Path) -> Float[Tensor, "row 300"]:
    array = from_npy(read_bounded(path), str(path))
    if array.ndim != 2 or array.shape[1] != WIDTH:
        raise ValueError(f"{path} has shape {array.shape}, wanted (word, {WIDTH})")
    return torch.from_numpy(array.astype(np.float32))


def _rows(folder: Path) -> dict[str, int]:
    """The row of each word that the list has."""
    if (folder / _JSON).is_file():
        return _checked(_json(folder / _JSON), folder / _JSON)
    words, rows = (
        _plain_pickle.read(read_bounded(folder / name), str(folder / name))
        for name in (_WORDS, _ROWS)
    )
    rows = _checked(rows, folder / _ROWS)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{folder / _WORDS} holds no list of words")
    missing = [word for word in words if word not in rows]
    if missing:
        raise ValueError(f"{folder / _ROWS} has no row for the word '{missing[0]}'")
    return {word: rows[word] for word in words}


def _json(path: Path) -> Any:
    try:
        return json.loads(read_bounded(path))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None


def _checked(rows: Any, path: Path) -> dict[str, int]:
    if not isinstance(rows, dict) or not all(
        isinstance(word, str) and type(row) is int for word, row in rows.items()
    ):
        raise ValueError(f"{path} does not say the row of each word")
    return rows
