"""Parts become a prepared data set: shards, a table of their clips, a manifest."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from moclip import __version__, datasets
from moclip.curation._parts import Note, Settings, check_alike, read_part
from moclip.datasets._block import Block
from moclip.datasets._common import SPLITS, Unreadable
from moclip.datasets._joined import Joined, Run
from moclip.datasets._plan import Clip, Plan
from moclip.datasets._shards import MANIFEST, TABLE, Manifest, Row, ShardFile
from moclip.files import write_atomically


def assemble(
    parts: Sequence[Path], folder: Path, *, plan: Plan, settings: Settings, shard_bytes: int
) -> Manifest:
    """Writes shards of at most so many bytes (a longer clip has one to itself), table and manifest.

    Raises ``ValueError`` when there is no clip, or when own skeletons differ.
    """
    notes = [read_part(part) for part in parts]
    left_out = dict(plan.unreadable)
    for note in notes:
        left_out |= note.left_out
    looks = [note.look for note in notes if note.look]
    if not looks:
        Unreadable(settings.dataset, left_out).report(0)
    for look in looks[1:]:
        check_alike(looks[0], look)
    clips = (clip for note in notes for clip in note.clips)
    blocks = (
        Block.open(part, note.look.skeleton, settings.fps)
        for part, note in zip(parts, notes, strict=True)
        if note.look
    )
    shards, rows = _write_shards(blocks, clips, folder, shard_bytes)
    table = "".join(f"{row.to_json()}\n" for row in rows)
    write_atomically(folder / TABLE, table.encode())
    manifest = Manifest(
        dataset=settings.dataset,
        source=settings.source,
        licence=datasets.licence(settings.dataset),
        **_counts(rows, settings.fps),
        fps=settings.fps,
        canonical=settings.canonical,
        made_by=_made_by(settings),
        skeleton=looks[0].skeleton,
        shards=tuple(shards),
        left_out=left_out,
        sources=_sources(settings.root, notes),
    )
    write_atomically(folder / MANIFEST, manifest.to_json().encode())
    return manifest


def _counts(rows: Sequence[Row], fps: float) -> dict[str, Any]:
    frames, splits = sum(row.frames for row in rows), Counter(row.split for row in rows)
    return {
        "clips": len(rows),
        "frames": frames,
        "hours": round(frames / fps / 3600, 4),
        "captions": sum(len(row.captions) for row in rows),
        "splits": {split: splits[split] for split in SPLITS if splits[split]},
    }


def _write_shards(
    blocks: Iterable[Block], clips: Iterator[Clip], folder: Path, shard_bytes: int
) -> tuple[list[ShardFile], list[Row]]:
    files, rows = [], []
    for number, runs in enumerate(_shared_out(blocks, shard_bytes)):
        joined = Joined(runs)
        files.append(_write_shard(joined, folder / f"shard-{number:05d}.safetensors"))
        ours = islice(clips, len(joined.lengths))
        places = zip(ours, joined.starts, joined.lengths, strict=True)
        rows += [
            Row(clip.id, number, row, start, frames, clip.split, clip.captions, clip.labels)
            for row, (clip, start, frames) in enumerate(places)
        ]
    return files, rows


def _write_shard(joined: Joined, path: Path) -> ShardFile:
    pieces = list(joined.pieces())
    with ThreadPoolExecutor(1) as disk:  # for which the hash need not wait
        writing = disk.submit(write_atomically, path, pieces)
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        writing.result()
    size = sum(map(len, pieces))
    clips = len(joined.lengths)
    return ShardFile(file=path.name, clips=clips, bytes=size, sha256=digest.hexdigest())


def _shared_out(blocks: Iterable[Block], shard_bytes: int) -> Iterator[list[Run]]:
    """The runs of each shard, in order, as many clips as fit."""
    runs: list[Run] = []
    frames = 0
    for block in blocks:
        most, first = shard_bytes // block.bytes_per_frame, 0
        for clip, length in enumerate(block.lengths):
            if frames and frames + length > most:
                yield [*runs, (block, slice(first, clip))] if clip > first else runs
                runs, frames, first = [], 0, clip
            frames += length
        runs.append((block, slice(first, len(block))))
    yield runs


def _made_by(settings: Settings) -> dict[str, Any]:
    """Folders by their names alone: where they lie makes no difference."""
    options: BaseModel = settings.options
    plain = {name: v.name if isinstance(v, Path) else v for name, v in options}
    told = {"fps": settings.fps, "skeleton": settings.skeleton, "mirror": settings.mirror}
    return {"moclip": __version__, "options": plain, **told}


def _sources(root: Path | None, notes: Sequence[Note]) -> Mapping[str, str]:
    """Of a zip as a whole, else of each file."""
    if root is not None and root.is_file():
        with root.open("rb") as stream:
            return {root.name: hashlib.file_digest(stream, "sha256").hexdigest()}
    return {key: digest for note in notes for key, digest in note.sources.items()}
