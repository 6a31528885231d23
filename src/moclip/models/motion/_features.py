"""Joints to what each limb's token sees: positions and velocities from the body's own view."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from moclip.motion import MotionBatch
from moclip.skeletons.base import Skeleton

PATH = 9
"""Numbers of the root's path: planar position (2), height, planar velocity (2), vertical velocity,
turning speed, sine and cosine of the heading; positions and heading relative to the first frame."""


@dataclass(frozen=True)
class Layout:
    """Which joints each limb has, padded to the longest limb so that all go through one product."""

    names: tuple[str, ...]
    joints: tuple[tuple[int, ...], ...]
    """Joint numbers of each limb."""
    count: int
    """Joints of the whole skeleton."""

    @classmethod
    def of(cls, skeleton: Skeleton) -> "Layout":
        names = tuple(name for name, _ in skeleton.limbs)
        joints = tuple(
            tuple(skeleton.index(joint) for joint in members) for _, members in skeleton.limbs
        )
        return cls(names, joints, len(skeleton))

    @property
    def width(self) -> int:
        """Numbers per limb and frame: position and velocity of each joint, or the root's path."""
        root = 6 * len(self.joints[self.names.index("root")]) + PATH
        return max(root, *(6 * len(limb) for limb in self.joints))

    def gather(self) -> Tensor:
        """For each limb and number, its place in the frame's joint features; the last is zero."""
        path = 6 * self.count
        table = torch.full((len(self.joints), self.width), path + PATH)
        for row, limb in zip(table, self.joints, strict=True):
            row[: 6 * len(limb)] = torch.tensor([6 * j + k for j in limb for k in range(6)])
        root = self.names.index("root")
        start = 6 * len(self.joints[root])
        table[root, start : start + PATH] = torch.arange(path, path + PATH)
        return table


def frame_features(batch: MotionBatch) -> Float[Tensor, "clip frame feature"]:
    """Position and velocity (m, m/s) of each joint, turned to the body's heading; the root's path.

    Everything is relative to the root and the first frame, so where on the floor a clip starts
    and which way it faces makes no difference. Velocities look back one frame, so padding does
    not matter.
    """
    joints, root = batch.joints, batch.joints[:, :, 0]
    cos, sin = _heading(batch).unbind(-1)
    floor = root * root.new_tensor((1.0, 0.0, 1.0))
    position = _turned(joints - floor[:, :, None], cos[..., None], sin[..., None])
    velocity = _backward(joints) * batch.fps
    velocity = _turned(velocity, cos[..., None], sin[..., None])
    path = _path(root, velocity[:, :, 0], cos, sin, batch.fps)
    return torch.cat((torch.cat((position, velocity), dim=-1).flatten(2), path), dim=-1)


def _heading(batch: MotionBatch) -> Float[Tensor, "clip frame 2"]:
    """Cosine and sine of the yaw that turns +z to where the body faces."""
    pairs = batch.skeleton.across
    left = [batch.skeleton.index(a) for a, _ in pairs]
    right = [batch.skeleton.index(b) for _, b in pairs]
    across = (batch.joints[:, :, left] - batch.joints[:, :, right]).sum(dim=2)
    return F.normalize(across[..., ::2] * across.new_tensor((1.0, -1.0)), dim=-1)


def _turned(vectors: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotated about y by minus the heading."""
    x, y, z = vectors.unbind(-1)
    return torch.stack((cos * x - sin * z, y, sin * x + cos * z), dim=-1)


def _backward(values: Tensor) -> Tensor:
    """Difference to the frame before; zero at the first."""
    return F.pad(values[:, 1:] - values[:, :-1], (0, 0) * (values.ndim - 2) + (1, 0))


def _path(
    root: Float[Tensor, "clip frame 3"],
    velocity: Float[Tensor, "clip frame 3"],
    cos: Float[Tensor, "clip frame"],
    sin: Float[Tensor, "clip frame"],
    fps: float,
) -> Float[Tensor, "clip frame {PATH}"]:
    travelled = _turned(root - root[:, :1], cos[:, :1], sin[:, :1])
    turn_cos = cos * cos[:, :1] + sin * sin[:, :1]
    turn_sin = sin * cos[:, :1] - cos * sin[:, :1]
    step = _backward(torch.stack((cos, sin), dim=-1))
    turning = (cos * step[..., 1] - sin * step[..., 0]) * fps
    return torch.stack(
        (
            travelled[..., 0],
            travelled[..., 2],
            root[..., 1],
            velocity[..., 0],
            velocity[..., 2],
            velocity[..., 1],
            turning,
            turn_sin,
            turn_cos,
        ),
        dim=-1,
    )
