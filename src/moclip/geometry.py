"""Rotations and forward kinematics, in plain torch.

Rotations are matrices at rest; every other form is a view made here under its full name. Angles are
radians, quaternions ``wxyz``, the six-dimensional form is the first two *columns* of the matrix.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

_AXES = "XYZ"


def six_d_to_matrix(six_d: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 3 3"]:
    """Gram-Schmidt on two columns (Zhou et al., CVPR 2019), which must not be parallel."""
    x = F.normalize(six_d[..., :3], dim=-1)
    y = six_d[..., 3:] - (x * six_d[..., 3:]).sum(-1, keepdim=True) * x
    y = F.normalize(y, dim=-1)
    return torch.stack((x, y, torch.linalg.cross(x, y)), dim=-1)


def matrix_to_six_d(matrix: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 6"]:
    """The first two columns."""
    return torch.cat((matrix[..., 0], matrix[..., 1]), dim=-1)


def quaternion_to_matrix(quaternion: Float[Tensor, "*batch 4"]) -> Float[Tensor, "*batch 3 3"]:
    """``wxyz``; the length does not matter, zero excepted."""
    w, x, y, z = F.normalize(quaternion, dim=-1).unbind(-1)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def matrix_to_quaternion(matrix: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 4"]:
    """``wxyz`` with ``w >= 0``.

    Each of the four components can be read off the matrix; the largest one divides best, so all
    four candidates are made and the best is taken (no loss of precision near half turns).
    """
    m = matrix
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    wx, wy, wz = (
        m[..., 2, 1] - m[..., 1, 2],
        m[..., 0, 2] - m[..., 2, 0],
        m[..., 1, 0] - m[..., 0, 1],
    )
    xy, xz, yz = (
        m[..., 0, 1] + m[..., 1, 0],
        m[..., 0, 2] + m[..., 2, 0],
        m[..., 1, 2] + m[..., 2, 1],
    )
    candidates = torch.stack(
        (
            torch.stack((1 + xx + yy + zz, wx, wy, wz), dim=-1),
            torch.stack((wx, 1 + xx - yy - zz, xy, xz), dim=-1),
            torch.stack((wy, xy, 1 - xx + yy - zz, yz), dim=-1),
            torch.stack((wz, xz, yz, 1 - xx - yy + zz), dim=-1),
        ),
        dim=-2,
    )
    best = torch.diagonal(candidates, dim1=-2, dim2=-1).argmax(-1)
    index = best[..., None, None].expand(*best.shape, 1, 4)
    quaternion = F.normalize(candidates.gather(-2, index).squeeze(-2), dim=-1)
    return torch.where(quaternion[..., :1] < 0, -quaternion, quaternion)


def axis_angle_to_matrix(axis_angle: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """The vector's direction is the axis, its length the angle in radians."""
    half = axis_angle.norm(dim=-1, keepdim=True) / 2
    sine_over_angle = torch.sinc(half / torch.pi) / 2
    return quaternion_to_matrix(torch.cat((half.cos(), axis_angle * sine_over_angle), dim=-1))


