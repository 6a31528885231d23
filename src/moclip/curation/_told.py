"""Captions as they stand in the tables: all of them, also those given twice, and every mistake."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

from moclip.curation.checks.base import Case
from moclip.datasets import _table
from moclip.datasets._official_texts import text
from moclip.datasets._plan import File


def in_full(dataset: str, root: Path | None, files: tuple[File, ...]) -> tuple[File, ...]:
    """The files of a plan, whose clips have each caption once, with the captions of the tables."""
    if root is None or dataset not in ("folder", "humanml3d", "kit"):
        return files
    if dataset == "folder":
        told: dict[str, list[str]] = {}
        for line in _table.read_table(root / "captions.csv"):
            told.setdefault(line.clip, []).append(line.caption)
        return tuple(_with(file, told) for file in files)
    return tuple(_with(file, _official(root, file)) for file in files)


def mistakes(root: Path) -> tuple[Case, ...]:
    """A case for every line of ``captions.csv`` that cannot be used; none where all can."""
    table = root / "captions.csv"
    if not table.is_file():
        return ()
    return tuple(Case(table.name, problem=why) for why in _table.mistakes(table))


def _with(file: File, told: dict[str, list[str]]) -> File:
    clips = (replace(clip, captions=tuple(told.get(clip.id, clip.captions))) for clip in file.clips)
    return replace(file, clips=tuple(clips))


def _official(root: Path, file: File) -> dict[str, list[str]]:
    """By clip id, from ``texts/ID.txt``, which the plan has read without complaint."""
    path = root / "texts" / f"{PurePosixPath(file.key).stem}.txt"
    if not path.is_file():
        return {}
    told: dict[str, list[str]] = {}
    spans = {(clip.start, clip.end): clip.id for clip in file.clips}
    for line in filter(str.strip, text(path).splitlines()):
        caption, _, start, end = line.strip().split("#")
        told.setdefault(spans[_span(start, end)], []).append(caption.strip())
    return told


def _span(start: str, end: str) -> tuple[float, float | None]:
    first, last = (number if number == number else 0.0 for number in (float(start), float(end)))
    return (0.0, None) if not first and not last else (first, last)
