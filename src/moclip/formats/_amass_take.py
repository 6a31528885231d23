"""What stands in an AMASS file: poses, path, shape and gender, checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from moclip.formats import _members
from moclip.formats._arrays import from_npy

BODIES = {72: "smpl", 156: "smplh", 165: "smplx"}
"""By the width of the poses: three numbers a joint."""
_PARTS = ("root_orient", "pose_body", "pose_jaw", "pose_eye", "pose_hand")
"""What the poses are made of, in their order, where the file does not hold them in one."""
_RATES = ("mocap_framerate", "mocap_frame_rate")
"""Of AMASS with SMPL-H, and with SMPL-X."""
GENDERS = ("female", "male", "neutral")
_WANTED = tuple(f"{key}.npy" for key in ("poses", *_PARTS, "trans", "betas", "gender", *_RATES))
_MOST_JOINT_FRAMES = 3 * 10**7
"""Three hours of SMPL-H at 50 frames a second."""
_MOST_BETAS = 300
_TEXT = re.compile(rb"'descr'\s*:\s*'[<>|=]?([US])\d+'")


@dataclass(frozen=True, eq=False)
class Take:
    """One recording; z is up."""

    body: str
    """``smpl``, ``smplh`` or ``smplx``."""
    poses: Float32[ndarray, "frame joint 3"]
    """Axis-angle of each joint, relative to its parent."""
    trans: Float32[ndarray, "frame 3"]
    """Metres."""
    betas: Float64[ndarray, " beta"]
    gender: str
    fps: float


def read(
    data: bytes, name: str, *, subsample: float | None = None, fps: float | None = None
) -> Take:
    """Every n-th frame, n being the frame rate over ``subsample`` rounded down.

    ``fps`` replaces the frame rate in the file. Raises ``ValueError`` that begins with ``name`` for
    anything else than an AMASS recording.
    """
    if subsample is not None and not 0 < subsample < float("inf"):
        raise ValueError(f"subsample is {subsample}, wanted frames per second")
    parts = _members.unpack(data, name, _WANTED)
    poses, trans = _poses(parts, name), _array(parts, "trans", name)
    if trans.ndim != 2 or trans.shape[1] != 3:
        raise ValueError(f"{name}: trans has shape {trans.shape}, wanted (frame, 3)")
    if len(trans) != len(poses):
        raise ValueError(f"{name} holds poses of {len(poses)} frames and trans of {len(trans)}")
    rate = _rate(parts, name) if fps is None else fps
    step = 1 if subsample is None else max(1, int(min(rate / subsample, _MOST_JOINT_FRAMES)))
    joints, plain = poses.shape[1] // 3, _finite(poses, "poses", name)
    return Take(
        BODIES[poses.shape[1]],
        plain[::step].reshape(-1, joints, 3),
        _finite(trans, "trans", name)[::step],
        _betas(parts, name),
        _gender(parts, name),
        rate / step,
    )


def _poses(parts: Mapping[str, bytes], name: str) -> ndarray:
    if "poses.npy" in parts:
        poses = _array(parts, "poses", name)
    else:
        there = [part for part in _PARTS if f"{part}.npy" in parts]
        pieces = [_array(parts, part, name) for part in there]
        if not there or any(p.ndim != 2 or len(p) != len(pieces[0]) for p in pieces):
            raise ValueError(f"{name} has no poses, nor {', '.join(_PARTS)} to make them of")
        _check_size(len(pieces[0]), name)
        poses = np.concatenate(pieces, axis=1)
    if poses.ndim != 2 or poses.shape[1] not in BODIES:
        widths = ", ".join(f"{width} ({body})" for width, body in BODIES.items())
        raise ValueError(
            f"{name}: poses have shape {poses.shape}, wanted (frame, width) of a width of {widths}"
        )
    _check_size(poses.size // 3, name)
    return poses


def _check_size(joint_frames: int, name: str) -> None:
    if joint_frames > _MOST_JOINT_FRAMES:
        raise ValueError(f"{name}: {joint_frames:,} poses of joints are too many")


def _array(parts: Mapping[str, bytes], key: str, name: str) -> ndarray:
    if f"{key}.npy" not in parts:
        raise ValueError(f"{name} has no {key}")
    return from_npy(parts[f"{key}.npy"], f"{name}: {key}")


def _finite(numbers: ndarray, key: str, name: str) -> Float32[ndarray, "frame width"]:
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is told here
        plain = numbers.astype(np.float32, order="C")
    wrong = ~np.isfinite(plain).all(axis=1)
    if wrong.any():
        frame = int(wrong.argmax())
        raise ValueError(f"{name}: {key} hold a number that is not finite at frame {frame}")
    return plain


def _betas(parts: Mapping[str, bytes], name: str) -> Float64[ndarray, " beta"]:
    """None are an average body."""
    if "betas.npy" not in parts:
        return np.zeros(0)
    betas = _array(parts, "betas", name).astype(np.float64)
    if betas.ndim == 2 and len(betas) == 1:
        betas = betas[0]
    if betas.ndim != 1 or len(betas) > _MOST_BETAS:
        wanted = f"one row of at most {_MOST_BETAS}"
        raise ValueError(f"{name}: betas have shape {betas.shape}, wanted {wanted}")
    if not np.isfinite(betas).all():
        raise ValueError(f"{name}: betas hold a number that is not finite")
    return betas


def _rate(parts: Mapping[str, bytes], name: str) -> float:
    key = next((key for key in _RATES if f"{key}.npy" in parts), None)
    if key is None:
        raise ValueError(f"{name} has no {_RATES[0]}, and no fps was given")
    rate = _array(parts, key, name)
    if rate.size != 1 or not 0 < float(rate.reshape(-1)[0]) < float("inf"):
        raise ValueError(f"{name}: {key} is no number of frames per second")
    return float(rate.reshape(-1)[0])


def _gender(parts: Mapping[str, bytes], name: str) -> str:
    """Text of either of NumPy's kinds; a file without it has a neutral body."""
    if "gender.npy" not in parts:
        return "neutral"
    data = parts["gender.npy"]
    kind = _TEXT.search(data[:200])
    if kind is None or b"\n" not in data:
        raise ValueError(
            f"{name}: gender is stored as a Python object or a number, which is not read; wanted "
            f"text: {', '.join(GENDERS)}"
        )
    text = data[data.index(b"\n") + 1 :][:400].replace(b"\0", b"").decode("ascii", "replace")
    gender = text.strip().lower()
    if gender not in GENDERS:
        raise ValueError(f"{name}: gender is {gender[:20]!r}, wanted {', '.join(GENDERS)}")
    return gender
