"""Motion files from one format, body and frame rate to another."""

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from moclip import catalog, files, formats, retargeting, skeletons
from moclip.formats import amass
from moclip.motion import Motion
from moclip.rigging import rig
from moclip.skeletons.base import Skeleton

_log = logging.getLogger(__name__)

AMASS = ".amass.npz"
"""Ends the name of a file to be written in AMASS's layout; other ``.npz`` are ours."""
_BROKEN = (ValueError, LookupError, OSError)
"""What reading and converting a file may raise: the file's fault, not ours."""


@dataclass(frozen=True)
class Change:
    """What becomes of every motion on its way."""

    skeleton: str | None = None
    """Body to bring it onto, by name, or the file of a user's own: JSON, or a BVH of the rig, whose
    rest pose counts; the motion's own body if ``None``."""
    fps: float | None = None
    """Frames per second; its own if ``None``."""
    features: str | None = None
    """Feature set to write as numbers (frame, dim); the motion itself if ``None``."""

    def __post_init__(self) -> None:
        if self.body is not None:
            retargeting.sources(self.body)  # a body that cannot be is told before anything is read
        if self.features is not None:
            catalog.load("features", self.features, "encode")
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise ValueError(f"fps is {self.fps}, wanted a positive number")

    @cached_property
    def body(self) -> Skeleton | None:
        """The one to bring motions onto."""
        if self.skeleton is None:
            return None
        path = Path(self.skeleton)
        if path.suffix.lower() == ".json":
            return skeletons.from_json(path).skeleton
        return formats.read(path).skeleton if path.suffix else skeletons.get(self.skeleton)

    def of(self, motion: Motion) -> Motion:
        """Frame rate first: rotations turn on the sphere."""
        if self.fps is not None:
            motion = motion.resampled(self.fps)
        if self.body is None:
            return motion
        if self.skeleton == "humanml3d":  # what models read: the body keeps its own bones
            return retargeting.retarget(motion)
        return rig(motion, self.body)


@dataclass(frozen=True)
class Skipped:
    """A file of a folder that was not converted."""

    path: Path
    why: str


def convert(source: Path, target: Path, change: Change | None = None, **options: Any) -> Motion:
    """Reads one file and writes the other, whole or not at all; returns what was written.

    The suffix of ``target`` says the format; ``options`` are those of reading (``unit``, a
    user's own ``skeleton``, ``fps`` of arrays that do not tell theirs). Raises ``ValueError``,
    ``LookupError`` or ``OSError``.
    """
    change = change or Change()
    _check_target(target, change)
    if source.exists() and target.exists() and source.samefile(target):
        raise ValueError(f"{target} is the file that is read; give another name")
    motion = change.of(formats.read(source, **options))
    if change.features is not None:
        files.write_atomically(target, _features(motion, change.features))
        return motion
    if target.name.lower().endswith(AMASS):
        motion = motion if amass.fits(motion) else rig(motion, skeletons.get("smplh"))
        files.write_atomically(target, amass.in_layout(motion))
        return motion
    if target.suffix.lower() == ".npy" and motion.fps != _usual_fps(motion):
        _log.warning(
            "%s keeps no frame rate: whoever reads it must know that it has %g",
            target,
            motion.fps,
        )
    formats.write(motion, target)
    return motion


def convert_folder(
    source: Path, target: Path, suffix: str, change: Change | None = None, **options: Any
) -> Iterator[tuple[Path, Path | Skipped]]:
    """Converts all motion files below a folder to the same places below another.

    Yields each file, relative to ``source``, with what was written or why it was not. Files that
    are no motions are passed over. Raises ``ValueError`` at once for folders that lie in each other
    and a suffix that cannot be written.
    """
    change = change or Change()
    _check_target(Path(f"file{suffix}"), change)
    here, there = source.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise ValueError(f"{source} and {target} lie in each other; give a folder elsewhere")
    taken = set[Path]()
    for path in sorted(source.rglob("*")):
        inside = path.relative_to(source)
        hidden = any(part.startswith(".") for part in inside.parts)
        if hidden or not path.is_file() or not formats.is_motion(path):
            continue
        wanted = target / inside.with_suffix(suffix)
        if wanted in taken:
            yield inside, Skipped(inside, f"{wanted} was made of another file already")
            continue
        try:
            convert(path, wanted, change, **options)
        except _BROKEN as error:
            yield inside, Skipped(inside, str(error))
        else:
            taken.add(wanted)
            yield inside, wanted


def _check_target(target: Path, change: Change) -> None:
    """Before anything is read."""
    suffix = target.suffix.lower()
    if change.features is not None:
        if suffix != ".npy":
            raise ValueError(f"features are written as .npy, not as '{suffix}'")
        return
    if suffix not in formats.suffixes(written=True):
        there = ", ".join(formats.suffixes(written=True))
        raise ValueError(f"{target.name}: '{suffix}' cannot be written; written are: {there}")


def _features(motion: Motion, name: str) -> bytes:
    numbers = catalog.load("features", name, "encode")(motion).cpu().numpy()
    stream = io.BytesIO()
    np.save(stream, np.ascontiguousarray(numbers, dtype="<f4"), allow_pickle=False)
    return stream.getvalue()


def _usual_fps(motion: Motion) -> float:
    """What readers of arrays take: HumanML3D's 20, KIT-ML's 12.5."""
    return 12.5 if motion.skeleton.name == "kit" else 20.0