def matrix_to_axis_angle(matrix: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3"]:
    """Angle in ``[0, pi]``."""
    quaternion = matrix_to_quaternion(matrix)
    sine = quaternion[..., 1:].norm(dim=-1, keepdim=True)
    half = torch.atan2(sine, quaternion[..., :1])
    return 2 * quaternion[..., 1:] / torch.sinc(half / torch.pi)


def axis_rotation(axis: str, angle: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 3 3"]:
    """Rotation by ``angle`` about ``"X"``, ``"Y"`` or ``"Z"``."""
    i = _AXES.index(axis)
    j, k = (i + 1) % 3, (i + 2) % 3
    matrix = torch.zeros(*angle.shape, 3, 3, dtype=angle.dtype, device=angle.device)
    matrix[..., i, i] = 1
    matrix[..., j, j] = matrix[..., k, k] = angle.cos()
    matrix[..., k, j] = angle.sin()
    matrix[..., j, k] = -angle.sin()
    return matrix


def euler_to_matrix(angles: Float[Tensor, "*batch 3"], order: str) -> Float[Tensor, "*batch 3 3"]:
    """Intrinsic rotations in the order written, as BVH channels: ``"ZYX"`` is ``Z @ Y @ X``."""
    if len(set(order)) == 3:
        return _about_three_axes(angles, order)
    first, second, third = (
        axis_rotation(axis, angle) for axis, angle in zip(order, angles.unbind(-1), strict=True)
    )
    return first @ second @ third


def _about_three_axes(angles: Float[Tensor, "*batch 3"], order: str) -> Float[Tensor, "*batch 3 3"]:
    """The product of three rotations about different axes, written out: three times as fast."""
    i, j, k = (_AXES.index(axis) for axis in order)
    c1, c2, c3 = angles.cos().unbind(-1)
    s1, s2, s3 = (_handedness(order) * angles.sin()).unbind(-1)
    matrix = angles.new_empty(*angles.shape, 3)
    matrix[..., i, i], matrix[..., i, j], matrix[..., i, k] = c2 * c3, -c2 * s3, s2
    matrix[..., j, i] = c1 * s3 + s1 * s2 * c3
    matrix[..., j, j] = c1 * c3 - s1 * s2 * s3
    matrix[..., j, k] = -s1 * c2
    matrix[..., k, i] = s1 * s3 - c1 * s2 * c3
    matrix[..., k, j] = s1 * c3 + c1 * s2 * s3
    matrix[..., k, k] = c1 * c2
    return matrix


def _handedness(order: str) -> float:
    """1 for the axes in their cyclic order, -1 for the other three orders."""
    return 1.0 if order in ("XYZ", "YZX", "ZXY") else -1.0


def matrix_to_euler(matrix: Float[Tensor, "*batch 3 3"], order: str) -> Float[Tensor, "*batch 3"]:
    """The angles :func:`euler_to_matrix` takes back, for an ``order`` of three different axes.

    The middle angle lies in ``[-pi/2, pi/2]``; at its ends (gimbal lock) the third angle is zero.
    """
    i, j, k = (_AXES.index(axis) for axis in order)
    sign = _handedness(order)
    cosine = torch.hypot(matrix[..., i, i], matrix[..., i, j])
    middle = torch.atan2(sign * matrix[..., i, k], cosine)
    third = torch.atan2(-sign * matrix[..., i, j], matrix[..., i, i])
    lock = cosine < 4 * torch.finfo(matrix.dtype).eps
    third = torch.where(lock, torch.zeros_like(third), third)
    # The first angle is read once the third is undone: near the lock each alone is ill-conditioned,
    # both together are not.
    column = (
        third.cos()[..., None] * matrix[..., j] + sign * third.sin()[..., None] * matrix[..., i]
    )
    first = torch.atan2(sign * column[..., k], column[..., j])
    return torch.stack((first, middle, third), dim=-1)


def slerp(
    start: Float[Tensor, "*batch 3 3"],
    end: Float[Tensor, "*batch 3 3"],
    share: Float[Tensor, "*weights"],
) -> Float[Tensor, "*batch 3 3"]:
    """From ``start`` (share 0) to ``end`` (share 1) along the shortest arc."""
    turn = matrix_to_axis_angle(start.transpose(-1, -2) @ end)
    return start @ axis_angle_to_matrix(turn * share.expand(turn.shape[:-1]).unsqueeze(-1))


def rotation_between(
    start: Float[Tensor, "*batch 3"], end: Float[Tensor, "*batch 3"]
) -> Float[Tensor, "*batch 3 3"]:
    """The smallest rotation that turns the direction ``start`` into the direction ``end``."""
    a, b = F.normalize(start, dim=-1), F.normalize(end, dim=-1)
    normal = torch.linalg.cross(a, b)
    any_normal = torch.linalg.cross(a, F.one_hot(a.abs().argmin(-1), 3).to(a.dtype))
    parallel = normal.norm(dim=-1, keepdim=True) < torch.finfo(a.dtype).eps
    normal = F.normalize(torch.where(parallel, any_normal, normal), dim=-1)
    # Of nearly opposite directions the product is mostly rounding: keep what is normal to ``a``.
    normal = F.normalize(normal - (normal * a).sum(-1, keepdim=True) * a, dim=-1)
    cosine, sine = (a + b).norm(dim=-1, keepdim=True), (a - b).norm(dim=-1, keepdim=True)
    return quaternion_to_matrix(torch.cat((cosine, normal * sine), dim=-1))


def forward_kinematics(
    rotations: Float[Tensor, "*batch joint 3 3"],
    root: Float[Tensor, "*batch 3"],
    offsets: Float[Tensor, "*any joint 3"],
    parents: Sequence[int],
) -> tuple[Float[Tensor, "*batch joint 3"], Float[Tensor, "*batch joint 3 3"]]:
    """Positions and global rotations of a tree of joints from its local rotations.

    ``offsets`` are from the parent in metres, one set or one for each entry of the batch; the
    root's is not used, ``root`` is its position. Parents come before their children (``-1`` for
    the root).
    """
    positions, turned = [root], [rotations[..., 0, :, :]]
    for joint, parent in enumerate(parents[1:], start=1):
        offset = offsets[..., joint, :, None]
        positions.append(positions[parent] + (turned[parent] @ offset).squeeze(-1))
        turned.append(turned[parent] @ rotations[..., joint, :, :])
    return torch.stack(positions, dim=-2), torch.stack(turned, dim=-3)


def global_rotations(
    rotations: Float[Tensor, "*batch joint 3 3"], parents: Sequence[int]
) -> Float[Tensor, "*batch joint 3 3"]:
    """From each joint's rotation relative to its parent to its rotation in the world."""
    turned = [rotations[..., 0, :, :]]
    for joint, parent in enumerate(parents[1:], start=1):
        turned.append(turned[parent] @ rotations[..., joint, :, :])
    return torch.stack(turned, dim=-3)


def local_rotations(
    turned: Float[Tensor, "*batch joint 3 3"], parents: Sequence[int]
) -> Float[Tensor, "*batch joint 3 3"]:
    """The inverse of :func:`global_rotations`."""
    index: Int[Tensor, " joint"] = torch.tensor(parents[1:], dtype=torch.long, device=turned.device)
    above = turned.index_select(-3, index)
    rest = above.transpose(-1, -2) @ turned[..., 1:, :, :]
    return torch.cat((turned[..., :1, :, :], rest), dim=-3)
