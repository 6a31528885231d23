"""Joints as the numbers a motion tower reads: where the body is, how it is posed, how it moves.

Everything is seen from the body: turned by the heading of each frame, placed relative to the root
or to where the motion began. Where a clip stands and which way it first faces makes no difference.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from moclip.motion import MotionBatch
from moclip.skeletons.base import Skeleton

PATH_CHANNELS = 5
"""Planar place and heading (sine, cosine) relative to the first frame, turning speed."""

_LOOSEST_BONE = 0.1
"""Metres; bones of a retargeted motion vary by less than 1e-3, z-scored ones by about 1."""

_LONGEST_BONE = 2.0
"""Metres on average over a clip; beyond it joints are in centimetres, inches or no unit at all."""

_is_exporting = getattr(torch.compiler, "is_exporting", lambda: False)  # torch 2.6 lacks it


def count(skeleton: Skeleton) -> int:
    """Channels of a frame: a position and a velocity for each joint, and the root's path."""
    return 6 * len(skeleton) + PATH_CHANNELS


def of_limb(skeleton: Skeleton, limb: str) -> list[int]:
    """Numbers of the channels a limb has; the root has the path too."""
    joints = [skeleton.index(joint) for joint in skeleton.limb(limb)]
    channels = [6 * joint + axis for joint in joints for axis in range(6)]
    if limb == "root":
        channels += range(6 * len(skeleton), count(skeleton))
    return channels


def channels(
    joints: Float[Tensor, "clip frame joint 3"],
    mask: Bool[Tensor, "clip frame"],
    *,
    fps: float,
    skeleton: Skeleton,
) -> Float[Tensor, "clip frame channel"]:
    """Metres, metres and radians a second; padded frames hold nothing of meaning.

    Of each joint: position relative to the root's place on the floor, velocity in space.
    """
    joints = torch.where(mask[..., None, None], joints, 0.0)
    heading = _heading(joints, mask, skeleton)
    root = joints[:, :, :1]
    place = root * root.new_tensor((1.0, 0.0, 1.0))
    pose = _seen_from(joints - place, heading[:, :, None])
    velocity = _seen_from(_rate(joints, mask) * fps, heading[:, :, None])
    body = torch.cat((pose, velocity), dim=-1).flatten(2)
    return torch.cat((body, _path(place[:, :, 0], heading, mask, fps)), dim=-1)


def _path(
    place: Float[Tensor, "clip frame 3"],
    heading: Float[Tensor, "clip frame 2"],
    mask: Bool[Tensor, "clip frame"],
    fps: float,
) -> Float[Tensor, "clip frame 5"]:
    x, _, z = _seen_from(place - place[:, :1], heading[:, :1]).unbind(-1)
    since_start = _turn(heading[:, :1], heading)
    step = _turn(heading[:, :-1], heading[:, 1:])
    speed = F.pad(torch.atan2(step[..., 0], step[..., 1]) * fps, (1, 0))
    speed = torch.where(_is_first(mask), speed.roll(-1, dims=1), speed)
    return torch.stack((x, z, *since_start.unbind(-1), speed), dim=-1)


def _heading(
    joints: Float[Tensor, "clip frame joint 3"],
    mask: Bool[Tensor, "clip frame"],
    skeleton: Skeleton,
) -> Float[Tensor, "clip frame 2"]:
    """Unit vector (x, z) the body faces, from its hips and shoulders; +z in padding."""
    lefts = [skeleton.index(left) for left, _ in skeleton.across]
    rights = [skeleton.index(right) for _, right in skeleton.across]
    to_left = (joints[:, :, lefts] - joints[:, :, rights]).sum(dim=2)
    forward = torch.stack((-to_left[..., 2], to_left[..., 0]), dim=-1)
    forward = torch.where(mask[..., None], forward, forward.new_tensor((0.0, 1.0)))
    return F.normalize(forward, dim=-1)


def _seen_from(
    vector: Float[Tensor, "*place 3"], heading: Float[Tensor, "*heading 2"]
) -> Float[Tensor, "*place 3"]:
    """The same vector with +z along ``heading`` and +x to its left."""
    x, y, z = vector.unbind(-1)
    sine, cosine = heading.unbind(-1)
    return torch.stack((x * cosine - z * sine, y, x * sine + z * cosine), dim=-1)


def _turn(
    start: Float[Tensor, "*start 2"], end: Float[Tensor, "*end 2"]
) -> Float[Tensor, "*end 2"]:
    """Sine and cosine of the angle from one heading to another, about the vertical."""
    sine = end[..., 0] * start[..., 1] - end[..., 1] * start[..., 0]
    return torch.stack((sine, (start * end).sum(-1)), dim=-1)


def _rate(
    joints: Float[Tensor, "clip frame joint 3"], mask: Bool[Tensor, "clip frame"]
) -> Float[Tensor, "clip frame joint 3"]:
    """Step from the frame before; at the first frame the step that follows it."""
    step = F.pad(joints[:, 1:] - joints[:, :-1], (0, 0, 0, 0, 1, 0))
    return torch.where(_is_first(mask)[..., None, None], step.roll(-1, dims=1), step)


def _is_first(mask: Bool[Tensor, "clip frame"]) -> Bool[Tensor, "clip frame"]:
    """True at frame 0 of clips that have a second frame."""
    first = torch.zeros_like(mask)
    if mask.shape[1] > 1:
        first[:, 0] = mask[:, 1]
    return first


@torch.no_grad()
def require_metres(batch: MotionBatch, skeleton: Skeleton) -> None:
    """Refuses what cannot be this body in metres.

    Joints recovered from z-scored features have bones that change their length by half; a tower
    that takes them learns nothing of motion. Raises ``ValueError``.
    """
    if not batch.skeleton.same_tree(skeleton):
        raise ValueError(
            f"motions of skeleton '{batch.skeleton.name}' came, the tower reads '{skeleton.name}'; "
            f"bring them there with moclip.retargeting.canonical"
        )
    if _is_exporting():  # a graph holds no numbers yet; whoever runs it asks
        return
    frames = batch.mask.sum(dim=1)
    if not frames.all():
        raise ValueError(f"clip {int(frames.argmin())} of the batch has no real frame")
    parents = list(skeleton.parents[1:])
    bones = (batch.joints[:, :, 1:] - batch.joints[:, :, parents]).norm(dim=-1)
    real, frames = batch.mask[..., None], frames[:, None]
    mean = torch.where(real, bones, 0.0).sum(dim=1) / frames
    spread = torch.where(real, bones - mean[:, None], 0.0).square().sum(dim=1) / frames
    for value, limit, what in (
        (spread.sqrt().amax(dim=1), _LOOSEST_BONE, "a bone that varies by {:.2g} m over time"),
        (mean.amax(dim=1), _LONGEST_BONE, "a bone of {:.2g} m"),
    ):
        if not bool((value <= limit).all()):
            clip = int(value.nan_to_num(torch.inf).argmax())
            raise ValueError(
                f"clip {clip} of the batch has {what.format(float(value[clip]))}; "
                f"joints must be in metres, not normalised features"
            )
