"""Search motions by words or by another motion: an exact index in memory, one file on disk."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from moclip.files import write_atomically
from moclip.models.spaces import Space
from moclip.motion import CaptionedMotion, Motion
from moclip.skeletons import UserSkeleton
from moclip.tasks._encoding import encoded, fingerprint, motion_vectors, text_vectors
from moclip.tasks._reading import Piece, Skipped, pieces

_FORMAT = "moclip index 1"
_BLOCK = 256
"""Pieces encoded at a time; the motions of a block are in memory, not those of the whole folder."""


@dataclass(frozen=True)
class Entry:
    """What a vector of the index stands for."""

    id: str
    path: str | None = None
    """Of the motion file; ``None`` for a clip of a data set."""
    start: float = 0.0
    """Seconds into the file."""
    end: float = 0.0
    captions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    """An entry and its cosine with the query."""

    entry: Entry
    score: float


@dataclass(frozen=True, eq=False)
class Index:
    """Vectors of motions and what they stand for."""

    vectors: Float[Tensor, "entry dim"]
    """Unit length."""
    entries: tuple[Entry, ...]
    model: str
    """Fingerprint of the model that made the vectors."""
    skipped: tuple[Skipped, ...] = field(default=())
    """Files that could not be read, and why; not kept on disk."""

    @classmethod
    def build(
        cls,
        model: Space,
        paths: str | Path | Sequence[str | Path],
        *,
        window: float = 10.0,
        skeleton: UserSkeleton | None = None,
        workers: int = 1,
    ) -> "Index":
        """Every motion file under folders or of a list; long takes in parts of ``window`` seconds.

        ``skeleton`` is the files' body where it is the user's own. Unreadable files end up in
        ``skipped``; ``workers=-1`` reads on all cores. Raises
        ``FileNotFoundError`` for a path that is not there, ``ValueError`` when nothing is readable.
        """
        if not window > 0:
            raise ValueError(f"window is {window} seconds, wanted a positive number")
        paths = [paths] if isinstance(paths, str | Path) else list(paths)
        skipped: list[Skipped] = []
        read = pieces(paths, window=window, fps=model.fps, skeleton=skeleton, workers=workers)
        vectors, entries = [], []
        for block in _blocks(_readable(read, skipped), _BLOCK):
            for piece, vector in encoded(model, block, skipped):
                vectors.append(vector)
                entries.append(_entry(piece))
        if not entries:
            first = f"; the first: {skipped[0].path}: {skipped[0].reason}" if skipped else ""
            where = ", ".join(map(str, paths))
            raise ValueError(f"none of {len(skipped)} files of {where} is a motion{first}")
        return cls(torch.stack(vectors), tuple(entries), fingerprint(model), tuple(skipped))

    @classmethod
    def of_clips(cls, model: Space, clips: Sequence[CaptionedMotion]) -> "Index":
        """The clips of a data set, with their captions."""
        entries = [
            Entry(clip.id, end=clip.motion.duration, captions=clip.captions) for clip in clips
        ]
        vectors = motion_vectors(model, [clip.motion for clip in clips])
        return cls(vectors, tuple(entries), fingerprint(model))

    def __len__(self) -> int:
        return len(self.entries)

    def search(self, model: Space, query: str | Motion, k: int = 5) -> list[Hit]:
        """The ``k`` nearest entries, the best first; fewer when the index has fewer.

        Raises ``ValueError`` when another model made the index, or this one has learned since.
        """
        if self.model != fingerprint(model):
            raise ValueError("the index was made by another model; build it again with this one")
        if isinstance(query, Motion):
            return self.nearest(motion_vectors(model, [query])[0], k)
        if not query.strip():
            raise ValueError("the prompt is empty")
        return self.nearest(text_vectors(model, [query])[0], k)

    def nearest(self, vector: Float[Tensor, " dim"], k: int = 5) -> list[Hit]:
        """As :meth:`search`, for a unit vector of the same model."""
        if k < 1:
            raise ValueError(f"k is {k}, wanted at least 1")
        if len(vector) != self.vectors.shape[1]:
            raise ValueError(
                f"the query has {len(vector)} dimensions, the index {self.vectors.shape[1]}"
            )
        best = torch.topk(self.vectors @ vector, min(k, len(self)))
        found = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        return [Hit(self.entries[at], score) for score, at in found]

    def save(self, path: str | Path) -> None:
        """One safetensors file: the vectors, and the entries as JSON in its header."""
        entries = json.dumps([asdict(entry) for entry in self.entries], ensure_ascii=False)
        header = {"format": _FORMAT, "model": self.model, "entries": entries}
        write_atomically(Path(path), to_bytes({"vectors": self.vectors.contiguous()}, header))

    @classmethod
    def load(cls, path: str | Path, model: Space) -> "Index":
        """Raises ``ValueError`` for a damaged file and for an index that another model made."""
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"there is no index {path}")
        try:
            with safe_open(path, "pt") as file:
                header = file.metadata() or {}
                vectors = file.get_tensor("vectors")
        except (SafetensorError, OSError) as error:
            raise ValueError(f"{path} is damaged or no index: {error}") from None
        index = cls(vectors, _entries(header, path), header.get("model", ""))
        if tuple(vectors.shape) != (len(index), model.dim) or not vectors.isfinite().all():
            raise ValueError(
                f"{path} is damaged: it has vectors of shape {tuple(vectors.shape)} for "
                f"{len(index)} entries of {model.dim} dimensions"
            )
        if index.model != fingerprint(model):
            raise ValueError(
                f"{path} was made by another model; build the index again with this one"
            )
        return index


def _entries(header: dict[str, str], path: Path) -> tuple[Entry, ...]:
    if header.get("format") != _FORMAT:
        raise ValueError(f"{path} is no index of moclip (format '{header.get('format')}')")
    try:
        return tuple(map(_parsed, json.loads(header["entries"])))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: its entries cannot be read ({error})") from None


def _parsed(row: dict[str, Any]) -> Entry:
    return Entry(**row | {"captions": tuple(row["captions"])})


def _entry(piece: Piece) -> Entry:
    name = f"{piece.path}#{piece.start:.2f}-{piece.end:.2f}"
    return Entry(name, piece.path, piece.start, piece.end)


def _readable(found: Iterable[list[Piece] | Skipped], skipped: list[Skipped]) -> Iterator[Piece]:
    for one in found:
        if isinstance(one, Skipped):
            skipped.append(one)
        else:
            yield from one


def _blocks(found: Iterable[Piece], size: int) -> Iterator[list[Piece]]:
    block: list[Piece] = []
    for piece in found:
        block.append(piece)
        if len(block) == size:
            yield block
            block = []
    if block:
        yield block
