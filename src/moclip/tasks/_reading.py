"""Motion files to pieces that a model can take; what cannot be read is named, never fatal."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib

from moclip import formats, retargeting
from moclip.motion import Motion
from moclip.skeletons import UserSkeleton


@dataclass(frozen=True)
class Skipped:
    """A file that was passed over, and why."""

    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class Piece:
    """A canonical stretch of a file."""

    path: str
    start: float
    """Seconds into the file."""
    end: float
    motion: Motion


def pieces(
    paths: Sequence[str | Path],
    *,
    window: float,
    fps: float,
    skeleton: UserSkeleton | None,
    workers: int,
) -> Iterator[list[Piece] | Skipped]:
    """Every motion file under ``paths`` in order, in stretches of at most ``window`` seconds."""
    jobs = (joblib.delayed(read_pieces)(path, window, fps, skeleton) for path in files(paths))
    with joblib.Parallel(n_jobs=workers, return_as="generator") as parallel:
        yield from parallel(jobs)


def files(paths: Sequence[str | Path]) -> list[Path]:
    """Files as given, folders searched to the bottom for motions; hidden ones are left out.

    Raises ``FileNotFoundError`` for a path that is not there.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if not path.exists():
            raise FileNotFoundError(f"there is no file or folder {path}")
        found |= dict.fromkeys(_under(path) if path.is_dir() else [path])
    return list(found)


def _under(folder: Path) -> list[Path]:
    seen = (path for path in folder.rglob("*") if not _is_hidden(path.relative_to(folder)))
    return sorted(path for path in seen if formats.is_motion(path))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def read_pieces(
    path: Path, window: float, fps: float, skeleton: UserSkeleton | None
) -> list[Piece] | Skipped:
    """A file in canonical stretches, or why there are none."""
    try:
        motion = formats.read(path, skeleton=skeleton)
        return [
            Piece(str(path), start, end, retargeting.canonical(motion.cut(start, end), fps=fps))
            for start, end in spans(motion.duration, window)
        ]
    except (ValueError, LookupError, OSError) as error:
        return Skipped(str(path), " ".join(str(error).split()))


def spans(duration: float, window: float) -> list[tuple[float, float]]:
    """Equal parts of at most ``window`` seconds: no stub is left at the end of a take."""
    count = max(1, math.ceil(duration / window - 1e-6))
    return [(i * duration / count, (i + 1) * duration / count) for i in range(count)]
