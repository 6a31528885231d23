"""Any folder of motion files with a table of captions, ``captions.csv``.

Columns ``file`` and ``caption``; where needed ``start`` and ``end`` (seconds), ``split`` (train,
val, test) and ``action`` (a class, for recognition). Several lines for one file and span are
several captions of one clip. Without ``split``, 80 % of the files train, 10 % validate, 10 % test.

    file,caption,start,end
    walk.bvh,a person walks forward,,
    takes/long.npy,"someone turns, then sits down",2.5,6
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from moclip import formats
from moclip.datasets import _common
from moclip.datasets._reading import Result, read_in_chunks
from moclip.datasets._table import Line, read_table
from moclip.motion import CaptionedMotion, Motion


class Options(BaseModel, frozen=True, extra="forbid"):
    """Where the data are."""

    root: Path | None = None
    """The folder with ``captions.csv``."""
    seed: int = 0
    """Another seed is another split, where the table has none."""


class Clip(NamedTuple):
    """A span of a file with what the table says of it."""

    id: str
    file: str
    start: float
    end: float | None
    split: str
    captions: tuple[str, ...]
    action: str | None


def load(split: str, options: Options) -> list[CaptionedMotion]:
    """The clips of a split, in the order of the table.

    Raises ``ValueError`` for a mistake in the table; a motion that cannot be read is left out and
    named in the log.
    """
    _common.check_split(split)
    root = _common.need_root("folder", options.root, "a folder with captions.csv")
    clips = _clips(read_table(root / "captions.csv"), options.seed)
    _check_inside(root, clips)
    wanted = [clip for clip in clips if split in ("all", clip.split)]
    by_file: dict[str, list[Clip]] = {}
    for clip in wanted:
        by_file.setdefault(clip.file, []).append(clip)
    read = read_in_chunks(partial(_read, root), list(by_file.values()), title="folder")
    _common.Unreadable("folder", read.unreadable).report(len(read.motions))
    return [
        CaptionedMotion(clip.id, read.motions[clip.id], clip.captions, _labels(clip))
        for clip in wanted
        if clip.id in read.motions
    ]


def _clips(lines: Sequence[Line], seed: int) -> list[Clip]:
    """Lines of the same file and span are one clip."""
    grouped: dict[str, list[Line]] = {}
    for line in lines:
        grouped.setdefault(line.clip, []).append(line)
    return [_clip(name, group, seed) for name, group in grouped.items()]


def _clip(name: str, lines: list[Line], seed: int) -> Clip:
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
    return Clip(name, first.file, first.start, first.end, split, captions, first.action)


def _check_inside(root: Path, clips: list[Clip]) -> None:
    """Links may not lead out of the folder either."""
    real = root.resolve()
    for clip in clips:
        if not (root / clip.file).resolve().is_relative_to(real):
            raise ValueError(f"captions.csv: '{clip.file}' is a link that leads out of the folder")


def _labels(clip: Clip) -> dict[str, str]:
    return {} if clip.action is None else {"action": clip.action}


def _read(root: Path, files: Sequence[list[Clip]]) -> list[Result]:
    return [result for clips in files for result in _read_file(root, clips)]


def _read_file(root: Path, clips: list[Clip]) -> list[Result]:
    """All clips of one file."""
    try:
        motion = formats.read(root / clips[0].file)
    except _common.BROKEN as error:
        return [(clip.id, str(error)) for clip in clips]
    return [(clip.id, _span(motion, clip)) for clip in clips]


def _span(motion: Motion, clip: Clip) -> Motion | str:
    try:
        return _common.canonical(motion, start=clip.start, end=clip.end)
    except _common.BROKEN as error:
        return str(error)
