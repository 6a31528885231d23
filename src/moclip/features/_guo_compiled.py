"""The loops of :mod:`moclip.features._guo`, compiled by numba (extra ``[fast]``).

Bodies are prepared clip by clip, then bones are solved in blocks of frames that stay in the cache.
Compiled once, on the first call, and kept on disk. numba's cache looks at one file alone, so what
is compiled in one calls nothing in another. The same numbers as :mod:`._guo_torch` to rounding.
"""

from typing import Any, no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from moclip.features._guo_bodies import prepared
from moclip.features._guo_body import Body, Settings
from moclip.features._guo_decoding import decode

__all__ = ["decode", "encode"]

_compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})

_CLIPS = 16
"""Prepared together."""
_BLOCK = 200
"""Frames whose bones are solved together: a whole clip of HumanML3D, half a megabyte."""
_0, _1, _2 = np.float32(0), np.float32(1), np.float32(2)
"""Plain literals would make the loops double."""
_PARALLEL = np.float32(1e-12)


def encode(
    joints: Float[Tensor, "clip frame joint 3"],
    counts: Int[Tensor, " clip"],
    body: Body,
    settings: Settings,
    weights: Float[Tensor, " tap"],
) -> Float[Tensor, "clip steps dim"]:
    """See ``_guo.encode``."""
    clips, frames = joints.shape[:2]
    features = torch.empty(clips, frames - 1, body.dim)
    points, lengths = joints.contiguous().numpy(), counts.long().contiguous().numpy()
    least, out = np.float32(settings.least**2), features.numpy()
    for at in range(0, clips, _CLIPS):
        few = slice(at, at + _CLIPS)
        bodies = prepared(points[few], lengths[few], body, settings, weights)
        _encode(*bodies, lengths[few], body.tree, least, settings.as_published, out[few])
    return features


@_compiled
@no_type_check
def _encode(bodies, starts, headings, counts, tree, least, as_published, out) -> None:
    clips, joints = bodies.shape[:2]
    columns = np.empty((out.shape[2], _BLOCK + 1), dtype=np.float32)  # odd: no two in one place
    turns = np.empty((joints, 9, _BLOCK), dtype=np.float32)
    part = np.empty((joints, 3, _BLOCK + 1), dtype=np.float32)
    heading = np.empty((2, _BLOCK + 1), dtype=np.float32)
    for clip in range(clips):
        rows = out[clip]
        steps = counts[clip] - 1
        for first in range(0, steps, _BLOCK):
            n = min(_BLOCK, steps - first)
            for joint in range(joints):
                _placed(bodies[clip, joint], first, n + 1, starts[clip], part[joint])
            for k in range(2):
                for t in range(n + 1):
                    heading[k, t] = headings[clip, k, first + t]
            _solve(part, heading[0], heading[1], n, tree, least, as_published, columns, turns)
            for t in range(n):
                row = rows[first + t]
                for column in range(len(columns)):
                    row[column] = columns[column, t]
        rows[steps:] = _0


@_compiled
@no_type_check
def _placed(joint, first, n, start, out) -> None:
    """Some frames of it, at the beginning of a smaller array."""
    c, s, x0, floor, z0 = start[0], start[1], start[2], start[3], start[4]
    for t in range(n):
        x, z = joint[0, first + t] - x0, joint[2, first + t] - z0
        out[0, t] = c * x + s * z
        out[1, t] = joint[1, first + t] - floor
        out[2, t] = c * z - s * x


@_compiled
@no_type_check
def _solve(part, c, s, n, tree, least, as_published, columns, turns) -> None:
    """All channels of ``n`` frames, each a row of ``columns``."""
    parents, above, axes, feet, still = tree
    count = len(part)
    rotations, velocities = 3 * count + 1, 9 * count - 5
    _turn(c, s, n, as_published, columns[0])
    _step(part[0], c, s, n, columns[1:])
    for t in range(n):
        for k in range(9):
            turns[0, k, t] = _0
        turns[0, 0, t] = turns[0, 8, t] = c[t]
        turns[0, 2, t], turns[0, 4, t], turns[0, 6, t] = s[t], _1, -s[t]
    for joint in range(count):
        _velocity(part[joint], c, s, n, columns[velocities + 3 * joint :])
    for joint in range(1, count):
        _position(part[joint], part[0], c, s, n, columns[1 + 3 * joint :])
        _bone(part[joint], part[parents[joint]], axes[joint], c, s, n, least, turns[joint])
        at = rotations + 6 * (joint - 1)
        _relative(turns[above[joint]], turns[joint], n, columns[at:])
    for i in range(4):
        _contact(part[feet[i]], still, n, columns[len(columns) - 4 + i])


