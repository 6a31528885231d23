"""Any folder of motion files with a table of captions, ``captions.csv``.

Columns ``file`` and ``caption``; where needed ``start`` and ``end`` (seconds), ``split`` (train,
val, test) and ``action`` (a class, for recognition). Several lines for one file and span are
several captions of one clip. Without ``split``, 80 % of the files train, 10 % validate, 10 % test.

    file,caption,start,end
    walk.bvh,a person walks forward,,
    takes/long.npy,"someone turns, then sits down",2.5,6
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel

from moclip import formats
from moclip.datasets import _common
from moclip.datasets._plan import Clip, File, Plan
from moclip.datasets._table import Line, read_table
from moclip.motion import Motion


class Options(BaseModel, frozen=True, extra="forbid"):
    """Where the data are."""

    root: Path | None = None
    """The folder with ``captions.csv``."""
    seed: int = 0
    """Another seed is another split, where the table has none."""
    skeleton_file: Path | None = None
    """JSON of the body in the files, where it is none of ours (``docs/skeletons.md``)."""


def plan(options: Options) -> Plan:
    """The files in the order in which the table first names them.

    Raises ``ValueError`` for a mistake in the table.
    """
    root = _root(options)
    by_clip: dict[str, list[Line]] = {}
    for line in read_table(root / "captions.csv"):
        by_clip.setdefault(line.clip, []).append(line)
    by_file: dict[str, list[Clip]] = {}
    for name, lines in by_clip.items():
        by_file.setdefault(lines[0].file, []).append(_clip(name, lines, options.seed))
    _check_inside(root, by_file)
    return Plan(tuple(File(key, tuple(clips)) for key, clips in by_file.items()))


def read(files: Sequence[File], options: Options) -> Iterator[tuple[str, Motion | str]]:
    """Each file once, and the spans that the table names of it."""
    root, body = _root(options), _common.own_body(options.skeleton_file)
    for file in files:
        try:
            motion: Motion | str = formats.read(root / file.key, skeleton=body)
        except _common.BROKEN as error:
            motion = str(error)
        for clip in file.clips:
            yield clip.id, _common.span(motion, clip)


def _root(options: Options) -> Path:
    return _common.need_root("folder", options.root, "a folder with captions.csv")


def _clip(name: str, lines: list[Line], seed: int) -> Clip:
    """Lines of the same file and span are one clip."""
    first = lines[0]
    for kind, values in (
        ("split", {x.split for x in lines}),
        ("action", {x.action for x in lines}),
    ):
        if len(values) > 1:
            there = " and ".join(sorted(str(value) for value in values))
            raise ValueError(f"captions.csv gives clip '{name}' more than one {kind}: {there}")
    split = first.split or _common.split_by_hash(first.file, seed)
    captions = tuple(dict.fromkeys(line.caption for line in lines))
    labels = {} if first.action is None else {"action": first.action}
    return Clip(name, split, captions, labels, first.start, first.end)


def _check_inside(root: Path, files: Iterable[str]) -> None:
    """Links may not lead out of the folder either."""
    real = root.resolve()
    for file in files:
        if not (root / file).resolve().is_relative_to(real):
            raise ValueError(f"captions.csv: '{file}' is a link that leads out of the folder")
