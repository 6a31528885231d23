"""Clips into a library and out of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from lancedb.index import BTree, IvfFlat

from moclip.models.spaces import Space
from moclip.skeletons import UserSkeleton
from moclip.tasks._encoding import encoded
from moclip.tasks._reading import Skipped
from moclip.tasks.library import _table, _takes
from moclip.tasks.library._takes import Duplicate, Take
from moclip.tasks.library.clips import Clip, quoted
from moclip.tasks.library.places import readings
from moclip.tasks.library.store import Library

_BLOCK = 256
"""Stretches that are encoded together and appear together."""
_KEPT = timedelta(hours=1)
"""Older versions of the table stay so long for those who read them."""


@dataclass(eq=False)
class Added:
    """What became of what was to be added."""

    clips: int = 0
    files: int = 0
    replaced: int = 0
    """Files whose older content was taken out."""
    duplicates: list[Duplicate] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def add_files(
    library: Library,
    model: Space,
    paths: Sequence[str | Path],
    *,
    skeleton: UserSkeleton | None = None,
    workers: int = 1,
) -> Added:
    """Every motion file under ``paths`` that is not there yet, a block of files at a time.

    A process that is killed leaves the blocks it has finished; the next call goes on after them. A
    file that changed since takes the place of what it was, one that has moved of where it was.
    Raises ``FileNotFoundError`` for a path that is not there and ``ValueError`` for another model.
    """
    library.check(model)
    how = _takes.How(library.facts.window, library.facts.fps, skeleton, workers)
    held = _held(library)
    return _add(library, model, _takes.of_files([Path(p) for p in paths], dict(held), how), held)


def add_data(library: Library, model: Space, name: str, **options: Any) -> Added:
    """The clips of a data set, as :func:`add_files`. Raises as ``datasets.load`` does."""
    library.check(model)
    how = _takes.How(library.facts.window, library.facts.fps)
    held = _held(library)
    return _add(library, model, _takes.of_data(name, dict(held), how, **options), held)


def remove(library: Library, what: str) -> int:
    """Takes out a clip by its id, a file, or a folder with all in it; returns how many clips.

    Files are named as they lie on disk or within their source, data sets as they were added. Raises
    ``LookupError`` when there is no such thing.
    """
    clips = library.clips()
    for inside, places in readings(what):
        if gone := [c.id for c in clips if what == c.id or _is_under(c, inside, places)]:
            break
    else:
        raise LookupError(f"the index {library.path} has no clip, file or folder '{what}'")
    for start in range(0, len(gone), _BLOCK):
        library.table.delete(_in("id", gone[start : start + _BLOCK]))
    return len(gone)


def tidy(library: Library) -> None:
    """Small pieces of the table into large ones; where search wants it, the inverted file."""
    table = library.table
    if library.way == "ivf" and not table.list_indices():
        table.create_index("vector", config=IvfFlat(distance_type="dot"))
        table.create_index("id", config=BTree())
    table.optimize(cleanup_older_than=_KEPT)


def _add(
    library: Library,
    model: Space,
    takes: Iterable[Take | Skipped | Duplicate],
    held: Mapping[str, str],
) -> Added:
    done, older = Added(), _by_name(held)
    moved: set[str] = set()
    for block in _blocks(_told(takes, done)):
        # The old content first: a process killed in between leaves a file that the next call adds.
        if gone := _outdated(block, held, older, moved):
            library.table.delete(_in("content", sorted(gone)))
        done.replaced += sum(take.name in older for take in block)
        _commit(library, model, block, done)
    if done.clips:
        tidy(library)
    return done


def _outdated(
    block: Sequence[Take], held: Mapping[str, str], older: Mapping[str, set[str]], moved: set[str]
) -> set[str]:
    """What the files had before, and what they have taken over from others (``moved`` grows)."""
    taken = {take.content for take in block if take.content in held}
    gone = {content for take in block for content in older.get(take.name, ())}
    gone = (gone - moved) | taken
    moved |= taken
    return gone


def _commit(library: Library, model: Space, block: Sequence[Take], done: Added) -> None:
    """The clips of whole files appear together."""
    clips, motions, vectors = [], [], []
    owners = {id(piece): take for take in block for piece in take.pieces}
    pieces = [piece for take in block for piece in take.pieces]
    kept: dict[str, list[tuple[Any, Any]]] = {}
    for piece, vector in encoded(model, pieces, done.skipped):
        kept.setdefault(owners[id(piece)].content, []).append((piece, vector))
    for take in block:
        for part, (piece, vector) in enumerate(found := kept.get(take.content, [])):
            clips.append(_clip(take, part, len(found), piece, library.facts.fps))
            motions.append(piece.motion)
            vectors.append(vector)
    if clips:
        rows = _table.rows(library.table.schema, clips, motions, torch.stack(vectors))
        library.table.merge_insert("id").when_not_matched_insert_all().execute(rows)
    done.clips += len(clips)
    done.files += len(kept)


def _clip(take: Take, part: int, parts: int, piece: Any, fps: float) -> Clip:
    return Clip(
        id=f"{take.content[:16]}-{part}",
        content=take.content,
        source=take.source,
        path=take.path,
        part=part,
        parts=parts,
        start=piece.start,
        end=piece.end,
        captions=take.captions,
        labels=take.labels,
        frames=len(piece.motion),
        seconds=len(piece.motion) / fps,
    )


def _told(takes: Iterable[Take | Skipped | Duplicate], done: Added) -> Iterator[Take]:
    for take in takes:
        if isinstance(take, Skipped):
            done.skipped.append(take)
        elif isinstance(take, Duplicate):
            done.duplicates.append(take)
        else:
            yield take


def _blocks(takes: Iterable[Take]) -> Iterator[list[Take]]:
    """Whole files, of about :data:`_BLOCK` stretches together."""
    block: list[Take] = []
    for take in takes:
        block.append(take)
        if sum(len(one.pieces) for one in block) >= _BLOCK:
            yield block
            block = []
    if block:
        yield block


def _held(library: Library) -> dict[str, str]:
    """The name of the file for each content."""
    return {clip.content: _takes.name_of(clip.source, clip.path) for clip in library.clips()}


def _by_name(held: Mapping[str, str]) -> dict[str, set[str]]:
    """The contents that each file has had."""
    found: dict[str, set[str]] = {}
    for content, name in held.items():
        found.setdefault(name, set()).add(content)
    return found


def _is_under(clip: Clip, inside: str, places: Sequence[str]) -> bool:
    whole = _takes.name_of(clip.source, clip.path)
    is_inside = bool(inside) and f"{clip.path}/".startswith(f"{inside}/")
    return is_inside or any(f"{whole}/".startswith(f"{place}/") for place in places)


def _in(column: str, values: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(map(quoted, values))})"
