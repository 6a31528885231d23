"""How far a decoded motion is from the real one (arXiv 2203.08063), frame by frame, padding aside.

Positions are in metres and come from forward kinematics, so that an error of the hip counts at the
foot as well; velocities are in metres a second.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

CONTACT_SPEED, CONTACT_HEIGHT = 0.15, 0.08
"""A foot slower (m/s) and nearer to the lowest place it reaches (m) than these stands."""
STRIDE = 1.0
"""Seconds over which a path is compared."""
_SMALLEST = 1e-8
"""Square metres under the root, whose slope at zero has no end."""


def orientations(
    predicted: Float[Tensor, "clip frame joint 3 3"],
    real: Float[Tensor, "clip frame joint 3 3"],
    mask: Bool[Tensor, "clip frame"],
) -> Float[Tensor, ""]:
    """Mean squared distance of rotation matrices: ``8 sin^2(angle / 2)`` of each joint."""
    return (predicted - real).square().sum(dim=(-1, -2)).mean(dim=-1)[mask].mean()


def positions(
    predicted: Float[Tensor, "clip frame joint 3"],
    real: Float[Tensor, "clip frame joint 3"],
    mask: Bool[Tensor, "clip frame"],
) -> Float[Tensor, ""]:
    """Mean distance of joints."""
    return _distance(predicted - real).mean(dim=-1)[mask].mean()


def poses(
    predicted: Float[Tensor, "clip frame joint 3"],
    real: Float[Tensor, "clip frame joint 3"],
    mask: Bool[Tensor, "clip frame"],
) -> Float[Tensor, ""]:
    """Mean distance of joints, each frame's roots, the first joints, brought above one another.

    Where the body is on the floor is told by :func:`path`: an error of speed adds up over a clip,
    and would count for more than all poses.
    """
    floor = predicted.new_tensor([1.0, 0.0, 1.0])
    root = (predicted - real)[:, :, :1]
    return positions(predicted - floor * root, real, mask)


def path(
    predicted: Float[Tensor, "clip frame 3"],
    real: Float[Tensor, "clip frame 3"],
    mask: Bool[Tensor, "clip frame"],
    *,
    fps: float,
) -> Float[Tensor, ""]:
    """Mean error of how far the root goes in :data:`STRIDE` seconds; zero for shorter clips."""
    frames = round(STRIDE * fps)
    apart = predicted - real
    return _mean(_distance(apart[:, frames:] - apart[:, :-frames]), mask[:, frames:])


def velocities(
    predicted: Float[Tensor, "clip frame joint 3"],
    real: Float[Tensor, "clip frame joint 3"],
    mask: Bool[Tensor, "clip frame"],
    *,
    fps: float,
) -> Float[Tensor, ""]:
    """Mean distance of the velocities of joints."""
    change = ((predicted - real).diff(dim=1)) * fps
    return _mean(_distance(change).mean(dim=-1), mask[:, 1:])


def contacts(
    predicted: Float[Tensor, "clip frame foot 3"],
    real: Float[Tensor, "clip frame foot 3"],
    mask: Bool[Tensor, "clip frame"],
    *,
    fps: float,
) -> Float[Tensor, ""]:
    """Mean speed of decoded feet where the real ones stand; zero where none does."""
    stands = standing(real, mask, fps=fps)
    speed = _distance(predicted.diff(dim=1) * fps)
    return _mean(speed, stands)


def stance(
    told: Float[Tensor, "clip frame foot"],
    real: Float[Tensor, "clip frame foot 3"],
    mask: Bool[Tensor, "clip frame"],
    *,
    fps: float,
) -> Float[Tensor, ""]:
    """Cross-entropy of which feet stand, from logits; a foot stands in both frames of a step."""
    steps = standing(real, mask, fps=fps)
    after, before = F.pad(steps, (0, 0, 0, 1)), F.pad(steps, (0, 0, 1, 0))
    truth = (after | before).to(told.dtype)
    wrong = F.binary_cross_entropy_with_logits(told, truth, reduction="none")
    return wrong.mean(dim=-1)[mask].mean()


def standing(
    feet: Float[Tensor, "clip frame foot 3"], mask: Bool[Tensor, "clip frame"], *, fps: float
) -> Bool[Tensor, "clip step foot"]:
    """Whether a foot stands from one frame to the next."""
    height = feet[..., 1].masked_fill(~mask[..., None], torch.inf)
    low = height < height.amin(dim=1, keepdim=True) + CONTACT_HEIGHT
    slow = feet.diff(dim=1).norm(dim=-1) * fps < CONTACT_SPEED
    return slow & low[:, 1:] & low[:, :-1] & mask[:, 1:, None]


def _distance(difference: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch"]:
    return (difference.square().sum(dim=-1) + _SMALLEST).sqrt()


def _mean(values: Tensor, mask: Bool[Tensor, "..."]) -> Float[Tensor, ""]:
    """Over what is real; zero where nothing is."""
    return (values * mask).sum() / mask.sum().clamp(min=1)
