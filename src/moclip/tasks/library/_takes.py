"""What is added to a library: motion files and clips of data sets that it does not have yet."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib

from moclip import datasets
from moclip.motion import CaptionedMotion
from moclip.skeletons import UserSkeleton
from moclip.tasks._reading import Piece, Skipped, files, read_pieces, spans


@dataclass(frozen=True)
class Duplicate:
    """A file whose content the library has under another name."""

    path: str
    same_as: str


@dataclass(frozen=True, eq=False)
class Take:
    """A file, or a clip of a data set, in canonical stretches."""

    content: str
    source: str
    path: str
    pieces: tuple[Piece, ...]
    captions: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class How:
    """How files are read."""

    window: float
    fps: float
    skeleton: UserSkeleton | None = None
    workers: int = 1


def of_files(
    paths: Sequence[Path], known: dict[str, str], how: How
) -> Iterator[Take | Skipped | Duplicate]:
    """Every motion file under ``paths`` whose content is not ``known`` (SHA-256 to name).

    ``known`` grows with what is met. Raises ``FileNotFoundError`` for a path that is not there.
    """
    found = [(root, file) for path in paths for root, file in _rooted(path)]
    duplicates: list[Duplicate | Skipped] = []
    jobs = (
        joblib.delayed(_take)(content, root, file, how)
        for content, root, file in _new(found, known, duplicates)
    )
    with joblib.Parallel(n_jobs=how.workers, return_as="generator") as parallel:
        yield from parallel(jobs)
    yield from duplicates


def of_data(
    name: str, known: dict[str, str], how: How, **options: Any
) -> Iterator[Take | Duplicate]:
    """The clips of all splits of a data set, with their captions and labels."""
    for clip in datasets.load(name, "all", **options):
        content = _content_of(clip)
        if content in known:
            yield Duplicate(clip.id, known[content])
            continue
        known[content] = clip.id
        yield Take(
            content,
            name,
            clip.id,
            tuple(_stretches(clip, how.window)),
            clip.captions,
            tuple(clip.labels.values()),
        )


def name_of(source: str, path: str) -> str:
    """How a file is called where it is told of: as it lies on disk."""
    return str(Path(source) / path)


def _rooted(path: Path) -> Iterator[tuple[Path, Path]]:
    place = path.resolve()
    root = place if place.is_dir() else place.parent
    return ((root, file) for file in files([place]))


def _new(
    found: Iterable[tuple[Path, Path]], known: dict[str, str], left_out: list[Duplicate | Skipped]
) -> Iterator[tuple[str, Path, Path]]:
    for root, file in found:
        try:
            with file.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            left_out.append(Skipped(str(file), str(error.strerror or error)))
            continue
        if content not in known:
            known[content] = str(file)
            yield content, root, file
        elif known[content] != str(file):
            left_out.append(Duplicate(str(file), known[content]))


def _take(content: str, root: Path, file: Path, how: How) -> Take | Skipped:
    read = read_pieces(file, how.window, how.fps, how.skeleton)
    if isinstance(read, Skipped):
        return read
    return Take(content, str(root), file.relative_to(root).as_posix(), tuple(read))


def _content_of(clip: CaptionedMotion) -> str:
    joints = clip.motion.joints.contiguous().numpy().tobytes()
    return hashlib.sha256(f"{clip.motion.fps:g};".encode() + joints).hexdigest()


def _stretches(clip: CaptionedMotion, window: float) -> Iterator[Piece]:
    for start, end in spans(clip.motion.duration, window):
        motion = clip.motion.cut(start, end)
        if start:
            motion = motion.grounded().centred()
        yield Piece(clip.id, start, end, motion)
