"""A motion as the text of a BVH file: centimetres, degrees, rotations as Z Y X."""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64
from numpy import ndarray
from torch import Tensor

from moclip import geometry
from moclip.motion import Motion
from moclip.posing import local_bones, pose
from moclip.skeletons.base import Skeleton, Vector

_CM = 100.0
_ORDER = "ZYX"
_ROTATION = " ".join(f"{axis}rotation" for axis in _ORDER)
_POSITION = "Xposition Yposition Zposition"
_STRAYS = 5e-6
"""Metres a joint may be away from the end of its bone before it gets position channels."""


def to_text(motion: Motion) -> str:
    """Raises ``ValueError`` for a joint whose name BVH cannot hold."""
    skeleton, rotations = pose(motion)
    bones = local_bones(motion.joints.double(), rotations, skeleton)
    offsets = torch.tensor(skeleton.offsets, dtype=torch.float64)
    moves = (bones - offsets).norm(dim=-1).amax(dim=0) > _STRAYS
    moves[0] = True
    order = list(_depth_first(skeleton))
    lines = ["HIERARCHY", *_hierarchy(skeleton, order, moves)]
    lines += ["MOTION", f"Frames: {len(motion)}", f"Frame Time: {_frame_time(motion.fps)}"]
    return "\n".join([*lines, *_rows(bones, rotations, order, moves), ""])


def _frame_time(fps: float) -> str:
    """Seconds in seventeen digits, which tell the rate to its last bit."""
    return f"{1 / Decimal(float(fps)):.17g}"


def _depth_first(skeleton: Skeleton) -> Iterator[int]:
    """The order in which a hierarchy in braces lists its joints."""
    children: list[list[int]] = [[] for _ in skeleton.parents]
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        children[parent].append(joint)
    waiting = [0]
    while waiting:
        joint = waiting.pop()
        yield joint
        waiting.extend(reversed(children[joint]))


def _hierarchy(skeleton: Skeleton, order: list[int], moves: Bool[Tensor, " joint"]) -> list[str]:
    """A joint without children gets an End Site even if none is known: readers expect one."""
    lines: list[str] = []
    ends = dict(skeleton.ends)
    is_parent = set(skeleton.parents)
    open_joints: list[int] = []
    for joint in order:
        while open_joints and open_joints[-1] != skeleton.parents[joint]:
            open_joints.pop()
            lines.append("\t" * len(open_joints) + "}")
        name = _checked(skeleton.joint_names[joint])
        tabs = "\t" * len(open_joints)
        offset = (0.0, 0.0, 0.0) if not open_joints else skeleton.offsets[joint]
        channels = f"6 {_POSITION} {_ROTATION}" if moves[joint] else f"3 {_ROTATION}"
        lines += [f"{tabs}{'JOINT' if open_joints else 'ROOT'} {name}", tabs + "{"]
        lines += [f"{tabs}\tOFFSET {_centimetres(offset)}", f"{tabs}\tCHANNELS {channels}"]
        tip = ends.get(skeleton.joint_names[joint], None if joint in is_parent else (0.0, 0.0, 0.0))
        if tip is not None:
            lines += [f"{tabs}\tEnd Site", f"{tabs}\t{{"]
            lines += [f"{tabs}\t\tOFFSET {_centimetres(tip)}", f"{tabs}\t}}"]
        open_joints.append(joint)
    return lines + ["\t" * depth + "}" for depth in reversed(range(len(open_joints)))]


def _checked(name: str) -> str:
    if not name or name != " ".join(name.split()) or set(name) & set("{}\0"):
        raise ValueError(f"BVH cannot hold a joint named {name!r}")
    return name


def _centimetres(offset: Vector) -> str:
    return " ".join(f"{_CM * length:.6f}" for length in offset)


def _rows(
    bones: Float[Tensor, "frame joint 3"],
    rotations: Float[Tensor, "frame joint 3 3"],
    order: list[int],
    moves: Bool[Tensor, " joint"],
) -> list[str]:
    angles = geometry.matrix_to_euler(rotations, _ORDER).numpy()
    degrees = np.rad2deg(np.unwrap(angles, axis=0))  # no jump of a whole turn between two frames
    columns: list[Float64[ndarray, "frame 3"]] = []
    for joint in order:
        if moves[joint]:
            columns.append(_CM * bones[:, joint].numpy())
        columns.append(degrees[:, joint])
    table = np.concatenate(columns, axis=1)
    row = " ".join(["%.6f"] * table.shape[1])
    return [row % tuple(numbers) for numbers in table.tolist()]
