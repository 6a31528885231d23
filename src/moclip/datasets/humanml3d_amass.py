"""HumanML3D (Guo et al., CVPR 2022) rebuilt from AMASS, as its authors made it.

The user's own AMASS and SMPL-H body models, the official ``index.csv`` and the official texts and
lists; see ``raw_pose_processing`` of the data set. Followed to the frame:

- every n-th frame is taken, n = int(fps / 20), and the result is called 20 fps. A recording of
  59.97 fps keeps every second frame and so becomes slow; it is slow in the official set too;
- ten betas; a body that is not male is female;
- sub-sets that begin with a T pose lose their first seconds, then the index gives the frames;
- twins ``M...`` are mirrored in x, left and right joints exchanged;
- the last frame is dropped: the official features need the frame behind each.

The joints are each performer's own. The official ``new_joints`` have all bodies on one skeleton and
are decoded from features: :mod:`moclip.features.humanml263` does both. HumanAct12's motions, a
twelfth of the set, are no part of AMASS: they are read where the root holds the official
``humanact12/humanact12/*.npy``.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel, Field

from moclip import files as plain_files
from moclip import skeletons
from moclip.datasets import _amass, _common, _humanml3d_index, _official, humanml3d
from moclip.datasets._humanml3d_index import FPS, Row
from moclip.datasets._official_texts import captions_by_span
from moclip.datasets._plan import Clip, File, Plan
from moclip.formats._arrays import from_npy
from moclip.motion import Motion

LICENCE = humanml3d.LICENCE
_NAME = "humanml3d_amass"
_BETAS = 10
_GENDERS = {"neutral": "female"}


class Options(BaseModel, frozen=True, extra="forbid"):
    """Where the data are and which of them to take."""

    root: Path | None = None
    """The folder with AMASS's ``.npz`` files, at any depth."""
    body_models: Path | None = None
    """The folder with SMPL-H's body models as ``.npz``; without it, a template body."""
    index: Path | None = None
    """The official ``index.csv``, if it is not in the root."""
    texts: Path | None = None
    """The official folder with ``texts/``, ``train.txt``, ``val.txt`` and ``test.txt``, or its
    ``texts/``; if they are not in the root."""
    min_frames: int = Field(40, ge=2)
    """Shorter motions and spans are left out, as in the official protocol."""
    max_frames: int = Field(199, ge=2)
    """Longer motions and spans are left out, as in the official protocol."""
    cache: bool = True
    """Whether clips once read are kept in ``$MOCLIP_CACHE`` or ``~/.cache/moclip``."""


def plan(options: Options) -> Plan:
    """Recordings in the order in which the lists first name them, with all that is cut of each.

    Raises ``ValueError`` or ``OSError`` when the index or the lists are missing or damaged.
    """
    root = _root(options)
    rows, texts = _humanml3d_index.read(_index(options)), _texts(options)
    splits = _official.splits(texts)
    library = _amass.Library.open(root)
    _amass.check_models(_NAME, options.body_models)
    by_file: dict[str, list[Clip]] = {}
    unreadable: dict[str, str] = {}
    for name, split in splits.items():
        try:
            _official.check_twin(name, splits)
            row = _row(rows, name)
            clips = _clips(name, split, row, texts)
            by_file.setdefault(_key(library, row), []).extend(clips)
        except _common.BROKEN as error:
            unreadable[name] = str(error)
    found = tuple(File(key, tuple(clips)) for key, clips in by_file.items())
    known = frozenset(splits.values())
    return Plan(found, unreadable, _fingerprint(library, found, options), splits=known)


def read(files: Sequence[File], options: Options) -> Iterator[tuple[str, Motion | str]]:
    """Each recording once, and the motions and spans that are cut from it."""
    rows = _humanml3d_index.read(_index(options))
    for file in files:
        try:
            motion = _motion(_root(options), file.key, options.body_models)
        except _common.BROKEN as error:
            yield from ((clip.id, str(error)) for clip in file.clips)
            continue
        for clip in file.clips:
            yield clip.id, _cut(motion, clip, rows, options)


def _root(options: Options) -> Path:
    return _common.need_root(_NAME, options.root, "the folder with AMASS's .npz files")


