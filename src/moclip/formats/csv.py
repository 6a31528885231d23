"""Joints as a table: ``time`` in seconds, then ``JOINT.x``, ``.y``, ``.z`` in metres, y up.

For spreadsheets, pandas and plots. A line a frame; rotations, parents and lengths of bones are not
in it, so a table is read again only where its joints are those of a known body or of a user's own.
"""

import math
from codecs import BOM_UTF8
from decimal import Decimal

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
    head = data.removeprefix(BOM_UTF8).partition(b"\n")[0].strip()
    return head.startswith(b"time,") and b".x," in head + b","


def encode(motion: Motion) -> bytes:
    """Numbers in full: 32 bits take nine digits; times, which tell the rate's 64, seventeen."""
    columns = [f"{joint}.{axis}" for joint in motion.skeleton.joint_names for axis in _AXES]
    awkward = [joint for joint in motion.skeleton.joint_names if "," in joint or '"' in joint]
    if awkward:
        raise ValueError(f"a joint named '{awkward[0]}' cannot head a column of a table")
    fps = Decimal(float(motion.fps))
    rows = motion.joints.detach().cpu().flatten(1).tolist()
    lines = [",".join(["time", *columns])]
    for frame, row in enumerate(rows):
        time = frame / fps if frame else 0
        lines.append(f"{time:.17g}," + ",".join(f"{number:.9g}" for number in row))
    return ("\n".join(lines) + "\n").encode()


def decode(
    data: bytes,
    *,
    name: str = "file",
    skeleton: UserSkeleton | None = None,
    fps: float | None = None,
) -> Motion:
    """A motion from the bytes of a table that :func:`encode` made, its columns in any order.

    ``fps`` replaces the rate that the times tell. Raises ``ValueError`` that begins with ``name``.
    """
    if not data:
        raise ValueError(f"{name} is empty")
    if not recognises(data):
        raise ValueError(f"{name} is no table of joints: its columns should be time, JOINT.x, ...")
    if not data.endswith(b"\n"):
        raise ValueError(f"{name} breaks off in its last line")
    head, *lines = data.removeprefix(BOM_UTF8).decode("utf-8", "replace").splitlines()
    columns = head.split(",")
    body = _body(columns[1:], skeleton, name)
    numbers = _numbers(lines, len(columns), name)
    place = {column: number for number, column in enumerate(columns)}
    order = [place[f"{joint}.{axis}"] for joint in body.joint_names for axis in _AXES]
    joints = torch.from_numpy(numbers[:, order].astype(np.float32)).reshape(-1, len(body), 3)
    try:
        times = [line.partition(",")[0] for line in (lines[0], lines[-1])]
        return Motion(joints, fps or _rate(numbers[:, 0], *times), body)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _body(columns: list[str], own: UserSkeleton | None, name: str) -> Skeleton:
    """Whose joints head the columns."""
    joints = {column.rpartition(".")[0] for column in columns}
    wanted = {f"{joint}.{axis}" for joint in joints for axis in _AXES}
    if len(columns) != len(wanted) or set(columns) != wanted:
        raise ValueError(f"{name}: columns after time should be x, y and z of one joint each")
    if own is not None:
        if joints == set(own.skeleton.joint_names):
            return own.skeleton
        raise ValueError(f"{name}: its joints are not those of '{own.skeleton.name}'")
    for known in map(skeletons.get, catalog.names("skeletons")):
        if set(known.joint_names) == joints:
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


def _rate(times: ndarray, first: str, last: str) -> float:
    """Frames per second; to six digits after the point where times of nine digits tell no more."""
    if len(times) < 2 or times[-1] <= times[0]:
        return _USUAL_FPS
    rate = float((len(times) - 1) / (_exact(last) - _exact(first)))
    near = round(rate, 6)
    if abs(rate - near) < 1e-12 * rate:
        return near
    spaced = np.arange(len(times)) / max(near, 1e-9)
    is_plain = _to_nine_digits(times) == times.tolist() == _to_nine_digits(spaced)
    return near if is_plain else rate


def _exact(time: str) -> Decimal:
    """Seventeen digits tell a rate to its last bit, and the nearest float of them does not."""
    nearest = float(time)
    return Decimal(time) if 1e-9 < abs(nearest) < 1e9 else Decimal(nearest)


def _to_nine_digits(times: ndarray) -> list[float]:
    return [float(f"{time:.9g}") for time in times]
