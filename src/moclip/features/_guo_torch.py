"""The work of :mod:`moclip.features._guo` in torch: any device, with gradients.

Numbers lie as ``(joint, xyz, clip, frame)``, so that every operation runs over clips and frames at
once; padding repeats each clip's last frame, which is what the smoothing of the heading wants.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from moclip.features._guo_body import Body, Settings

_CHUNK = 4096
"""Frames at a time: what is in work stays in the cache."""
_PARALLEL = 1e-12

Points = Float[Tensor, "joint 3 clip frame"]
PerFrame = Float[Tensor, "clip frame"]


def encode(
    joints: Float[Tensor, "clip frame joint 3"],
    counts: Int[Tensor, " clip"],
    body: Body,
    settings: Settings,
    weights: Float[Tensor, " tap"],
) -> Float[Tensor, "clip steps dim"]:
    """See ``_guo.encode``."""
    size = max(1, _CHUNK // joints.shape[1])
    parts = zip(joints.split(size), counts.to(joints.device).split(size), strict=True)
    return torch.cat([_chunk(part, n, body, settings, weights.to(part)) for part, n in parts])


def decode(
    features: Float[Tensor, "clip frame dim"], *, following: bool
) -> Float[Tensor, "clip frame_ joint 3"]:
    """See ``_guo.decode``."""
    count = (features.shape[-1] + 1) // 12
    turn = features[..., 0].double()
    heading = 2 * (turn.cumsum(dim=-1) - turn)
    # A step is seen from the heading of the frame it arrives at.
    arrival = 2 * turn.cumsum(dim=-1)
    step_x, step_z = _from(features[..., 1].double(), features[..., 2].double(), arrival)
    x, z = (F.pad(step.cumsum(dim=-1)[..., :-1], (1, 0)).to(features) for step in (step_x, step_z))
    local = features[..., 4 : 3 * count + 1].unflatten(-1, (count - 1, 3))
    heading = heading.to(features)[..., None]
    seen_x, seen_z = _from(local[..., 0], local[..., 2], heading)
    joints = features.new_empty(*features.shape[:2], count, 3)
    joints[..., 0, :] = torch.stack((x, features[..., 3], z), dim=-1)
    joints[..., 1:, 0] = seen_x + x[..., None]
    joints[..., 1:, 1] = local[..., 1]
    joints[..., 1:, 2] = seen_z + z[..., None]
    if not following:
        return joints
    velocity = features[:, -1:, -3 * count - 4 : -4].unflatten(-1, (count, 3))
    step_x, step_z = _from(velocity[..., 0], velocity[..., 2], heading[:, -1:])
    after = joints[:, -1:] + torch.stack((step_x, velocity[..., 1], step_z), dim=-1)
    return torch.cat((joints, after), dim=1)


def _from(x: Tensor, z: Tensor, heading: Tensor) -> tuple[Tensor, Tensor]:
    """Turned back from facing +z to the heading."""
    cosine, sine = heading.cos(), heading.sin()
    return cosine * x - sine * z, cosine * z + sine * x


def _chunk(
    joints: Tensor, counts: Tensor, body: Body, settings: Settings, weights: Tensor
) -> Tensor:
    frames = joints.shape[1]
    at = torch.arange(frames, device=joints.device).minimum(counts[:, None] - 1)
    points = joints.gather(1, at[..., None, None].expand(joints.shape)).permute(2, 3, 0, 1)
    points = points.contiguous()
    if settings.lengths is not None:
        points = _on_skeleton(points, body, joints.new_tensor(settings.lengths), settings.least)
    if settings.place:
        points = _in_place(points, body)
    cosine, sine = _heading(points, body, weights)
    here, steps = points[..., :-1], points.diff(dim=-1)
    c, s = cosine[:, :-1], sine[:, :-1]
    ground = here[0] * here.new_tensor((1.0, 0.0, 1.0))[:, None, None]
    feet = steps[list(body.numbers(body.feet))].square().sum(dim=1)
    parts = (
        _turn(cosine, sine, as_published=settings.as_published)[None],
        _seen(steps[:1], cosine[:, 1:], sine[:, 1:])[:, ::2],
        here[:1, 1],
        _seen(here[1:] - ground, c, s),
        _rotations(here, c, s, body, settings.least),
        _seen(steps, c, s),
        (feet < body.still).to(feet),
    )
    channels = torch.cat([part.flatten(0, -3) for part in parts])
    real = torch.arange(frames - 1, device=joints.device) < counts[:, None] - 1
    return channels.permute(1, 2, 0).where(real[..., None], channels.new_zeros(()))


def _on_skeleton(
    points: Points, body: Body, lengths: Float[Tensor, " joint"], least: float
) -> Points:
    parents, leg = list(body.skeleton.parents), list(body.numbers(body.leg))
    bones = points[1:] - points[parents[1:]]
    growth = lengths[leg].sum() / bones[[joint - 1 for joint in leg], :, :, 0].norm(dim=1).sum(0)
    x, _, z = _across(points, body, exchange_hips=False)
    aside = torch.hypot(x, z).where((x != 0) | (z != 0), 1.0)
    cosine = (-x / aside).where((x != 0) | (z != 0), 1.0)
    bones = _or_rest(bones, points.new_tensor(body.rest[1:]), cosine, -z / aside, least)
    bones = bones * (lengths[1:, None, None] / bones.norm(dim=1))[:, None]
    placed = [points[0] * growth[:, None]]
    for joint, parent in enumerate(parents[1:], start=1):
        placed.append(placed[parent] + bones[joint - 1])
    return torch.stack(placed)


def _or_rest(
    bones: Float[Tensor, "bone 3 clip frame"],
    rest: Float[Tensor, "bone 3"],
    cosine: PerFrame,
    sine: PerFrame,
    least: float,
) -> Float[Tensor, "bone 3 clip frame"]:
    """Bones that are too short to point anywhere lie as they rest, turned as the body is."""
    short = bones.detach().square().sum(dim=1, keepdim=True) < least * least
    turned = _seen(rest[..., None, None].expand_as(bones), cosine, -sine)
    return turned.where(short, bones)


def _in_place(points: Points, body: Body) -> Points:
    floor = points[:, 1].amin(dim=(0, 2))
    across = _across(points[..., :1], body, exchange_hips=False)
    length = torch.hypot(across[0], across[2])
    origin = torch.stack((points[0, 0, :, 0], floor, points[0, 2, :, 0]))[..., None]
    return _seen(points - origin, -across[0] / length, -across[2] / length)


def _across(points: Points, body: Body, *, exchange_hips: bool) -> Float[Tensor, "3 clip frame"]:
    """From left to right, hips and shoulders together."""
    right_hip, left_hip, right, left = body.numbers(body.facing)
    if exchange_hips:
        right_hip, left_hip = left_hip, right_hip
    return points[right_hip] - points[left_hip] + points[right] - points[left]


def _heading(
    points: Points, body: Body, weights: Float[Tensor, " tap"]
) -> tuple[PerFrame, PerFrame]:
    """Cosine and sine of the turn that makes the body face +z."""
    across = F.normalize(_across(points, body, exchange_hips=True), dim=0)  # as published
    ahead = torch.stack((across[2], -across[0])).flatten(0, 1)[:, None]
    reach = len(weights) // 2
    smooth = F.conv1d(F.pad(ahead, (reach, reach), mode="replicate"), weights[None, None])
    x, z = F.normalize(smooth.reshape(2, *points.shape[2:]), dim=0)
    start = torch.zeros_like(x)
    start[:, 0] = 1
    return torch.where(start > 0, 1.0, z), torch.where(start > 0, 0.0, -x)


def _turn(cosine: PerFrame, sine: PerFrame, *, as_published: bool) -> Float[Tensor, "clip steps"]:
    """Half angles from frame to frame."""
    # The larger of sine and cosine divides.
    large = ((1 + cosine.abs()) / 2).sqrt()
    small = sine / (2 * large)
    ahead = cosine > 0
    w = torch.where(ahead, large, small.abs())
    y = torch.where(ahead, small, torch.where(sine < 0, -large, large))
    turn = (y[:, 1:] * w[:, :-1] - w[:, 1:] * y[:, :-1]).clamp(-1, 1).arcsin()
    around = w[:, 1:] * w[:, :-1] + y[:, 1:] * y[:, :-1] < 0
    return turn if as_published else torch.where(around, -turn, turn)


def _seen(
    points: Points,
    cosine: Float[Tensor, "clip #frame"],
    sine: Float[Tensor, "clip #frame"],
) -> Points:
    """Turned to face +z."""
    x, y, z = points.unbind(dim=1)
    return torch.stack((cosine * x + sine * z, y, cosine * z - sine * x), dim=1)


def _rotations(
    points: Points, cosine: PerFrame, sine: PerFrame, body: Body, least: float
) -> Float[Tensor, "bone 6 clip frame"]:
    """First two columns of each bone's turn, relative to the bone above or to the root."""
    zero, one = torch.zeros_like(cosine), torch.ones_like(cosine)
    root = torch.stack((cosine, zero, sine, zero, one, zero, -sine, zero, cosine))
    bones = points[1:] - points[list(body.skeleton.parents[1:])]
    axes = points.new_tensor(body.axes[1:])
    turns = torch.cat((root[None], _bones(_or_rest(bones, axes, cosine, sine, least), axes)))
    above, own = turns[list(body.above[1:])], turns[1:]
    columns = [
        above[:, i] * own[:, k] + above[:, 3 + i] * own[:, 3 + k] + above[:, 6 + i] * own[:, 6 + k]
        for k in range(2)
        for i in range(3)
    ]
    return torch.stack(columns, dim=1)


def _bones(
    bones: Float[Tensor, "bone 3 clip frame"], axes: Float[Tensor, "bone 3"]
) -> Float[Tensor, "bone 9 clip frame"]:
    """Matrices of the smallest turn from the axis to the bone: d + [c]x + c c' / (1 + d)."""
    x, y, z = F.normalize(bones, dim=1).unbind(dim=1)
    a, b, e = axes[:, :, None, None].unbind(dim=1)
    d = a * x + b * y + e * z
    p, q, r = b * z - e * y, e * x - a * z, a * y - b * x
    square = p * p + q * q + r * r
    # Opposite directions: any half turn will do, the next axis is taken.
    lost = (d < 0) & (square < _PARALLEL)
    i, j, k = (torch.where(lost, n, c) for n, c in ((e, p), (a, q), (b, r)))
    square = torch.where(lost | (d > 0), 1.0, square)
    g = torch.where(d > 0, 1 / (1 + d.clamp(min=0)), (1 - d) / square)
    rows = (
        *(d + g * i * i, g * i * j - r, g * i * k + q),
        *(g * i * j + r, d + g * j * j, g * j * k - p),
        *(g * i * k - q, g * j * k + p, d + g * k * k),
    )
    return torch.stack(rows, dim=1)
