"""Joints from the exact channels of :mod:`moclip.features._guo`, compiled by numba."""

from typing import Any, no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

_compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})

_0, _1 = np.float32(0), np.float32(1)
"""Plain literals would make the loops double."""


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
