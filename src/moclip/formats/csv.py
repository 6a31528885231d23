"""Joints as a table: ``time`` in seconds, then ``JOINT.x``, ``.y``, ``.z`` in metres, y up.

For spreadsheets, pandas and plots. A line a frame; rotations, parents and lengths of bones are not
in it, so a table is read again only where its joints are those of a known body or of a user's own.
"""

import math

import numpy as np
import torch
from numpy import ndarray

from moclip import catalog, skeletons
from moclip.motion import Motion
from moclip.skeletons import UserSkeleton
from moclip.skeletons.base import Skeleton

SUFFIXES = (".csv",)

_AXES = ("x", "y", "z")
_USUAL_FPS = 20.0
"""Of a single frame, whose time does not tell."""


def recognises(data: bytes) -> bool:
    """Other tables have other columns."""
    head = data.partition(b"\n")[0]
    return head.startswith(b"time,") and b".x," in head


def encode(motion: Motion) -> bytes:
    """Numbers in full: 32 bits take nine digits."""
    columns = [f"{joint}.{axis}" for joint in motion.skeleton.joint_names for axis in _AXES]
    awkward = [joint for joint in motion.skeleton.joint_names if "," in joint or '"' in joint]
    if awkward:
        raise ValueError(f"a joint named '{awkward[0]}' cannot head a column of a table")
    rows = motion.joints.detach().cpu().flatten(1).tolist()
    lines = [",".join(["time", *columns])]
    for frame, row in enumerate(rows):
        lines.append(f"{frame / motion.fps:.9g}," + ",".join(f"{number:.9g}" for number in row))
    return ("\n".join(lines) + "\n").encode()


def decode(
    data: bytes,
    *,
    name: str = "file",
    skeleton: UserSkeleton | None = None,
    fps: float | None = None,
) -> Motion:
    """A motion from the bytes of a table that :func:`encode` made.

    ``fps`` replaces the rate that the times tell. Raises ``ValueError`` that begins with ``name``.
    """
    if not data:
        raise ValueError(f"{name} is empty")
    if not recognises(data):
        raise ValueError(f"{name} is no table of joints: its columns should be time, JOINT.x, ...")
    if not data.endswith(b"\n"):
        raise ValueError(f"{name} breaks off in its last line")
    head, *lines = data.decode("utf-8", "replace").splitlines()
    body = _body(head.split(",")[1:], skeleton, name)
    numbers = _numbers(lines, 1 + 3 * len(body), name)
    joints = torch.from_numpy(numbers[:, 1:].astype(np.float32)).reshape(-1, len(body), 3)
    if skeleton is not None:
        joints = joints[:, list(skeleton.order)]
        body = skeleton.skeleton
    try:
        return Motion(joints, fps or _rate(numbers[:, 0]), body)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _body(columns: list[str], own: UserSkeleton | None, name: str) -> Skeleton:
    """Whose joints head the columns."""
    joints = tuple(column.removesuffix(".x") for column in columns[::3])
    wanted = [f"{joint}.{axis}" for joint in joints for axis in _AXES]
    if columns != wanted:
        raise ValueError(f"{name}: columns after time should be x, y and z of one joint each")
    if own is not None:
        named = tuple(own.skeleton.joint_names[own.order.index(i)] for i in range(len(own.order)))
        if joints == named:
            return own.skeleton
        raise ValueError(f"{name}: its joints are not those of '{own.skeleton.name}', in its order")
    for known in map(skeletons.get, catalog.names("skeletons")):
        if known.joint_names == joints:
            return known
    raise ValueError(f"{name}: its joints are no known body's; a JSON file can describe another")


def _numbers(lines: list[str], width: int, name: str) -> ndarray:
    rows = []
    for number, line in enumerate(lines, start=2):
        try:
            row = [float(word) for word in line.split(",")]
        except ValueError:
            row = []
        if len(row) != width or not all(map(math.isfinite, row)):
            raise ValueError(f"{name}, line {number}: wanted {width} finite numbers")
        rows.append(row)
    if not rows:
        raise ValueError(f"{name} has no frames")
    return np.array(rows)


def _rate(times: ndarray) -> float:
    """Frames per second, of times that were rounded to nine digits."""
    span = times[-1] - times[0]
    return round(float((len(times) - 1) / span), 6) if len(times) > 1 and span > 0 else _USUAL_FPS
