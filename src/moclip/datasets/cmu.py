"""The CMU Graphics Lab Motion Capture Database (mocap.cs.cmu.edu): 2,605 takes of 144 people.

The user's own copy, as a folder or a zip: ``01/01.asf`` with ``01/01_01.amc`` as the laboratory
gives them, or BVH conversions (``01_01.bvh``) at any depth. Captions are the descriptions of the
index (``*index*.txt`` or ``index.csv``, see :mod:`moclip.datasets._cmu_index`), which lies among
them or is given. Whole people train, validate or are tested. Where a take has several files, the
``.amc`` is taken: conversions lack two bones, and begin with a rest pose, which is left out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import torch
from pydantic import BaseModel, Field

from moclip import files, formats
from moclip.datasets import _common
from moclip.datasets._cmu_index import LARGEST, Told, key_of, read_index, take_of
from moclip.datasets._plan import Clip, File, Plan
from moclip.datasets._sources import Source, reader
from moclip.motion import Motion

LICENCE = (
    "CMU Graphics Lab Motion Capture Database, funded by NSF EIA-0196217: free for research and "
    "commercial use; not to be resold on its own, even converted"
)


class Options(BaseModel, frozen=True, extra="forbid"):
    """Where the data are and how fast they were captured."""

    root: Path | None = None
    """The folder, or a zip of it."""
    index: Path | None = None
    """The index, where it does not lie in the root."""
    fps: float = Field(120.0, gt=0)
    """Frame rate of ``.amc`` files, which hold none."""
    seed: int = 0
    """Another seed is another split."""


def plan(options: Options) -> Plan:
    """Takes sorted by their names; those that the index does not describe have no captions.

    Raises ``ValueError`` for a root of something else and for a mistake in the index.
    """
    root = _root(options)
    source = Source.open(root, ".amc", ".bvh")
    index = _index(options, root)
    chosen, spare = _one_each(source.names)
    told = {key: index.get(key, Told(())) for key in chosen}
    planned = (
        File(name, (_clip(PurePosixPath(name).stem, told[key], options.seed),))
        for key, name in chosen.items()
    )
    in_order = sorted(planned, key=lambda file: (file.clips[0].id, file.key))
    return Plan(tuple(in_order), spare, _common.fingerprint("cmu", source.fingerprint, options.fps))


def read(files: Sequence[File], options: Options) -> Iterator[tuple[str, Motion | str]]:
    """Each take whole, or why it cannot be read."""
    root = _root(options)
    with reader(root) as read_file:
        for file in files:
            (clip,) = file.clips
            try:
                yield clip.id, _motion(root, file.key, read_file, options.fps)
            except _common.BROKEN as error:
                yield clip.id, str(error)


def _root(options: Options) -> Path:
    return _common.need_root("cmu", options.root, "its folder or zip")


def _index(options: Options, root: Path) -> Mapping[str, Told]:
    """From the file that is given, or the one nearest to the top that has the name of one."""
    if options.index is not None:
        return read_index(files.read_bounded(options.index, LARGEST), options.index.name)
    try:
        names = Source.open(root, ".txt", ".csv").names
    except ValueError:
        return {}
    found = [name for name in names if _is_index(PurePosixPath(name).name.lower())]
    if not found:
        return {}
    name = min(found, key=lambda path: (path.count("/"), path))
    with reader(root) as read_file:
        return read_index(read_file(name), name)


def _is_index(name: str) -> bool:
    return name == "index.csv" or ("index" in name and name.endswith(".txt"))


def _one_each(names: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The file of each take, and those that are left over with the reason."""
    chosen: dict[str, str] = {}
    spare = {}
    for name in sorted(names, key=lambda name: (not name.lower().endswith(".amc"), name)):
        key = key_of(PurePosixPath(name).stem)
        if key in chosen:
            spare[name] = f"{name} is the same take as {chosen[key]}, which is taken"
        else:
            chosen[key] = name
    return chosen, spare


def _clip(stem: str, told: Told, seed: int) -> Clip:
    take = take_of(stem)
    subject = told.subject or (take.partition("_")[0] if take else None)
    labels = {} if told.action is None else {"action": told.action}
    if subject is not None:
        labels["subject"] = subject
    split = _common.split_by_hash(stem if subject is None else f"subject {subject}", seed)
    return Clip(stem, split, told.captions, labels)


def _motion(root: Path, key: str, read_file: Callable[[str], bytes], fps: float) -> Motion:
    path = PurePosixPath(key)
    if path.suffix.lower() == ".bvh":
        return _without_rest_pose(formats.decode(read_file(key), key))
    if root.is_dir():
        return formats.read(root / key, fps=fps)
    subject = path.with_name(path.stem.partition("_")[0] + ".asf").as_posix()
    try:
        skeleton = read_file(subject)
    except KeyError:
        raise ValueError(f"{key} needs the skeleton {subject}, which is not in {root}") from None
    return formats.decode(read_file(key), key, asf=skeleton, fps=fps)


def _without_rest_pose(motion: Motion) -> Motion:
    """Conversions for animators begin with a T-pose: the root and most joints are not turned at
    all, though they are in the next frame."""
    turns = motion.rotations
    if turns is None or len(motion) < 2:
        return motion
    still = (turns[:2] - torch.eye(3)).abs().amax(dim=(-1, -2)) < 1e-6
    first, second = still.float().mean(dim=1).tolist()
    if not still[0, 0] or first < 2 / 3 or second > 1 / 2:
        return motion
    return replace(motion, joints=motion.joints[1:], rotations=turns[1:])
