"""HumanML3D (Guo et al., CVPR 2022) in its official layout, read from the user's own copy.

``new_joint_vecs/ID.npy`` (or ``new_joints/ID.npy`` where there is none), ``texts/ID.txt`` with
lines ``caption#tokens#from#to``, and lists of ids ``train.txt``, ``val.txt``, ``test.txt``,
``all.txt``; ids with an ``M`` are mirrored. A caption with ``from`` and ``to`` (seconds) describes
that span alone, which is a clip of its own, such as ``000000@1-3.5``.
"""

import math
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, Field

from moclip import files, formats
from moclip.datasets import _common
from moclip.datasets._cache import Clips, cached
from moclip.datasets._reading import Result, read_in_chunks
from moclip.motion import CaptionedMotion, Motion

_ID = re.compile(r"\w+", re.ASCII)


class Options(BaseModel, frozen=True, extra="forbid"):
    """Where the data are and which of them to take."""

    root: Path | None = None
    """The folder with ``new_joint_vecs``, ``texts`` and the lists of ids."""
    min_frames: int = Field(40, ge=2)
    """Shorter motions and spans are left out, as in the official protocol."""
    max_frames: int = Field(199, ge=2)
    """Longer motions and spans are left out, as in the official protocol."""
    cache: bool = True
    """Whether clips once read are kept in ``$MOCLIP_CACHE`` or ``~/.cache/moclip``."""


class Clip(NamedTuple):
    """A whole motion, or a span of it, with its captions."""

    id: str
    file: Path
    start: float
    end: float | None
    captions: tuple[str, ...]


def load(split: str, options: Options) -> list[CaptionedMotion]:
    """The clips of a split in the order of its list; what is missing or damaged is left out.

    Raises ``ValueError`` when the root is no HumanML3D or nothing can be used.
    """
    _common.check_split(split)
    root = _common.need_root("humanml3d", options.root, "its folder with texts/ and train.txt")
    unusable = _common.Unreadable("humanml3d")
    clips = [clip for name in _ids(root, split) for clip in _described(root, name, unusable)]
    read = _read_all(clips, options)
    unusable.extend(read.unreadable)
    unusable.report(len(read.motions))
    return [
        CaptionedMotion(clip.id, read.motions[clip.id], clip.captions)
        for clip in clips
        if clip.id in read.motions
    ]


def _ids(root: Path, split: str) -> list[str]:
    lists = [split] if (root / f"{split}.txt").exists() or split != "all" else _common.SPLITS
    return list(dict.fromkeys(name for each in lists for name in _listed(root / f"{each}.txt")))


def _listed(path: Path) -> Iterator[str]:
    for number, line in enumerate(_text(path).splitlines(), start=1):
        name = line.strip()
        if name and not _ID.fullmatch(name):
            raise ValueError(f"{path}, line {number}: '{name}' is no id such as 000021 or M000021")
        if name:
            yield name


def _described(root: Path, name: str, unusable: _common.Unreadable) -> list[Clip]:
    """The clips of one id; none when its files are missing or its captions damaged."""
    file = root / "new_joint_vecs" / f"{name}.npy"
    if not file.exists():
        file = root / "new_joints" / f"{name}.npy"
    text = root / "texts" / f"{name}.txt"
    for needed in (file, text):
        if not needed.exists():
            unusable.add(name, f"there is no {needed.relative_to(root)}")
            return []
    try:
        spans = _spans(text)
    except _common.BROKEN as error:
        unusable.add(name, error)
        return []
    return [
        Clip(_clip_id(name, start, end), file, start, end, tuple(dict.fromkeys(captions)))
        for (start, end), captions in spans.items()
    ]


def _clip_id(name: str, start: float, end: float | None) -> str:
    return name if end is None else f"{name}@{start:g}-{end:g}"


def _spans(path: Path) -> dict[tuple[float, float | None], list[str]]:
    """Captions by span; ``0#0`` and ``nan`` mean the whole motion."""
    spans: dict[tuple[float, float | None], list[str]] = {}
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            caption, _, start, end = line.strip().split("#")
            span = _span(float(start), float(end))
            if not caption.strip():
                raise ValueError("empty caption")
        except ValueError:
            raise ValueError(
                f"{path.name}, line {number}: wanted caption#tokens#from#to, got '{line[:60]}'"
            ) from None
        spans.setdefault(span, []).append(caption.strip())
    if not spans:
        raise ValueError(f"{path.name} holds no caption")
    return spans


def _span(start: float, end: float) -> tuple[float, float | None]:
    start, end = (0.0 if math.isnan(number) else number for number in (start, end))
    if not start and not end:
        return 0.0, None
    if not 0 <= start < end < math.inf:
        raise ValueError(f"no span from {start:g} to {end:g}")
    return start, end


def _text(path: Path) -> str:
    try:
        return files.read_bounded(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is no UTF-8 text") from None


def _read_all(clips: list[Clip], options: Options) -> Clips:
    by_file: dict[Path, list[Clip]] = {}
    for clip in clips:
        by_file.setdefault(clip.file, []).append(clip)
    limits = (options.min_frames, options.max_frames)
    make = partial(
        read_in_chunks, partial(_read, limits), list(by_file.values()), title="humanml3d"
    )
    if not options.cache or not clips:
        return make()
    stats = {str(path.resolve()): path.stat() for path in by_file}
    stamps = [[path, stat.st_size, stat.st_mtime_ns] for path, stat in stats.items()]
    return cached(
        "humanml3d",
        {"files": stamps, "clips": [clip[0] for clip in clips], "frames": limits},
        make,
    )


def _read(limits: tuple[int, int], grouped: Sequence[list[Clip]]) -> list[Result]:
    return [result for clips in grouped for result in _read_file(limits, clips)]


def _read_file(limits: tuple[int, int], clips: list[Clip]) -> list[Result]:
    """All clips of one motion, which must itself have a fitting length, as officially."""
    try:
        motion = formats.read(clips[0].file)
        _check_length(motion, limits)
    except _common.BROKEN as error:
        return [(clip.id, str(error)) for clip in clips]
    return [(clip.id, _cut(motion, clip, limits)) for clip in clips]


def _cut(motion: Motion, clip: Clip, limits: tuple[int, int]) -> Motion | str:
    """Seconds are rounded down to frames and an end beyond the motion is its end, as officially."""
    first = int(clip.start * motion.fps) / motion.fps
    last = motion.duration
    if clip.end is not None:
        last = min(int(clip.end * motion.fps) / motion.fps, last)
    try:
        cut = motion.cut(first, last)
        _check_length(cut, limits)
        return _common.canonical(cut)
    except _common.BROKEN as error:
        return str(error)


def _check_length(motion: Motion, limits: tuple[int, int]) -> None:
    if not limits[0] <= len(motion) <= limits[1]:
        raise ValueError(f"{len(motion)} frames, not {limits[0]} to {limits[1]}")
