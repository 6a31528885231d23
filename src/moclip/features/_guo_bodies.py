"""Clips made ready for their features, compiled by numba: laid out, on one skeleton, with headings.

A clip is laid out as ``(joint, xyz, frame)``, so that the innermost loops run over frames and the
compiler makes them wide. It stays where it is; ``starts`` say how to bring it to where it belongs.
"""

from typing import Any, NamedTuple, no_type_check

import numba
import numpy as np
from numpy import ndarray
from torch import Tensor

from moclip.features._guo_body import Body, Settings

_compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})

_0, _1 = np.float32(0), np.float32(1)
"""Plain literals would make the loops double."""


class Bodies(NamedTuple):
    """Clips side by side; what lies behind a clip's own frames is of no use."""

    joints: ndarray
    """(clip, joint, xyz, frame) float32."""
    starts: ndarray
    """(clip, 5): cosine and sine of the turn to +z, x, floor and z to take away before it."""
    headings: ndarray
    """(clip, 2, frame): cosine and sine of the turn that makes a frame face +z, after the start."""


def prepared(
    joints: ndarray, counts: ndarray, body: Body, settings: Settings, weights: Tensor
) -> Bodies:
    """From joints ``(clip, frame, joint, xyz)`` float32, of which ``counts`` (clip) are real."""
    clips, frames, count, _ = joints.shape
    bodies = Bodies(
        np.empty((clips, count, 3, frames), dtype=np.float32),
        np.empty((clips, 5), dtype=np.float32),
        np.empty((clips, 2, frames), dtype=np.float32),
    )
    tree = body.tree[0], body.named, np.array(body.rest, dtype=np.float32)
    lengths = np.array(settings.lengths or (), dtype=np.float32)
    least, taps = np.float32(settings.least**2), weights.float().numpy()
    _prepare(joints, counts, tree, lengths, least, settings.place, taps, *bodies)
    return bodies


@_compiled
@no_type_check
def _prepare(joints, counts, tree, lengths, least, place, weights, out, starts, headings) -> None:
    named = tree[1]
    reach, frames = len(weights) // 2, joints.shape[1]
    own = np.empty(out.shape[1:], dtype=np.float32)
    facing = np.empty((2, frames), dtype=np.float32)
    across = np.empty((2, frames + 2 * reach), dtype=np.float32)
    low = np.empty(frames, dtype=np.float32)
    for clip in range(len(joints)):
        body, n = out[clip], counts[clip]
        if len(lengths):
            _lay_out(joints[clip], n, own)
            _facing(own, named, n, facing)
            _put_on_skeleton(own, tree, lengths, least, facing, n, body)
        else:
            _lay_out(joints[clip], n, body)
        starts[clip, 0], starts[clip, 1], starts[clip, 2:] = _1, _0, _0
        if place:
            _start(body, named, n, low, starts[clip])
        right_hip, left_hip = body[named[1]], body[named[0]]  # exchanged, as published
        _ahead(right_hip, left_hip, body[named[2]], body[named[3]], n, reach, across)
        _smooth(across, weights, n, headings[clip])
        _turn(headings[clip], starts[clip], n)


@_compiled
@no_type_check
def _lay_out(joints, n, out) -> None:
    for joint in range(len(out)):
        for k in range(3):
            row = out[joint, k]
            for t in range(n):
                row[t] = joints[t, joint, k]


@_compiled
@no_type_check
def _facing(body, named, n, out) -> None:
    """Cosine and sine of the turn from the way hips and shoulders face to +z."""
    right_hip, left_hip, right, left = (
        body[named[0]],
        body[named[1]],
        body[named[2]],
        body[named[3]],
    )
    for t in range(n):
        x = right_hip[0, t] - left_hip[0, t] + right[0, t] - left[0, t]
        z = right_hip[2, t] - left_hip[2, t] + right[2, t] - left[2, t]
        square = x * x + z * z
        scale = _1 / np.sqrt(square)
        out[0, t] = -x * scale if square > _0 else _1
        out[1, t] = -z * scale if square > _0 else _0


