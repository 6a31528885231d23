"""What ``moclip data prepare`` wrote: clips of any data set in large files that are mapped.

Opening costs nothing, whatever the size, and a clip is read when it is looked at::

    shards = prepared.Shards(Path("data/bandai_namco"))
    shards["dataset-1_walk_happy_001"]  # a Motion
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel

from moclip.datasets import _common
from moclip.datasets._plan import Clip, File, Plan
from moclip.datasets._shards import Row, Shards
from moclip.motion import Motion

__all__ = ["Options", "Shards", "plan", "read"]


class Options(BaseModel, frozen=True, extra="forbid"):
    """Where the data are."""

    root: Path | None = None
    """The folder that was given to ``moclip data prepare -o``."""


def plan(options: Options) -> Plan:
    """A file a shard, its clips in their order."""
    shards = Shards(_root(options))
    clips: list[list[Clip]] = [[] for _ in shards.manifest.shards]
    for row in shards.rows():
        clips[row.shard].append(_clip(row))
    named = zip(shards.manifest.shards, clips, strict=True)
    files = tuple(File(shard.file, tuple(inside)) for shard, inside in named)
    return Plan(files, ready=shards.manifest.canonical)


def read(files: Sequence[File], options: Options) -> Iterator[tuple[str, Motion | str]]:
    """Views of the mapped shards."""
    shards = Shards(_root(options))
    for clip in (clip for file in files for clip in file.clips):
        try:
            yield clip.id, shards[clip.id]
        except _common.BROKEN as error:
            yield clip.id, str(error)


def _root(options: Options) -> Path:
    what = "a folder that `moclip data prepare` wrote"
    return _common.need_root("prepared", options.root, what)


def _clip(row: Row) -> Clip:
    return Clip(row.id, row.split, row.captions, row.labels)
