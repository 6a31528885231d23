"""Whether a library is whole: every row is read and held against what it must be."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from moclip.tasks.library import _table, _takes
from moclip.tasks.library.clips import of_json
from moclip.tasks.library.store import Library

_ROWS = 1024


@dataclass(eq=False)
class Verdict:
    """What was found."""

    clips: int = 0
    files: int = 0
    problems: list[str] = field(default_factory=list)
    """Sentences; none where all is well."""
    gone: list[str] = field(default_factory=list)
    """Files that are no longer where they were added from; their clips still play."""


def verify(library: Library) -> Verdict:
    """Reads all there is. What is damaged becomes a problem, never an error."""
    verdict, ids, parts = Verdict(), Counter[str](), Counter[str]()
    wanted: dict[str, int] = {}
    places: dict[str, str] = {}
    try:
        for row in _rows(library):
            clip = of_json(str(row[_table.CLIP]))
            verdict.clips += 1
            ids[clip.id] += 1
            parts[clip.content] += 1
            wanted[clip.content] = clip.parts
            name = _takes.name_of(clip.source, clip.path)
            if places.setdefault(name, clip.content) != clip.content:
                verdict.problems.append(f"{name} is there with two contents")
            verdict.problems += _of_row(row)
    except (RuntimeError, OSError, ValueError, TypeError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        verdict.problems.append(f"the table cannot be read after {verdict.clips} clips: {reason}")
    verdict.problems += [f"clip {id} is there {n} times" for id, n in ids.items() if n > 1]
    verdict.problems += [
        f"file {content[:16]} has {parts[content]} of its {count} clips"
        for content, count in wanted.items()
        if parts[content] < count
    ]
    verdict.files = len(places)
    verdict.gone = sorted(name for name in places if _is_gone(name))
    return verdict


def _rows(library: Library) -> Iterator[dict[str, object]]:
    columns = ["id", "frames", _table.CLIP, "step", "joints", "vector"]
    query = library.table.search().select(columns).limit(max(1, len(library)))
    for batch in query.to_batches(batch_size=_ROWS):
        yield from batch.to_pylist()


def _of_row(row: dict[str, object]) -> Iterator[str]:
    vector, joints, frames = row["vector"], row["joints"], row["frames"]
    assert isinstance(vector, list)
    assert isinstance(joints, bytes)
    assert isinstance(frames, int)
    length = sum(x * x for x in vector) ** 0.5
    if not abs(length - 1) < 1e-3:
        yield f"clip {row['id']} has a vector of length {length:g}, wanted 1"
    if len(joints) != (wanted := _table.expected_bytes(frames)) or not frames:
        yield f"clip {row['id']} has {len(joints)} bytes of joints, wanted {wanted}"


def _is_gone(name: str) -> bool:
    """Clips of data sets have no file to look for."""
    return Path(name).is_absolute() and not Path(name).exists()
