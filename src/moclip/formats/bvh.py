"""Biovision hierarchy (BVH): joints and Euler angles, the common tongue of motion capture.

Angles are degrees, intrinsic, in the order of the channels. Position channels may stand on any
joint and replace its offset, axis by axis.
"""

import math
import re
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float64
from numpy import ndarray
from torch import Tensor

from moclip import geometry, skeletons
from moclip.formats import _units
from moclip.formats._bvh_frames import read_frames
from moclip.formats._bvh_header import Joint, Words, read_joints
from moclip.formats._bvh_write import to_text
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton, Vector

SUFFIXES = (".bvh",)

_FREE_JOINT_FRAMES = 200_000
"""Joints without channels cost a file nothing and a reader hundreds of bytes a frame: beyond these
there may be one for each byte of the file, where three channels take six bytes at least."""
_LONGEST_HEADER = 2**22
"""Bytes; a hierarchy of 500 joints has some 2**16."""
_MOTION = re.compile(rb"^[ \t]*MOTION[ \t]*$", re.MULTILINE)


def decode(data: bytes, *, name: str = "file", unit: str | float | None = None) -> Motion:
    """A motion from the bytes of a BVH file.

    ``unit`` is what the file counts in: ``"m"``, ``"cm"``, ``"mm"``, ``"inch"``, ``"foot"``,
    ``"cmu"`` or metres as a number; without it, the unit in which the first frame's body comes
    nearest to a person's size (:func:`moclip.formats._units.metres` says how). A body that is
    known (:func:`moclip.skeletons.recognise`) takes its name and limbs and keeps the file's bones;
    any other is named after the file and has no limbs.

    Raises ``ValueError`` that begins with ``name`` and, where there is one, the line.
    """
    text = _plain_text(data, name)
    motion = _MOTION.search(text)
    if motion is None:
        is_bvh = text.lstrip()[:9].upper() == b"HIERARCHY"
        problem = "has no MOTION section" if is_bvh else "is no BVH: it must begin with HIERARCHY"
        raise ValueError(f"{name} {problem}")
    if motion.start() > _LONGEST_HEADER:
        raise ValueError(f"{name}: a hierarchy of {motion.start():,} bytes is too long")
    joints = read_joints(Words(name, text[: motion.start()].decode()))
    channels = sum(len(joint.channels) for joint in joints)
    values, fps = read_frames(text, motion.end(), channels=channels, name=name)
    if len(values) * len(joints) > _FREE_JOINT_FRAMES + len(text):
        raise ValueError(f"{name}: {len(values):,} frames of {len(joints):,} joints are too many")
    return _motion(joints, values, fps, name=name, unit=unit)


def encode(motion: Motion) -> bytes:
    """The motion in centimetres, angles in the order Z Y X, joints depth first.

    Position channels stand on the root, and on joints that leave the end of their bone: Blender and
    MotionBuilder read them as meant, in place of the offset, other readers skip them. Where the
    motion has no rotations, some are found that bring the bones where the joints are, with rest
    offsets that fit this body, so that few joints or none are left that need them; a reader that
    skips them then has hips and shoulders up to a centimetre or two away in a body whose own are
    not stiff. Reading it back gives joints within 0.1 mm, for a body of human size also without
    ``unit``.
    """
    return to_text(motion).encode()


def _plain_text(data: bytes, name: str) -> bytes:
    """UTF-8 with ``\\n`` between lines. Raises ``ValueError`` for anything that is no text."""
    if not data.strip():
        raise ValueError(f"{name} is empty")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ValueError(f"{name} is UTF-16 text, wanted UTF-8")
    if b"\0" in data:
        raise ValueError(f"{name} is no text: byte {data.index(0):,} is zero")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{name}, line {line}: this is no UTF-8 text") from None
    return data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _motion(
    joints: list[Joint],
    values: Float64[ndarray, "frame channel"],
    fps: float,
    *,
    name: str,
    unit: str | float | None,
) -> Motion:
    bones, rotations = _positions(joints, values), _rotations(joints, values)
    parents = [joint.parent for joint in joints]
    lengths = [math.hypot(*bone) for bone in bones[0].tolist()]
    scale = _units.metres(unit, parents, lengths)
    metres = torch.from_numpy(bones * scale).float()
    moving = any(channel.endswith("position") for joint in joints[1:] for channel in joint.channels)
    positions, _ = geometry.forward_kinematics(
        rotations, metres[:, 0], metres if moving else metres[0], parents
    )
    skeleton, order = _skeleton(joints, scale, Path(name).stem)
    try:
        if order != list(range(len(joints))):
            positions, rotations = positions[:, order], rotations[:, order]
        return Motion(positions, fps, skeleton, rotations)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _positions(
    joints: list[Joint], values: Float64[ndarray, "frame channel"]
) -> Float64[ndarray, "frame joint 3"]:
    """Each joint in its parent's frame: its offset, or the position channels that replace it."""
    columns: list[int] = []
    slots: list[int] = []
    column = 0
    for number, joint in enumerate(joints):
        for channel in joint.channels:
            if channel.endswith("position"):
                columns.append(column)
                slots.append(3 * number + "XYZ".index(channel[0]))
            column += 1
    offsets = np.array([joint.offset for joint in joints]).reshape(1, -1)
    bones = offsets.repeat(len(values), axis=0)
    bones[:, slots] = values[:, columns]
    return bones.reshape(len(values), -1, 3)


def _rotations(
    joints: list[Joint], values: Float64[ndarray, "frame channel"]
) -> Float[Tensor, "frame joint 3 3"]:
    """All joints with the same order of axes are turned at once."""
    columns: dict[str, list[list[int]]] = {}
    numbers: dict[str, list[int]] = {}
    still = int(values.shape[1])  # a column of zeros behind the last
    column = 0
    for number, joint in enumerate(joints):
        at = {c[0]: column + i for i, c in enumerate(joint.channels) if c.endswith("rotation")}
        column += len(joint.channels)
        at |= {axis: still for axis in "XYZ" if axis not in at}
        order = "".join(at)
        columns.setdefault(order, []).append(list(at.values()))
        numbers.setdefault(order, []).append(number)
    angles = np.deg2rad(np.pad(values, ((0, 0), (0, 1))))
    turned = {
        order: geometry.euler_to_matrix(torch.from_numpy(angles[:, at]), order).float()
        for order, at in columns.items()
    }
    if len(turned) == 1:  # as in most files
        return turned.popitem()[1]
    rotations = torch.empty(len(values), len(joints), 3, 3)
    for order, matrices in turned.items():
        rotations[:, numbers[order]] = matrices
    return rotations


def _skeleton(joints: list[Joint], scale: float, stem: str) -> tuple[Skeleton, list[int]]:
    """The body, known or not, and the file's number of each of its joints."""
    ends = [(joint.name, _scaled(joint.end, scale)) for joint in joints if joint.end is not None]
    names, parents = tuple(j.name for j in joints), tuple(j.parent for j in joints)
    offsets = tuple(_scaled(joint.offset, scale) for joint in joints)
    return skeletons.as_known(Skeleton(stem, names, parents, offsets, ends=tuple(ends)))


def _scaled(offset: Vector, scale: float) -> Vector:
    return (offset[0] * scale, offset[1] * scale, offset[2] * scale)
