"""A data set in a few large files: what ``moclip data prepare`` writes.

``manifest.json``
    what there is, of which files it was made and how, what was left out and why
``clips.jsonl``
    a line a clip: id, place, split, captions, labels
``shard-00000.safetensors``, ...
    joints of many clips one after the other, where each begins, how long it is

Shards are memory-mapped: nothing is read until a clip is asked for, then that clip alone, so a set
may be larger than memory.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from moclip.datasets._block import Block
from moclip.files import read_bounded
from moclip.motion import CaptionedMotion, Motion
from moclip.skeletons.base import Skeleton

MANIFEST, TABLE = "manifest.json", "clips.jsonl"


@dataclass(frozen=True)
class Row:
    """A line of the table: a clip and its place."""

    id: str
    shard: int
    row: int
    """Its number in the shard."""
    start: int
    """Its first frame in the shard."""
    frames: int
    split: str
    captions: tuple[str, ...]
    labels: Mapping[str, str]

    def to_json(self) -> str:
        return _json(vars(self))

    @classmethod
    def from_json(cls, line: str) -> "Row":
        found = json.loads(line)
        return cls(**{**found, "captions": tuple(found["captions"])})


class ShardFile(BaseModel, frozen=True, extra="forbid"):
    """A shard as it was written."""

    file: str
    clips: int
    bytes: int
    sha256: str


class Manifest(BaseModel, frozen=True, extra="forbid"):
    """``manifest.json``; what is long stands at its end."""

    format: Literal["moclip shards"] = "moclip shards"
    version: Literal[1] = 1
    dataset: str
    source: str
    """Name of the folder or zip it was made of."""
    licence: str
    clips: int
    frames: int
    hours: float
    captions: int
    splits: dict[str, int]
    """Clips of each."""
    fps: float
    canonical: bool
    """Whether motions are as models see them: HumanML3D's joints, 20 fps, grounded, centred."""
    made_by: dict[str, Any]
    """Version of moclip, and the options."""
    skeleton: Skeleton
    shards: tuple[ShardFile, ...]
    left_out: dict[str, str]
    """Files and clips that are not in the shards, and why."""
    sources: dict[str, str]
    """sha256 of the files it was made of."""

    def to_json(self) -> str:
        """A fact a line, and a file or a reason a line."""
        facts = ((key, _lines(value)) for key, value in self.model_dump(mode="json").items())
        return "{\n" + ",\n".join(f" {_json(key)}: {text}" for key, text in facts) + "\n}\n"


def _lines(value: Any) -> str:
    """JSON; of what has many parts that say something by themselves, each on its line."""
    match value:
        case {"joint_names": _}:
            return _json(value)
        case {} if value:
            return (
                "{\n" + ",\n".join(f"  {_json(k)}: {_json(v)}" for k, v in value.items()) + "\n }"
            )
        case [{}, *_]:
            return "[\n" + ",\n".join(f"  {_json(item)}" for item in value) + "\n ]"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class Shards(Mapping[str, Motion]):
    """A prepared data set: ``shards[id]`` is a motion, iterating gives ids in the set's order.

    Raises ``ValueError`` for a folder of something else, or a damaged one.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.manifest = read_manifest(root)
        self._blocks: dict[int, Block] = {}
        self._rows = {row.id: row for row in _rows(root / TABLE)}
        if len(self._rows) != self.manifest.clips:
            raise ValueError(
                f"{root / TABLE} has {len(self._rows)} clips, the manifest {self.manifest.clips}"
            )

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __getitem__(self, clip: str) -> Motion:
        """A view of the mapped file: it must not be written to."""
        row = self.row(clip)
        return self._block(row.shard).motion(row.row)

    def row(self, clip: str) -> Row:
        """What the table says of a clip. Raises ``LookupError`` for an unknown one."""
        if clip not in self._rows:
            raise LookupError(f"{self.root} holds no clip '{clip}'")
        return self._rows[clip]

    def rows(self) -> Iterator[Row]:
        """All lines of the table."""
        return iter(self._rows.values())

    def captioned(self, clip: str) -> CaptionedMotion:
        """With its captions. Raises ``ValueError`` where there are none."""
        row = self.row(clip)
        return CaptionedMotion(clip, self[clip], row.captions, row.labels)

    def _block(self, number: int) -> Block:
        if number not in self._blocks:
            shard = self.manifest.shards[number]
            path = self.root / shard.file
            size = path.stat().st_size
            if size != shard.bytes:
                raise ValueError(f"{path} is damaged: {size:,} bytes, wanted {shard.bytes:,}")
            self._blocks[number] = Block.open(path, self.manifest.skeleton, self.manifest.fps)
        return self._blocks[number]


def read_manifest(root: Path) -> Manifest:
    """Raises ``ValueError`` for a folder of something else or of another version."""
    path = root / MANIFEST
    if not path.is_file():
        raise ValueError(f"{root} holds no {MANIFEST}; `moclip data prepare` writes one")
    try:
        return Manifest.model_validate_json(read_bounded(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise ValueError(f"{path} is none of ours: {where}: {first['msg'].lower()}") from None


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield Row.from_json(line)
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path}, line {number} is damaged: {error}") from None
