"""Canonical clips kept on disk, so that thousands of files are read once.

One safetensors file a data set and set of options, in ``$MOCLIP_CACHE`` or ``~/.cache/moclip``. Its
name is a hash of the files, the options and the code that makes clips of them, so a stale one is
never met; a damaged one is made anew.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from moclip import skeletons
from moclip.files import write_atomically
from moclip.motion import Motion

_log = logging.getLogger(__name__)

_PACKAGE = Path(__file__).parents[1]
_CODE = (
    "geometry.py",
    "motion.py",
    "retargeting.py",
    "skeletons/*.py",
    "features/*.py",
    "formats/*.py",
    "datasets/*.py",
)
"""What decides how a file becomes a canonical clip."""


@dataclass(frozen=True, eq=False)
class Clips:
    """Canonical motions by clip id, and the clips that could not be read with the reason."""

    motions: dict[str, Motion]
    unreadable: dict[str, str]


def folder() -> Path:
    return Path(os.environ.get("MOCLIP_CACHE") or Path.home() / ".cache" / "moclip")


def cached(dataset: str, key: Mapping[str, object], make: Callable[[], Clips]) -> Clips:
    """What ``make`` returns, from disk if it was made before with this key and this code."""
    text = json.dumps({**key, "code": code_version()}, sort_keys=True)
    path = folder() / f"{dataset}-{hashlib.sha256(text.encode()).hexdigest()[:32]}.safetensors"
    clips = _load(path)
    if clips is None:
        clips = make()
        if clips.motions:
            _store(path, clips)
    return clips


def _store(path: Path, clips: Clips) -> None:
    """A cache that cannot be written costs time, not the run."""
    try:
        write_atomically(path, pack(clips))
    except OSError as error:
        _log.warning("clips could not be cached at %s: %s", path, error)


def _load(path: Path) -> Clips | None:
    if not path.is_file():
        return None
    try:
        return unpack(path)
    except (SafetensorError, ValueError, KeyError, TypeError, OSError) as error:
        _log.warning("cache %s is damaged and is made anew: %s", path, error)
        return None


def pack(clips: Clips) -> bytes:
    """All joints one after the other, the number of frames of each clip, ids in the metadata."""
    motions = list(clips.motions.values())
    tensors = {
        "joints": torch.cat([motion.joints for motion in motions]).contiguous(),
        "lengths": torch.tensor([len(motion) for motion in motions]),
    }
    metadata = {
        "ids": json.dumps(list(clips.motions)),
        "unreadable": json.dumps(clips.unreadable),
        "fps": repr(motions[0].fps),
    }
    return save(tensors, metadata=metadata)


def unpack(path: Path) -> Clips:
    """The inverse of :func:`pack`. Raises when the file is damaged."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        joints, lengths = file.get_tensor("joints"), file.get_tensor("lengths").tolist()
    ids, fps = json.loads(metadata["ids"]), float(metadata["fps"])
    body = skeletons.get("humanml3d")
    pieces = joints.split(lengths)
    motions = {clip: Motion(piece, fps, body) for clip, piece in zip(ids, pieces, strict=True)}
    return Clips(motions, json.loads(metadata["unreadable"]))


def code_version() -> str:
    """Changes with any line that decides how a file becomes a canonical clip."""
    digest = hashlib.sha256()
    for pattern in _CODE:
        for path in sorted(_PACKAGE.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()