def _index(options: Options) -> Path:
    path = options.index or _root(options) / "index.csv"
    if not path.is_file():
        raise ValueError(f"data set '{_NAME}' needs index=PATH, the official index.csv; not {path}")
    return path


def _texts(options: Options) -> Path:
    """The folder with the lists and ``texts/``."""
    folder = options.texts or _root(options)
    if not (folder / "train.txt").is_file() and folder.name == "texts":
        folder = folder.parent
    if not (folder / "train.txt").is_file():
        wanted = "the folder with texts/ and train.txt"
        raise ValueError(f"data set '{_NAME}' needs texts=PATH, {wanted}; not {folder}")
    return folder


def _row(rows: dict[str, Row], name: str) -> Row:
    row = rows.get(name.removeprefix("M"))
    if row is None:
        raise LookupError(f"index.csv has no motion {name.removeprefix('M')}")
    return row


def _key(library: _amass.Library, row: Row) -> str:
    """The path of its source inside the root."""
    if not row.is_joints:
        return library.find(row.source)
    key = f"humanact12/humanact12/{Path(row.source).name}"
    if not (library.root / key).is_file():
        raise LookupError(f"there is no {key}, and HumanAct12 is no part of AMASS")
    return key


def _clips(name: str, split: str, row: Row, texts: Path) -> list[Clip]:
    """The whole motion and the spans that captions describe, in seconds of the recording."""
    described = texts / "texts" / f"{name}.txt"
    spans = captions_by_span(described) if described.is_file() else {(0.0, None): ()}
    clips = []
    for (start, end), captions in spans.items():
        named = _official.clip_id(name, start, end)
        first = row.start + int(start * FPS)
        stop = row.end if end is None else row.start + int(end * FPS)
        seconds = None if stop is None else stop / FPS
        clips.append(Clip(named, split, captions, start=first / FPS, end=seconds))
    return clips


def _motion(root: Path, key: str, body_models: Path | None) -> Motion:
    """HumanML3D's joints of a whole recording at what the data set calls 20 fps."""
    body = skeletons.get("humanml3d")
    if key.endswith(".npy"):
        array = from_npy(plain_files.read_bounded(root / key), key)
        if array.ndim != 3 or array.shape[1] < len(body) or array.shape[2] != 3:
            raise ValueError(f"{key} has shape {array.shape}, wanted (frame, 22 or more, 3)")
        joints = torch.from_numpy(array[:, : len(body)].astype(np.float32))
        return Motion(joints, float(FPS), body)
    whole = _amass.read(root, key, body_models, subsample=float(FPS), betas=_BETAS, gender=_GENDERS)
    assert whole.rotations is not None
    bones = body.with_offsets(whole.skeleton.offsets[: len(body)])
    joints, rotations = whole.joints[:, : len(body)], whole.rotations[:, : len(body)]
    return Motion(joints, float(FPS), bones, rotations)


def _cut(motion: Motion, clip: Clip, rows: dict[str, Row], options: Options) -> Motion | str:
    """The whole motion must have a fitting length, and so must the span, as officially."""
    name = clip.id.partition("@")[0]
    row = _row(rows, name)
    whole = range(row.start, min(row.end or len(motion), len(motion)) - 1)  # all but the last
    stop = None if clip.end is None else round(clip.end * FPS) - row.start
    span = whole[round(clip.start * FPS) - row.start : stop]
    for frames in (whole, span):
        if not options.min_frames <= len(frames) <= options.max_frames:
            return f"{len(frames)} frames, not {options.min_frames} to {options.max_frames}"
    cut = motion.cut(span.start / FPS, span.stop / FPS)
    return cut.mirrored() if name.startswith("M") else cut


def _fingerprint(library: _amass.Library, found: Sequence[File], options: Options) -> str:
    if not options.cache:
        return ""
    clips = [[file.key, [[c.id, c.start, c.end] for c in file.clips]] for file in found]
    models = _amass.models_stamp(options.body_models)
    limits = [options.min_frames, options.max_frames]
    return _common.fingerprint(
        str(library.root.resolve()), library.fingerprint, clips, models, limits
    )
