"""What is added to a library: motion files and clips of data sets that it does not have yet."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import joblib

from moclip import datasets
from moclip.motion import CaptionedMotion
from moclip.skeletons import UserSkeleton
from moclip.tasks._reading import Piece, Skipped, files, read_pieces, spans

Met = TypeVar("Met")


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

    @property
    def name(self) -> str:
        return name_of(self.source, self.path)


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

    One is known only as long as the file of that name still has it. ``known`` grows with what is
    met. Raises ``FileNotFoundError`` for a path that is not there.
    """
    found = [(root, file) for path in paths for root, file in _rooted(path)]
    left_out: list[Duplicate | Skipped] = []
    new = _new(_hashed(found, left_out), known, _has_still, left_out)
    jobs = (joblib.delayed(_take)(content, root, file, how) for content, (root, file) in new)
    with joblib.Parallel(n_jobs=how.workers, return_as="generator") as parallel:
        yield from parallel(jobs)
    yield from left_out


def of_data(
    name: str, known: dict[str, str], how: How, **options: Any
) -> Iterator[Take | Skipped | Duplicate]:
    """The clips of all splits of a data set, with their captions and labels; else as above."""
    source = source_of(name, options)
    clips = {name_of(source, c.id): c for c in datasets.load(name, "all", **options)}
    contents = {place: _content_of(clip) for place, clip in clips.items()}

    def has_still(place: str, content: str) -> bool:
        """Clips of other data sets are not there to be asked."""
        return contents.get(place) == content or not Path(place).is_relative_to(source)

    left_out: list[Duplicate | Skipped] = []
    met = ((contents[place], place, clip) for place, clip in clips.items())
    for content, clip in _new(met, known, has_still, left_out):
        yield Take(
            content,
            source,
            clip.id,
            tuple(_stretches(clip, how.window)),
            clip.captions,
            tuple(clip.labels.values()),
        )
    yield from left_out


def source_of(name: str, options: Mapping[str, Any]) -> str:
    """A data set as it is written on the command line: two of a kind differ by their root."""
    root = options.get("root")
    return name if root is None else f"{name}:{Path(root).resolve()}"


def name_of(source: str, path: str) -> str:
    """How a file is called where it is told of: as it lies on disk."""
    return str(Path(source) / path)


def _rooted(path: Path) -> Iterator[tuple[Path, Path]]:
    place = path.resolve()
    root = place if place.is_dir() else place.parent
    return ((root, file) for file in files([place]))


def _hashed(
    found: Iterable[tuple[Path, Path]], left_out: list[Duplicate | Skipped]
) -> Iterator[tuple[str, str, tuple[Path, Path]]]:
    for root, file in found:
        try:
            yield _content_in(file), str(file), (root, file)
        except OSError as error:
            left_out.append(Skipped(str(file), str(error.strerror or error)))


def _new(
    met: Iterable[tuple[str, str, Met]],
    known: dict[str, str],
    has_still: Callable[[str, str], bool],
    left_out: list[Duplicate | Skipped],
) -> Iterator[tuple[str, Met]]:
    """Contents that are not known, or by the name of a file that no longer has them."""
    sure: set[str] = set()
    for content, name, what in met:
        owner = known.get(content)
        if owner is None or not (owner == name or content in sure or has_still(owner, content)):
            known[content] = name
            yield content, what
        elif owner != name:
            left_out.append(Duplicate(name, owner))
        sure.add(content)


def _has_still(name: str, content: str) -> bool:
    """Clips of data sets have no file to be asked."""
    try:
        return not Path(name).is_absolute() or _content_in(Path(name)) == content
    except OSError:
        return False


def _content_in(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
