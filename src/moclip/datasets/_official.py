"""The folder layout that HumanML3D and KIT-ML share (Guo et al., CVPR 2022).

``new_joint_vecs/ID.npy`` (or ``new_joints/ID.npy`` where there is none), ``texts/ID.txt`` and the
lists of ids ``train.txt``, ``val.txt``, ``test.txt``. An id that begins with ``M`` is the mirrored
twin of the rest of it; their captions differ in left and right. A caption with a time is of that
span alone, which is a clip of its own, such as ``000000@1-3.5``; seconds are turned to frames at
the set's own rate (published loaders take 20 a second for KIT-ML too, which has 12.5).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from moclip import formats
from moclip.datasets import _common
from moclip.datasets._official_texts import captions_by_span, text
from moclip.datasets._plan import Clip, File, Plan
from moclip.motion import Motion

_ID = re.compile(r"\w+", re.ASCII)
_FOLDERS = ("new_joint_vecs", "new_joints")


@runtime_checkable
class Options(Protocol):
    """What a set of this layout lets one choose."""

    @property
    def root(self) -> Path | None: ...
    @property
    def min_frames(self) -> int: ...
    @property
    def max_frames(self) -> int: ...
    @property
    def cache(self) -> bool: ...


def plan(dataset: str, options: Options) -> Plan:
    """The motions in the order of the lists, training first; a motion without texts has no caption.

    Raises ``ValueError`` or ``OSError`` when the root is no such folder or its lists are wrong.
    """
    root = _root(dataset, options)
    split_of = splits(root)
    found: list[File] = []
    unreadable: dict[str, str] = {}
    for name, split in split_of.items():
        try:
            check_twin(name, split_of)
            found.append(_file(root, name, split))
        except _common.BROKEN as error:
            unreadable[name] = str(error)
    known = frozenset(split_of.values())
    return Plan(tuple(found), unreadable, _fingerprint(root, found, options), splits=known)


def read(
    dataset: str, files: Sequence[File], options: Options
) -> Iterator[tuple[str, Motion | str]]:
    """The clips of each motion, which must itself have a fitting length, as officially."""
    root = _root(dataset, options)
    limits = (options.min_frames, options.max_frames)
    for file in files:
        try:
            motion = formats.read(root / file.key)
            _check_body(motion, dataset)
            _check_length(motion, limits)
        except _common.BROKEN as error:
            yield from ((clip.id, str(error)) for clip in file.clips)
        else:
            yield from ((clip.id, _cut(motion, clip, limits)) for clip in file.clips)


def _root(dataset: str, options: Options) -> Path:
    return _common.need_root(dataset, options.root, "its folder with texts/ and train.txt")


def splits(root: Path) -> dict[str, str]:
    """The split of each id, in the order of the lists."""
    found: dict[str, str] = {}
    for split in _common.SPLITS:
        for name in _listed(root / f"{split}.txt"):
            if found.setdefault(name, split) != split:
                raise ValueError(f"{root}: '{name}' is in {found[name]}.txt and in {split}.txt")
    return found


def _listed(path: Path) -> Iterator[str]:
    for number, line in enumerate(text(path).splitlines(), start=1):
        name = line.strip()
        if name and not _ID.fullmatch(name):
            raise ValueError(f"{path}, line {number}: '{name}' is no id such as 000021 or M000021")
        if name:
            yield name


def check_twin(name: str, split_of: dict[str, str]) -> None:
    """Raises ``ValueError`` for a mirrored motion in another split than its original."""
    original = split_of.get(name[1:]) if name.startswith("M") else None
    if original and original != split_of[name]:
        raise ValueError(
            f"{name} is in {split_of[name]}.txt and what it mirrors in {original}.txt: nothing "
            "could be learned from the one that is not known of the other"
        )


def _file(root: Path, name: str, split: str) -> File:
    """Raises ``ValueError`` when the motion is missing or its captions are damaged."""
    keys = [f"{folder}/{name}.npy" for folder in _FOLDERS]
    key = next((key for key in keys if (root / key).is_file()), None)
    if key is None:
        raise ValueError(f"there is no {' or '.join(keys)}")
    described = root / "texts" / f"{name}.txt"
    if not described.is_file():
        return File(key, (Clip(name, split, ()),))
    spans = captions_by_span(described)
    return File(
        key,
        tuple(
            Clip(clip_id(name, start, end), split, captions, start=start, end=end)
            for (start, end), captions in spans.items()
        ),
    )


def clip_id(name: str, start: float, end: float | None) -> str:
    return name if end is None else f"{name}@{start:g}-{end:g}"


def _fingerprint(root: Path, found: Iterable[File], options: Options) -> str:
    if not options.cache:
        return ""
    stats = [(file, (root / file.key).stat()) for file in found]
    stamps = [
        [file.key, stat.st_size, stat.st_mtime_ns, [clip.id for clip in file.clips]]
        for file, stat in stats
    ]
    where = str(root.resolve())
    return _common.fingerprint(where, stamps, options.min_frames, options.max_frames)


def _cut(motion: Motion, clip: Clip, limits: tuple[int, int]) -> Motion | str:
    """Seconds are rounded down to frames and an end beyond the motion is its end, as officially."""
    first = int(clip.start * motion.fps) / motion.fps
    last = motion.duration
    if clip.end is not None:
        last = min(int(clip.end * motion.fps) / motion.fps, last)
    try:
        cut = motion.cut(first, last)
        _check_length(cut, limits)
    except _common.BROKEN as error:
        return str(error)
    return cut


def _check_body(motion: Motion, dataset: str) -> None:
    """Skeletons are named after the two sets."""
    if motion.skeleton.name != dataset:
        body = f"a body of '{motion.skeleton.name}'"
        raise ValueError(f"{body}, not of '{dataset}': is the root that of another data set?")


def _check_length(motion: Motion, limits: tuple[int, int]) -> None:
    if not limits[0] <= len(motion) <= limits[1]:
        raise ValueError(f"{len(motion)} frames, not {limits[0]} to {limits[1]}")
