"""Quaternions ``wxyz`` in NumPy, in double precision."""

import numpy as np
from numpy import ndarray


def multiply(q: ndarray, r: ndarray) -> ndarray:
    """Product of quaternions ``wxyz``."""
    w, x, y, z = (q[..., i] for i in range(4))
    a, b, c, d = (r[..., i] for i in range(4))
    return np.stack(
        (
            w * a - x * b - y * c - z * d,
            w * b + x * a + y * d - z * c,
            w * c - x * d + y * a + z * b,
            w * d + x * c - y * b + z * a,
        ),
        axis=-1,
    )


def inverse(q: ndarray) -> ndarray:
    """Of unit quaternions."""
    return q * np.array([1.0, -1.0, -1.0, -1.0])


def rotate(q: ndarray, v: ndarray) -> ndarray:
    """Vectors turned by unit quaternions."""
    across = np.cross(q[..., 1:], v)
    return v + 2 * (q[..., :1] * across + np.cross(q[..., 1:], across))


def between(start: ndarray, end: ndarray) -> ndarray:
    """The smallest turn from one direction to another."""
    normal = np.cross(start, end)
    lengths = np.sqrt((start**2).sum(-1, keepdims=True) * (end**2).sum(-1, keepdims=True))
    q = np.concatenate((lengths + (start * end).sum(-1, keepdims=True), normal), axis=-1)
    return q / np.sqrt((q**2).sum(-1, keepdims=True))


def six_d(q: ndarray) -> ndarray:
    """First two columns of the rotation matrix."""
    w, x, y, z = (q[..., i] for i in range(4))
    return np.stack(
        (
            1 - 2 * (y * y + z * z),
            2 * (x * y + w * z),
            2 * (x * z - w * y),
            2 * (x * y - w * z),
            1 - 2 * (x * x + z * z),
            2 * (y * z + w * x),
        ),
        axis=-1,
    )