@_compiled
@no_type_check
def _put_on_skeleton(own, tree, lengths, least, facing, n, out) -> None:
    """Bones keep their directions and get these lengths; the path grows with the legs."""
    parents, named, rest = tree
    before, after = _0, _0
    for joint in named[4:]:
        square = _0
        for k in range(3):
            bone = own[joint, k, 0] - own[parents[joint], k, 0]
            square += bone * bone
        before += np.sqrt(square)
        after += lengths[joint]
    growth = after / before
    for k in range(3):
        for t in range(n):
            out[0, k, t] = own[0, k, t] * growth
    for joint in range(1, len(out)):
        bone, above = (own[parents[joint]], own[joint]), out[parents[joint]]
        _hang(bone, rest[joint], lengths[joint], least, facing, n, above, out[joint])


@_compiled
@no_type_check
def _hang(bone, rest, length, least, facing, n, above, out) -> None:
    """From the joint above, in the bone's direction, or as it rests where it has none."""
    parent, joint = bone
    cosine, sine = facing[0], facing[1]
    a, b, e = rest[0] * length, rest[1] * length, rest[2] * length
    for t in range(n):
        x = joint[0, t] - parent[0, t]
        y = joint[1, t] - parent[1, t]
        z = joint[2, t] - parent[2, t]
        square = x * x + y * y + z * z
        scale, short = length / np.sqrt(square), square < least
        out[0, t] = above[0, t] + (cosine[t] * a - sine[t] * e if short else x * scale)
        out[1, t] = above[1, t] + (b if short else y * scale)
        out[2, t] = above[2, t] + (cosine[t] * e + sine[t] * a if short else z * scale)


@_compiled
@no_type_check
def _start(body, named, n, low, out) -> None:
    """The lowest point on the floor; at first the root above the origin and the body facing +z."""
    right_hip, left_hip, right, left = named[0], named[1], named[2], named[3]
    x = body[right_hip, 0, 0] - body[left_hip, 0, 0] + body[right, 0, 0] - body[left, 0, 0]
    z = body[right_hip, 2, 0] - body[left_hip, 2, 0] + body[right, 2, 0] - body[left, 2, 0]
    length = np.sqrt(x * x + z * z)
    out[0], out[1], out[2], out[4] = -x / length, -z / length, body[0, 0, 0], body[0, 2, 0]
    low[:n] = body[0, 1, :n]
    for joint in range(1, len(body)):
        _lower(body[joint, 1], n, low)
    out[3] = low[:n].min()


@_compiled
@no_type_check
def _lower(heights, n, low) -> None:
    for t in range(n):
        low[t] = heights[t] if heights[t] < low[t] else low[t]


@_compiled
@no_type_check
def _ahead(right_hip, left_hip, right, left, n, reach, out) -> None:
    """x and z of the way ahead from hips and shoulders; the ends stand for what is beyond them."""
    for t in range(n):
        x = right_hip[0, t] - left_hip[0, t] + right[0, t] - left[0, t]
        y = right_hip[1, t] - left_hip[1, t] + right[1, t] - left[1, t]
        z = right_hip[2, t] - left_hip[2, t] + right[2, t] - left[2, t]
        scale = _1 / np.sqrt(x * x + y * y + z * z)
        out[0, reach + t] = z * scale
        out[1, reach + t] = -x * scale
    for k in range(2):
        out[k, :reach] = out[k, reach]
        out[k, reach + n : n + 2 * reach] = out[k, reach + n - 1]


@_compiled
@no_type_check
def _smooth(values, weights, n, out) -> None:
    for k in range(2):
        out[k, :n] = _0
        for tap in range(len(weights)):
            weight = weights[tap]
            for t in range(n):
                out[k, t] += weight * values[k, tap + t]


@_compiled
@no_type_check
def _turn(heading, start, n) -> None:
    """The way ahead becomes the turn away from it; the first frame's is none, as published."""
    c, s = start[0], start[1]
    for t in range(n):
        x, z = heading[0, t], heading[1, t]
        scale = _1 / np.sqrt(x * x + z * z)
        heading[0, t], heading[1, t] = (c * z - s * x) * scale, -(c * x + s * z) * scale
    heading[0, 0], heading[1, 0] = _1, _0
