"""The loops of :mod:`moclip.features._guo`, compiled by numba (extra ``[fast]``).

A clip is laid out as ``(joint, xyz, frame)``, so that the innermost loops run over frames and the
compiler makes them wide; bones are solved in blocks of frames that stay in the cache. Compiled
once, on the first call, and kept on disk. The same numbers as :mod:`._guo_torch` to rounding.
"""

from typing import Any, no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from moclip.features._guo_body import Body, Settings

_compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})

_BLOCK = 48
"""Frames whose bones are solved together."""
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
    _encode(
        joints.contiguous().numpy(),
        counts.long().contiguous().numpy(),
        np.array(body.skeleton.parents),
        np.array(body.above),
        np.array(body.axes, dtype=np.float32),
        np.array(body.numbers((*body.facing, *body.leg, *body.feet))),
        np.array(settings.lengths or (), dtype=np.float32),
        settings.place,
        settings.as_published,
        np.float32(body.still),
        weights.float().numpy(),
        features.numpy(),
    )
    return features


def decode(
    features: Float[Tensor, "clip frame dim"], *, following: bool
) -> Float[Tensor, "clip frame_ joint 3"]:
    """See ``_guo.decode``."""
    clips, frames, dim = features.shape
    joints = torch.empty(clips, frames + following, (dim + 1) // 12, 3)
    _decode(features.contiguous().numpy(), following, joints.numpy())
    return joints


@_compiled
@no_type_check
def _encode(
    joints, counts, parents, above, axes, named, lengths, place, as_published, still, weights, out
) -> None:
    columns = np.empty((out.shape[2], _BLOCK), dtype=np.float32)
    turns = np.empty((joints.shape[2], 9, _BLOCK), dtype=np.float32)
    part = np.empty((joints.shape[2], 3, _BLOCK + 1), dtype=np.float32)
    c, s = np.empty(_BLOCK + 1, dtype=np.float32), np.empty(_BLOCK + 1, dtype=np.float32)
    leg, feet = named[4:], named[6:]
    for clip in range(len(joints)):
        body = _laid_out(joints[clip, : counts[clip]])
        if len(lengths):
            _put_on_skeleton(body, parents, lengths, leg)
        if place:
            _put_in_place(body, named)
        cosine, sine = _headings(body, named, weights)
        rows = out[clip, : counts[clip] - 1]
        _turns(cosine, sine, as_published, rows)
        for start in range(0, len(rows), _BLOCK):
            end = min(start + _BLOCK, len(rows))
            _part(body, cosine, sine, start, end - start, part, c, s)
            _block(part, c, s, parents, above, axes, feet, still, columns, turns, rows[start:end])
        out[clip, len(rows) :] = _0


@_compiled
@no_type_check
def _laid_out(joints):
    frames, count, _ = joints.shape
    body = np.empty((count, 3, frames), dtype=np.float32)
    for frame in range(frames):
        for joint in range(count):
            for i in range(3):
                body[joint, i, frame] = joints[frame, joint, i]
    return body


@_compiled
@no_type_check
def _put_on_skeleton(body, parents, lengths, leg) -> None:
    own, wanted = _0, _0
    for i in range(2):
        joint, square = leg[i], _0
        for k in range(3):
            bone = body[joint, k, 0] - body[parents[joint], k, 0]
            square += bone * bone
        own += np.sqrt(square)
        wanted += lengths[joint]
    bones = np.empty_like(body)
    for joint in range(1, len(body)):
        _bones(body, parents[joint], joint, lengths[joint], bones[joint])
    growth = wanted / own
    for k in range(3):
        for t in range(body.shape[2]):
            body[0, k, t] *= growth
    for joint in range(1, len(body)):
        for k in range(3):
            for t in range(body.shape[2]):
                body[joint, k, t] = body[parents[joint], k, t] + bones[joint, k, t]


@_compiled
@no_type_check
def _bones(body, parent, joint, length, out) -> None:
    """From parent to joint, of this length."""
    for t in range(body.shape[2]):
        x = body[joint, 0, t] - body[parent, 0, t]
        y = body[joint, 1, t] - body[parent, 1, t]
        z = body[joint, 2, t] - body[parent, 2, t]
        scale = length / np.sqrt(x * x + y * y + z * z)
        out[0, t], out[1, t], out[2, t] = x * scale, y * scale, z * scale


@_compiled
@no_type_check
def _put_in_place(body, named) -> None:
    floor = body[0, 1, 0]
    for joint in range(len(body)):
        for t in range(body.shape[2]):
            floor = min(floor, body[joint, 1, t])
    across_x, _, across_z = _across(body, named[0], named[1], named, 0)
    length = np.sqrt(across_x * across_x + across_z * across_z)
    cosine, sine = -across_x / length, -across_z / length
    start_x, start_z = body[0, 0, 0], body[0, 2, 0]
    for joint in range(len(body)):
        for t in range(body.shape[2]):
            x, z = body[joint, 0, t] - start_x, body[joint, 2, t] - start_z
            body[joint, 0, t] = cosine * x + sine * z
            body[joint, 1, t] -= floor
            body[joint, 2, t] = cosine * z - sine * x


@_compiled
@no_type_check
def _across(body, right_hip, left_hip, named, t):
    """From left to right, hips and shoulders together."""
    right, left = named[2], named[3]
    x = body[right_hip, 0, t] - body[left_hip, 0, t] + body[right, 0, t] - body[left, 0, t]
    y = body[right_hip, 1, t] - body[left_hip, 1, t] + body[right, 1, t] - body[left, 1, t]
    z = body[right_hip, 2, t] - body[left_hip, 2, t] + body[right, 2, t] - body[left, 2, t]
    return x, y, z


@_compiled
@no_type_check
def _headings(body, named, weights):
    """Cosine and sine of the turn that makes the body face +z."""
    reach, frames = len(weights) // 2, body.shape[2]
    padded = np.empty((2, frames + 2 * reach), dtype=np.float32)
    for t in range(frames):
        x, y, z = _across(body, named[1], named[0], named, t)  # hips exchanged, as published
        length = np.sqrt(x * x + y * y + z * z)
        padded[0, reach + t] = z / length
        padded[1, reach + t] = -x / length
    for i in range(2):
        for t in range(reach):
            padded[i, t] = padded[i, reach]
            padded[i, reach + frames + t] = padded[i, reach + frames - 1]
    ahead = np.zeros((2, frames), dtype=np.float32)
    for i in range(2):
        for tap in range(len(weights)):
            weight = weights[tap]
            for t in range(frames):
                ahead[i, t] += weight * padded[i, tap + t]
    cosine, sine = np.empty(frames, dtype=np.float32), np.empty(frames, dtype=np.float32)
    for t in range(frames):
        length = np.sqrt(ahead[0, t] * ahead[0, t] + ahead[1, t] * ahead[1, t])
        cosine[t], sine[t] = ahead[1, t] / length, -ahead[0, t] / length
    cosine[0], sine[0] = _1, _0
    return cosine, sine


@_compiled
@no_type_check
def _turns(cosine, sine, as_published, out) -> None:
    """Half angles from frame to frame."""
    for t in range(len(out)):
        w, y = _half(cosine[t], sine[t])
        next_w, next_y = _half(cosine[t + 1], sine[t + 1])
        turn = np.arcsin(min(_1, max(-_1, next_y * w - next_w * y)))
        around = next_w * w + next_y * y < 0
        out[t, 0] = -turn if around and not as_published else turn


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
def _part(body, cosine, sine, start, n, part, c, s) -> None:
    """Some frames of the body and the one after them, at the beginning of smaller arrays."""
    for joint in range(len(body)):
        for k in range(3):
            _copied(body[joint, k, start : start + n + 1], part[joint, k])
    _copied(cosine[start : start + n + 1], c)
    _copied(sine[start : start + n + 1], s)


@_compiled
@no_type_check
def _copied(values, out) -> None:
    for t in range(len(values)):
        out[t] = values[t]


@_compiled
@no_type_check
def _block(part, c, s, parents, above, axes, feet, still, columns, turns, out) -> None:
    """All channels but the turn, of as many frames as ``out`` has rows, by way of ``columns``."""
    n, count = len(out), len(part)
    _step(part[0], c, s, n, columns[1], columns[2], columns[3])
    for t in range(n):
        for k in range(9):
            turns[0, k, t] = _0
        turns[0, 0, t] = turns[0, 8, t] = c[t]
        turns[0, 2, t], turns[0, 4, t], turns[0, 6, t] = s[t], _1, -s[t]
    rotations, velocities = 3 * count + 1, 9 * count - 5
    for joint in range(count):
        _velocity(part[joint], c, s, n, columns[velocities + 3 * joint :])
    for joint in range(1, count):
        _position(part[joint], part[0], c, s, n, columns[1 + 3 * joint :])
        _bone(part[joint], part[parents[joint]], axes[joint], n, turns[joint])
        at = rotations + 6 * (joint - 1)
        _relative(turns[above[joint]], turns[joint], n, columns[at:])
    for i in range(4):
        _contact(part[feet[i]], still, n, columns[len(columns) - 4 + i])
    for t in range(n):
        for column in range(1, len(columns)):
            out[t, column] = columns[column, t]


@_compiled
@no_type_check
def _step(root, c, s, n, along_x, along_z, height) -> None:
    """Of the root to the next frame, seen from the heading there."""
    for t in range(n):
        x, z = root[0, t + 1] - root[0, t], root[2, t + 1] - root[2, t]
        along_x[t] = c[t + 1] * x + s[t + 1] * z
        along_z[t] = c[t + 1] * z - s[t + 1] * x
        height[t] = root[1, t]


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
def _bone(point, parent, axis, n, out) -> None:
    """Matrices of the smallest turn from the axis to the bone: d + [c]x + c c' / (1 + d)."""
    a, b, e = axis[0], axis[1], axis[2]
    for t in range(n):
        x, y, z = point[0, t] - parent[0, t], point[1, t] - parent[1, t], point[2, t] - parent[2, t]
        scale = _1 / np.sqrt(x * x + y * y + z * z)
        x, y, z = x * scale, y * scale, z * scale
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
    for k in range(2):
        for i in range(3):
            for t in range(n):
                out[3 * k + i, t] = (
                    first[i, t] * second[k, t]
                    + first[3 + i, t] * second[3 + k, t]
                    + first[6 + i, t] * second[6 + k, t]
                )


@_compiled
@no_type_check
def _decode(features, following, out) -> None:
    count = out.shape[2]
    for clip in range(len(features)):
        heading, x, z = 0.0, 0.0, 0.0
        cosine, sine = _1, _0
        rows, body = features[clip], out[clip]
        for t in range(features.shape[1]):
            row = rows[t]
            body[t, 0, 0], body[t, 0, 1], body[t, 0, 2] = np.float32(x), row[3], np.float32(z)
            root_x, root_z = np.float32(x), np.float32(z)
            for joint in range(1, count):
                a, b = row[1 + 3 * joint], row[3 + 3 * joint]
                body[t, joint, 0] = root_x + cosine * a - sine * b
                body[t, joint, 1] = row[2 + 3 * joint]
                body[t, joint, 2] = root_z + cosine * b + sine * a
            if following and t == features.shape[1] - 1:
                for joint in range(count):
                    at = 9 * count - 5 + 3 * joint
                    a, b = row[at], row[at + 2]
                    body[t + 1, joint, 0] = body[t, joint, 0] + cosine * a - sine * b
                    body[t + 1, joint, 1] = body[t, joint, 1] + row[at + 1]
                    body[t + 1, joint, 2] = body[t, joint, 2] + cosine * b + sine * a
            heading += 2.0 * row[0]
            cosine, sine = np.float32(np.cos(heading)), np.float32(np.sin(heading))
            x += cosine * row[1] - sine * row[2]
            z += cosine * row[2] + sine * row[1]
