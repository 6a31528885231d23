"""Our own file: a motion without any loss, which NumPy can open too.

An uncompressed zip of ``motion.json`` (version, fps, skeleton), ``joints.npy`` (frame, joint, 3) in
metres and, where they are known, ``rotations.npy`` (frame, joint, 3, 3). The same motion gives the
same bytes everywhere.
"""

import math
from collections.abc import Mapping

import numpy as np
import torch
from numpy import ndarray
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from moclip.formats import _members
from moclip.formats._arrays import from_npy, to_npy
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

SUFFIXES = (".npz",)

VERSION = 1
_ENTRIES = ("motion.json", "joints.npy", "rotations.npy")


class _Version(BaseModel):
    version: int


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = VERSION
    fps: float
    skeleton: Skeleton


def encode(motion: Motion) -> bytes:
    """Joints and rotations keep their precision (32 or 64 bits)."""
    header = _Header(fps=motion.fps, skeleton=motion.skeleton)
    parts = {"motion.json": header.model_dump_json().encode()}
    parts["joints.npy"] = to_npy(_plain(motion.joints))
    if motion.rotations is not None:
        parts["rotations.npy"] = to_npy(_plain(motion.rotations))
    return _members.pack_bytes(parts)


def decode(data: bytes, *, name: str = "file") -> Motion:
    """A motion from the bytes of an ``.npz`` file that :func:`encode` made.

    Raises ``ValueError`` for foreign or damaged ones, and for those that would unpack to more than
    a gibibyte, before anything is unpacked.
    """
    parts = _unpack(data, name)
    for entry in _ENTRIES[:2]:
        if entry not in parts:
            raise ValueError(f"{name} is no motion of ours: it has no {entry}")
    header = _header(parts["motion.json"], name)
    shape = (len(header.skeleton), 3)
    joints = _tensor(parts, "joints.npy", name, shape)
    rotations = None
    if "rotations.npy" in parts:
        rotations = _tensor(parts, "rotations.npy", name, (*shape, 3))
        if len(rotations) != len(joints):
            frames = f"rotations of {len(rotations)} frames and joints of {len(joints)}"
            raise ValueError(f"{name} holds {frames}")
    try:
        return Motion(joints, header.fps, header.skeleton, rotations)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _unpack(data: bytes, name: str) -> Mapping[str, bytes]:
    """All members, which must be ours, each once."""
    entries = _members.listed(data, name)
    for entry in entries:
        if entry not in _ENTRIES or entries.count(entry) > 1:
            there = ", ".join(_ENTRIES)
            raise ValueError(
                f"{name} is no motion of ours: it holds {entry[:40]!r}, wanted {there}"
            )
    return _members.unpack(data, name, _ENTRIES)


def _header(data: bytes, name: str) -> _Header:
    try:
        version = _Version.model_validate_json(data).version
        if version != VERSION:
            raise ValueError(f"version {version} is not known, only {VERSION}")
        header = _Header.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "motion.json"
        raise ValueError(f"{name}: {where}: {first['msg']}") from None
    except (ValueError, LookupError) as error:
        raise ValueError(f"{name}: {error}") from None
    ends = [offset for _, offset in header.skeleton.ends]
    if not all(math.isfinite(x) for offset in (*header.skeleton.offsets, *ends) for x in offset):
        raise ValueError(f"{name}: the skeleton has an offset that is not finite")
    return header


def _tensor(parts: Mapping[str, bytes], entry: str, name: str, shape: tuple[int, ...]) -> Tensor:
    """``shape`` is that of one frame."""
    array = from_npy(parts[entry], f"{name}: {entry}")
    if not array.ndim or array.shape[1:] != shape:
        wanted = f"(frame, {', '.join(map(str, shape))})"
        raise ValueError(f"{name}: {entry} has shape {array.shape}, wanted {wanted}")
    if array.dtype not in (np.float32, np.float64):
        raise ValueError(f"{name}: {entry} holds {array.dtype} numbers, wanted float32 or float64")
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), order="C"))


def _plain(tensor: Tensor) -> ndarray:
    wide = tensor.dtype == torch.float64
    array = tensor.detach().cpu().to(torch.float64 if wide else torch.float32).numpy()
    return np.ascontiguousarray(array, dtype="<f8" if wide else "<f4")
