"""What ``doctor`` looks at: the clips of a data set, a folder, a zip or a file, unchanged.

The layout of a folder is recognised; where its tables are broken, its motion files are read all the
same and the mistakes are told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from moclip import catalog, datasets, formats
from moclip.curation import _told
from moclip.curation.checks.base import Case
from moclip.datasets._plan import Clip, File, Plan
from moclip.formats._arrays import from_npy

_WIDEST = {"min_frames": 2, "max_frames": 2**40, "min_seconds": 0.0, "max_seconds": 1e9}
"""Limits of data sets that would hide clips."""
_MANY = 20
"""Missing files that are named one by one."""
_STATISTICS = ("mean.npy", "std.npy")
"""Arrays that lie beside motions and are none."""


@dataclass(frozen=True)
class Patients:
    """Files to read in parts, and what is known to be wrong before."""

    dataset: str
    options: Any
    files: tuple[File, ...]
    known: tuple[Case, ...] = ()
    """Clips and tables that cannot be read, with the reason."""

    @property
    def are_described(self) -> bool:
        """Whether there are captions at all."""
        return any(clip.captions for file in self.files for clip in file.clips)


def find(path: str, data: str | None = None) -> Patients:
    """``PATH``, or ``NAME[:PATH]`` of a data set, or a path read as the data set ``data``.

    Raises ``LookupError`` for an unknown data set, ``ValueError`` or ``OSError`` for a place that
    holds nothing to look at.
    """
    if data is not None:
        return _named(data, root=Path(path))
    if path.partition(":")[0] in catalog.names("datasets") and not Path(path).exists():
        name, options = datasets.parse(path)
        return _named(name, **options)
    root = Path(path)
    if not root.exists():
        raise FileNotFoundError(f"there is no file or folder {path}")
    layout = _layout(root)
    if layout == "files":
        return _plain(root)
    try:
        return _named(layout, root=root)
    except (ValueError, OSError) as error:
        known = _told.mistakes(root) or (Case(str(root), problem=str(error)),)
        return replace(_plain(root), known=known)


def read(dataset: str, options: Any, are_described: bool, files: Sequence[File]) -> Iterator[Case]:
    """The clips of these files as they stand there."""
    clips = {clip.id: clip for file in files for clip in file.clips}
    for name, motion in catalog.load("datasets", dataset, "read")(files, options):
        clip = clips[name]
        case = Case(name, captions=clip.captions if are_described else None, split=clip.split)
        if isinstance(motion, str):
            yield replace(case, problem=motion)
        else:
            yield replace(case, motion=motion)


def _named(name: str, **options: Any) -> Patients:
    fields = catalog.load("datasets", name, "Options").model_fields
    wide: dict[str, Any] = {key: value for key, value in _WIDEST.items() if key in fields}
    if "cache" in fields:
        wide["cache"] = False
    chosen = datasets.options_of(name, {**wide, **options})
    plan: Plan = catalog.load("datasets", name, "plan")(chosen)
    files = _told.in_full(name, chosen.root, plan.files)
    return Patients(name, chosen, files, tuple(_known(str(chosen.root), plan.unreadable)))


def _known(root: str, unreadable: Mapping[str, str]) -> Iterator[Case]:
    """What the plan says; a copy in which many files are missing is one thing, not many."""
    missing = {clip: why for clip, why in unreadable.items() if why.startswith("there is no ")}
    if len(missing) > _MANY:
        few = ", ".join(list(missing)[:3])
        why = f"there are no files for {len(missing):,} of the clips that are listed: {few}, ..."
        yield Case(root, problem=why)
        unreadable = {clip: why for clip, why in unreadable.items() if clip not in missing}
    yield from (Case(clip, problem=why) for clip, why in unreadable.items())


def _plain(root: Path) -> Patients:
    """Every motion file below a folder or in a zip, or the one file; without splits."""
    if root.is_file() and root.suffix.lower() != ".zip":
        if root.suffix.lower() not in formats.suffixes():
            there = ", ".join((*formats.suffixes(), ".zip"))
            raise ValueError(f"{root.name}: no format '{root.suffix}'; there are: {there}")
        options = datasets.options_of("files", {"root": root.parent})
        return Patients("files", options, (File(root.name, (Clip(root.name, "", ()),)),))
    found = _named("files", root=root)
    files = (
        replace(file, clips=tuple(replace(clip, split="") for clip in file.clips))
        for file in found.files
        if PurePosixPath(file.key).name.lower() not in _STATISTICS
    )
    return replace(found, files=tuple(files))


def _layout(root: Path) -> str:
    """The data set a folder is laid out as; ``files`` is any folder."""
    if (root / "captions.csv").is_file():
        return "folder"
    arrays = next((root / f for f in ("new_joint_vecs", "new_joints") if (root / f).is_dir()), None)
    if arrays is not None and (root / "train.txt").is_file():
        return "kit" if _is_kit(arrays) else "humanml3d"
    return "files"


def _is_kit(arrays: Path) -> bool:
    """By the shape of the first array that can be read: 21 joints or 251 features."""
    for path in sorted(arrays.glob("*.npy")):
        try:
            return from_npy(path.read_bytes(), path.name).shape[1] in (21, 251)
        except (ValueError, IndexError, OSError):
            continue
    return False