@_compiled
@no_type_check
def _turn(c, s, n, as_published, out) -> None:
    """Half angles from frame to frame."""
    for t in range(n):
        w, y = _half(c[t], s[t])
        next_w, next_y = _half(c[t + 1], s[t + 1])
        turn = np.arcsin(min(_1, max(-_1, next_y * w - next_w * y)))
        around = next_w * w + next_y * y < 0
        out[t] = -turn if around and not as_published else turn


@_compiled
@no_type_check
def _half(cosine, sine):
    """Cosine and sine of half the angle, the cosine not negative."""
    if cosine > 0:
        w = np.sqrt((_1 + cosine) / _2)
        return w, sine / (_2 * w)
    y = np.sqrt((_1 - cosine) / _2)
    return np.abs(sine) / (_2 * y), y if sine >= 0 else -y


@_compiled
@no_type_check
def _step(root, c, s, n, out) -> None:
    """Of the root to the next frame, seen from the heading there; then its height."""
    for t in range(n):
        x, z = root[0, t + 1] - root[0, t], root[2, t + 1] - root[2, t]
        out[0, t] = c[t + 1] * x + s[t + 1] * z
        out[1, t] = c[t + 1] * z - s[t + 1] * x
        out[2, t] = root[1, t]


@_compiled
@no_type_check
def _velocity(point, c, s, n, out) -> None:
    for t in range(n):
        x, z = point[0, t + 1] - point[0, t], point[2, t + 1] - point[2, t]
        out[0, t] = c[t] * x + s[t] * z
        out[1, t] = point[1, t + 1] - point[1, t]
        out[2, t] = c[t] * z - s[t] * x


@_compiled
@no_type_check
def _position(point, root, c, s, n, out) -> None:
    """Seen from the floor below the root."""
    for t in range(n):
        x, z = point[0, t] - root[0, t], point[2, t] - root[2, t]
        out[0, t] = c[t] * x + s[t] * z
        out[1, t] = point[1, t]
        out[2, t] = c[t] * z - s[t] * x


@_compiled
@no_type_check
def _contact(foot, still, n, out) -> None:
    for t in range(n):
        x, y = foot[0, t + 1] - foot[0, t], foot[1, t + 1] - foot[1, t]
        z = foot[2, t + 1] - foot[2, t]
        out[t] = _1 if x * x + y * y + z * z < still else _0


@_compiled
@no_type_check
def _bone(point, parent, axis, cosine, sine, n, least, out) -> None:
    """Matrices of the smallest turn from the axis to the bone: d + [c]x + c c' / (1 + d).

    A bone whose square is less than ``least`` points where the axis does on the turned body.
    """
    a, b, e = axis[0], axis[1], axis[2]
    for t in range(n):
        x, y, z = point[0, t] - parent[0, t], point[1, t] - parent[1, t], point[2, t] - parent[2, t]
        square = x * x + y * y + z * z
        scale, short = _1 / np.sqrt(square), square < least
        x = cosine[t] * a - sine[t] * e if short else x * scale
        y = b if short else y * scale
        z = cosine[t] * e + sine[t] * a if short else z * scale
        d = a * x + b * y + e * z
        p, q, r = b * z - e * y, e * x - a * z, a * y - b * x
        square = p * p + q * q + r * r
        # Opposite directions: any half turn will do, the next axis is taken.
        lost = d < _0 and square < _PARALLEL
        i = e if lost else p
        j = a if lost else q
        k = b if lost else r
        square = _1 if lost else square
        # 1 / (1 + d), which is (1 - d) / square: each where it is well told.
        g = (_1 if d > _0 else _1 - d) / (_1 + d if d > _0 else square)
        out[0, t], out[1, t], out[2, t] = d + g * i * i, g * i * j - r, g * i * k + q
        out[3, t], out[4, t], out[5, t] = g * i * j + r, d + g * j * j, g * j * k - p
        out[6, t], out[7, t], out[8, t] = g * i * k - q, g * j * k + p, d + g * k * k


@_compiled
@no_type_check
def _relative(first, second, n, out) -> None:
    """The first two columns of the second matrix as the first one sees it."""
    for t in range(n):
        a, b, c = first[0, t], first[1, t], first[2, t]
        d, e, f = first[3, t], first[4, t], first[5, t]
        g, h, i = first[6, t], first[7, t], first[8, t]
        for k in range(2):
            x, y, z = second[k, t], second[3 + k, t], second[6 + k, t]
            out[3 * k, t] = a * x + d * y + g * z
            out[3 * k + 1, t] = b * x + e * y + h * z
            out[3 * k + 2, t] = c * x + f * y + i * z
