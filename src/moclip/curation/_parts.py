"""The parts of a preparation: some files each, the same whatever number of processes make them.

A part is one file in the work folder. Its name holds a hash of all that decides what is in it, so
what a killed run has left is taken up, and what is out of date is not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, TypeAdapter

from moclip.datasets._block import read_note
from moclip.datasets._cache import code_version
from moclip.datasets._common import FPS, fingerprint
from moclip.datasets._plan import Clip, File, Plan
from moclip.datasets._sources import beside, stamps
from moclip.skeletons.base import Skeleton

FILES = 32
"""Of a part."""


@dataclass(frozen=True)
class Settings:
    """What is made of the files; goes to every process."""

    dataset: str
    options: Any
    root: Path | None
    """Where the keys of the files lie."""
    fps: float
    skeleton: str
    """``humanml3d``, or ``own``: that of the files, the same tree in all."""
    mirror: bool
    ready: bool
    """Whether the data set's motions are canonical as they are."""

    @property
    def source(self) -> str:
        """Name of the folder or zip, for people."""
        return self.root.name if self.root else ""

    @property
    def canonical(self) -> bool:
        """Whether what is made is what models see."""
        return self.skeleton == "humanml3d" and self.fps == FPS


@dataclass(frozen=True)
class Part:
    """Some files of the plan, and the name of the file that is made of them."""

    name: str
    files: tuple[File, ...]


@dataclass(frozen=True)
class Look:
    """Of a clip: what must be alike in all that lie in one file."""

    clip: str
    skeleton: Skeleton
    has_rotations: bool

    def __str__(self) -> str:
        rotations = "with" if self.has_rotations else "without"
        joints = len(self.skeleton)
        return f"'{self.clip}' a '{self.skeleton.name}' of {joints} joints {rotations} rotations"


@dataclass(frozen=True)
class Note:
    """What the file of a part says beside its motions."""

    clips: tuple[Clip, ...]
    left_out: Mapping[str, str]
    sources: Mapping[str, str]
    """sha256 of its files."""
    look: Look | None
    """Of its clips; ``None`` where none could be read."""

    def to_json(self) -> str:
        return _NOTE.dump_json(self).decode()


_NOTE = TypeAdapter(Note)


def read_part(path: Path) -> Note:
    """The note of a part. Raises ``ValueError`` for a damaged file."""
    return _NOTE.validate_json(read_note(path))


def check_alike(one: Look, other: Look) -> None:
    """Raises ``ValueError`` for clips that cannot lie in one file."""
    same = one.skeleton.same_tree(other.skeleton) and one.has_rotations == other.has_rotations
    tips = [{joint for joint, _ in look.skeleton.ends} for look in (one, other)]
    if not same or tips[0] != tips[1]:
        raise ValueError(
            f"clips cannot keep their own skeletons where these differ: {one}, {other}; "
            "retarget them to humanml3d"
        )


def parts_of(plan: Plan, settings: Settings) -> list[Part]:
    """All files of the plan, :data:`FILES` at a time."""
    bodies = beside(settings.root, [file.key for file in plan.files])
    marks = stamps(settings.root, [*(file.key for file in plan.files), *bodies])
    common = [code_version(), repr(settings), _stamps_beside(settings.options)]
    runs = [plan.files[at : at + FILES] for at in range(0, len(plan.files), FILES)]
    keys = [fingerprint(common, repr(run), _marks(run, marks, bodies)) for run in runs]
    return [
        Part(f"part-{number:05d}-{key[:16]}.safetensors", run)
        for number, (run, key) in enumerate(zip(runs, keys, strict=True))
    ]


def _marks(
    run: Sequence[File], marks: Mapping[str, list[int]], bodies: Sequence[str]
) -> list[list[int] | None]:
    """Of the files and of the bodies that lie in their folders."""
    folders = {PurePosixPath(file.key).parent for file in run}
    needed = [body for body in bodies if PurePosixPath(body).parent in folders]
    return [marks.get(name) for name in (*(file.key for file in run), *needed)]


def _stamps_beside(options: BaseModel) -> dict[str, Any]:
    """Of the other files and folders that options name, such as those of a body model."""
    paths = {name: value for name, value in options if isinstance(value, Path) and name != "root"}
    return {name: sorted(_stamps_at(path)) for name, path in paths.items()}


def _stamps_at(path: Path) -> Iterator[tuple[str, int, int]]:
    for file in (path, *(path.rglob("*") if path.is_dir() else ())):
        if file.exists():
            stat = file.stat()
            yield str(file.relative_to(path.parent)), stat.st_size, stat.st_mtime_ns
