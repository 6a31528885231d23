"""Quaternions ``wxyz`` as the published scripts compute them: every call goes to torch and back.

A product is read off the outer product of its factors, in single precision.
"""

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

_CONJUGATE = torch.tensor([1.0, -1.0, -1.0, -1.0])


def multiply(q: ndarray, r: ndarray) -> ndarray:
    """Product of quaternions."""
    left, right = _tensor(q), _tensor(r)
    outer = torch.bmm(right.view(-1, 4, 1), left.view(-1, 1, 4))
    w = outer[:, 0, 0] - outer[:, 1, 1] - outer[:, 2, 2] - outer[:, 3, 3]
    x = outer[:, 0, 1] + outer[:, 1, 0] - outer[:, 2, 3] + outer[:, 3, 2]
    y = outer[:, 0, 2] + outer[:, 1, 3] + outer[:, 2, 0] - outer[:, 3, 1]
    z = outer[:, 0, 3] - outer[:, 1, 2] + outer[:, 2, 1] + outer[:, 3, 0]
    return torch.stack((w, x, y, z), dim=1).view(left.shape).numpy()


def inverse(q: ndarray) -> ndarray:
    """Of unit quaternions."""
    return (_tensor(q) * _CONJUGATE).numpy()


def rotate(q: ndarray, v: ndarray) -> ndarray:
    """Vectors turned by unit quaternions."""
    turns, vectors = _tensor(q).view(-1, 4), _tensor(v).view(-1, 3)
    across = torch.cross(turns[:, 1:], vectors, dim=1)
    twice = torch.cross(turns[:, 1:], across, dim=1)
    return (vectors + 2 * (turns[:, :1] * across + twice)).view(v.shape).numpy()


def between(start: ndarray, end: ndarray) -> ndarray:
    """The smallest turn from one direction to another."""
    a, b = _tensor(start), _tensor(end)
    normal = torch.cross(a, b, dim=-1)
    squares = (a**2).sum(dim=-1, keepdim=True) * (b**2).sum(dim=-1, keepdim=True)
    w = torch.sqrt(squares) + (a * b).sum(dim=-1, keepdim=True)
    q = torch.cat((w, normal), dim=-1)
    return (q / torch.norm(q, dim=-1, keepdim=True)).numpy()


def six_d(q: ndarray) -> ndarray:
    """First two columns of the rotation matrix."""
    turns = _tensor(q)
    w, x, y, z = torch.unbind(turns, -1)
    two = 2.0 / (turns * turns).sum(-1)
    rows = (
        1 - two * (y * y + z * z),
        two * (x * y - z * w),
        two * (x * z + y * w),
        two * (x * y + z * w),
        1 - two * (x * x + z * z),
        two * (y * z - x * w),
        two * (x * z - y * w),
        two * (y * z + x * w),
        1 - two * (x * x + y * y),
    )
    matrix = torch.stack(rows, -1).reshape((*turns.shape[:-1], 3, 3)).numpy()
    return np.concatenate((matrix[..., 0], matrix[..., 1]), axis=-1)


def _tensor(array: ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).float()
