"""Acclaim motion files (``.amc``) with their skeleton (``.asf``): what the CMU database offers.

A bone ``b`` with axis ``C`` and angles ``M`` turns by ``C M C^-1`` relative to the bone above it
(M. Schafer, "Acclaim Skeleton File Definition 1.10"; J. Lander, "Working with Motion Capture File
Formats", 1998). It becomes the joint at which the bone begins, so the rotations are those of a BVH
file: of each joint relative to its parent. The bones of the CMU database take the names that its
BVH conversions use, and are the skeleton ``cmu``.

Such files hold no frame rate: the CMU database was captured at 120 frames per second.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from numpy import ndarray
from torch import Tensor

from moclip import files, geometry, skeletons
from moclip.formats import _asf, _units
from moclip.formats._amc_frames import Header, read_frames, read_header
from moclip.formats._asf import Body, Bone
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton, Vector

SUFFIXES = (".amc",)

FPS = 120.0
"""Frames per second where neither the file nor the caller says."""
LARGEST = 2**28
"""Bytes; almost an hour at 120 frames per second."""
_CMU_UNIT = 0.45
_MOST_JOINT_FRAMES = 2 * 10**7
"""Bones without degrees of freedom cost a file nothing and a reader 150 bytes a frame."""
_CMU_NAMES = {
    "root": "Hips",
    "lowerback": "LowerBack",
    "upperback": "Spine",
    "thorax": "Spine1",
    "lowerneck": "Neck",
    "upperneck": "Neck1",
    "head": "Head",
} | {
    f"{side}{bone}": joint.replace("*", word)
    for side, word in (("l", "Left"), ("r", "Right"))
    for bone, joint in {
        "hipjoint": f"{side.upper()}HipJoint",
        "femur": "*UpLeg",
        "tibia": "*Leg",
        "foot": "*Foot",
        "toes": "*ToeBase",
        "clavicle": "*Shoulder",
        "humerus": "*Arm",
        "radius": "*ForeArm",
        "wrist": "*Hand",
        "hand": "*FingerBase",
        "fingers": "*HandIndex1",
        "thumb": f"{side.upper()}Thumb",
    }.items()
}


def decode(
    data: bytes,
    *,
    name: str = "file",
    asf: bytes | str | Path | None = None,
    fps: float | None = None,
    unit: str | float | None = None,
) -> Motion:
    """A motion from the bytes of an ``.amc`` file and its ``.asf``, given as bytes or as a path.

    ``unit`` is what the skeleton counts in, as :func:`moclip.formats.bvh.decode` takes it; without
    it, a skeleton with ``length 0.45`` counts in the CMU database's unit (0.0254 m / 0.45) and any
    other in the one that makes the body human.

    Raises ``ValueError`` that begins with the name of the file at fault and its line.
    """
    text = _plain_text(data, name, LARGEST)
    if asf is None:
        raise ValueError(
            f"{name} needs the .asf file with its skeleton: put it in the same folder, under the "
            "same name or that of the subject (01.asf for 01_02.amc), or give asf=PATH"
        )
    body = _body(asf, name)
    header = read_header(text, name)
    layout = [(bone.name, len(bone.dof)) for bone in body.bones if bone.dof]
    values = read_frames(text, header, layout, name)
    if len(values) * len(body.bones) > _MOST_JOINT_FRAMES:
        raise ValueError(f"{name}: {len(values):,} frames of {len(body.bones)} bones are too many")
    try:
        return _motion(body, values, header, name=name, fps=fps, unit=unit)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def beside(path: Path) -> dict[str, Any]:
    """The skeleton of a motion file: the ``.asf`` of its name, of the longest part of its name that
    ends where a letter or digit does not follow (``01.asf`` of ``01_02.amc``), or the only one."""
    for stem in _stems(path.stem):
        for suffix in (".asf", ".ASF"):
            candidate = path.with_name(stem + suffix)
            if candidate.is_file():
                return {"asf": candidate}
    there = [other for other in path.parent.iterdir() if other.suffix.lower() == ".asf"]
    return {"asf": there[0]} if len(there) == 1 else {}


def _stems(stem: str) -> Iterator[str]:
    yield stem
    for cut in reversed(list(re.finditer(r"[^0-9A-Za-z]", stem))):
        if cut.start():
            yield stem[: cut.start()]


def _body(asf: bytes | str | Path, name: str) -> Body:
    data, called = asf, f"{name}: its .asf"
    if isinstance(data, str | Path):
        called = Path(data).name
        data = files.read_bounded(Path(data), _asf.LARGEST)
    return _asf.read_body(_plain_text(data, called, _asf.LARGEST).decode(), called)


def _plain_text(data: bytes, name: str, largest: int) -> bytes:
    """The text with ``\\n`` between lines. Raises ``ValueError`` for anything that is no text."""
    if not data.strip():
        raise ValueError(f"{name} is empty")
    if len(data) > largest:
        raise ValueError(f"{name} has {len(data):,} bytes, more than the {largest:,} that are read")
    if b"\0" in data:
        raise ValueError(f"{name} is no text: byte {data.index(0):,} is zero")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{name}, line {line}: this is no UTF-8 text") from None
    return data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _motion(
    body: Body,
    values: Float64[ndarray, "frame number"],
    header: Header,
    *,
    name: str,
    fps: float | None,
    unit: str | float | None,
) -> Motion:
    degrees = body.degrees if header.degrees is None else header.degrees
    moves, angles = _sorted_out(body, values, math.pi / 180 if degrees else 1.0)
    rotations = _rotations(body.bones, angles)
    skeleton, order = _skeleton(body, Path(name).stem, unit)
    root = torch.from_numpy((moves + body.position) * _metres(body, unit)).float()
    if fps is None:
        fps = header.fps or FPS
    return Motion.from_rotations(rotations[:, order], root, fps=fps, skeleton=skeleton)


def _sorted_out(
    body: Body, values: Float64[ndarray, "frame number"], scale: float
) -> tuple[Float64[ndarray, "frame 3"], Float64[ndarray, "frame bone 3"]]:
    """The root's path in the file's unit, and angles about x, y and z in radians."""
    moves = np.zeros((len(values), 3))
    angles = np.zeros((len(values), len(body.bones), 3))
    at = 0
    for number, bone in enumerate(body.bones):
        for word in bone.dof:
            axis = "xyz".index(word[1])
            if word[0] == "t":
                moves[:, axis] = values[:, at]
            else:
                angles[:, number, axis] = values[:, at] * scale
            at += 1
    return moves, angles


def _rotations(
    bones: list[Bone], angles: Float64[ndarray, "frame bone 3"]
) -> Float[Tensor, "frame bone 3 3"]:
    """``C M C^-1`` of each bone; all bones with the same order of angles are turned at once."""
    by_order: dict[str, list[int]] = {}
    for number, bone in enumerate(bones):
        order = "".join(word[1].upper() for word in bone.dof if word[0] == "r")
        order += "".join(axis for axis in "XYZ" if axis not in order)
        by_order.setdefault(order, []).append(number)
    axes = torch.stack([_about_fixed_axes(torch.tensor(b.axis), b.axis_order) for b in bones])
    rotations = torch.empty(*angles.shape, 3)
    for order, numbers in by_order.items():
        turned = _about_fixed_axes(torch.from_numpy(angles[:, numbers]), order)
        rotations[:, numbers] = (axes[numbers] @ turned @ axes[numbers].mT).float()
    return rotations


def _about_fixed_axes(xyz: Tensor, order: str) -> Tensor:
    """Angles about x, y, z that follow each other in ``order``, about axes that stay where they
    are: the last one is the leftmost matrix."""
    backwards = order[::-1]
    columns = ["XYZ".index(axis) for axis in backwards]
    return geometry.euler_to_matrix(xyz.double()[..., columns], backwards)


def _metres(body: Body, unit: str | float | None) -> float:
    if unit is None and body.unit == _CMU_UNIT:
        unit = "cmu"
    lengths = [abs(bone.length) * math.hypot(*bone.direction) for bone in body.bones]
    return _units.metres(unit, [bone.parent for bone in body.bones], lengths)


def _skeleton(body: Body, stem: str, unit: str | float | None) -> tuple[Skeleton, list[int]]:
    """Joints where bones begin, tips where the last bones end; the file's number of each joint."""
    scale = _metres(body, unit)
    bones = body.bones
    ends = [_scaled(bone.reach, scale) for bone in bones]
    names = [bone.name for bone in bones]
    if set(names) == set(_CMU_NAMES):
        names = [_CMU_NAMES[bone] for bone in names]
    offsets = [(0.0, 0.0, 0.0), *(ends[bone.parent] for bone in bones[1:])]
    last = set(range(len(bones))) - {bone.parent for bone in bones}
    tips = [(names[i], ends[i]) for i in sorted(last) if any(ends[i])]
    parents = [bone.parent for bone in bones]
    found = Skeleton(stem, tuple(names), tuple(parents), tuple(offsets), ends=tuple(tips))
    return skeletons.as_known(found)


def _scaled(offset: Vector, scale: float) -> Vector:
    return (offset[0] * scale, offset[1] * scale, offset[2] * scale)
