"""What lies behind the body: a floor with a grid that fades into the background, and a shadow."""

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.figures import Figure
from moclip.rendering._rays import Window, in_view, rows_of

SKY = (246, 247, 249)
GROUND = (228, 231, 236)
LINE = (198, 203, 211)
_SQUARE, _STROKE = 0.5, 0.012
"""Metres from line to line, and of a line's breadth."""
_FADES = (2.5, 7.0)
"""Metres from the body: where the floor begins to fade, and where it is gone."""
_LIGHT = (0.25, 1.0, 0.15)
"""Where the light that casts the shadow comes from; mostly from above."""
_DARK = 0.42
_SOFT = (0.03, 0.25)
"""Metres: how blurred a shadow is at the foot, and by how much more for each metre above."""


def backdrop(
    eye: Float[Tensor, "image 3"],
    axes: Float[Tensor, "image 3 3"],
    window: Window,
    body: Figure,
    level: float,
) -> Float[Tensor, "image height width 3"]:
    """The floor at height ``level`` under a body, as colours in 0..255."""
    shade = _shadow(eye, axes, window, body, level)
    columns = window.x(torch.arange(window.width)[None], window.pitch[:, None])
    lines = window.y(torch.arange(window.height)[None], window.pitch[:, None])
    # right and ahead lie so that a ray's height depends on its row alone: cameras are not tilted
    down = lines * axes[:, 1, 1, None] + axes[:, 2, 1, None]
    reach = ((level - eye[:, 1, None]) / down.clamp(max=-1e-4)).clamp(min=0) * (down < -1e-4)
    middle = (body.starts.mean(dim=1) + body.ends.mean(dim=1)) / 2
    away, line = torch.zeros(()), torch.zeros(())
    for axis in (0, 2):
        ray = lines * axes[:, 1, axis, None] + axes[:, 2, axis, None]
        slope = reach * axes[:, 0, axis, None]
        at = (eye[:, axis, None] + reach * ray)[..., None] + slope[..., None] * columns[:, None]
        up = reach * (axes[:, 1, axis, None] - ray * axes[:, 1, 1, None] / down.clamp(max=-1e-4))
        line = torch.maximum(line, _lines(at, (slope.abs() + up.abs()) * window.pitch[:, None]))
        away = away + (at - middle[:, axis, None, None]).square()
    near, far = _FADES
    seen = ((far - away.sqrt()) / (far - near)).clamp(0, 1) * (reach > 0)[..., None]
    sky, ground, stroke = (torch.tensor(rgb, dtype=torch.float) for rgb in (SKY, GROUND, LINE))
    picture = sky + seen[..., None] * (ground - sky) + (line * seen)[..., None] * (stroke - ground)
    return picture * (1 - _DARK * shade * seen)[..., None]


def _lines(
    at: Float[Tensor, "image height width"], pixel: Float[Tensor, "image height"]
) -> Float[Tensor, "image height width"]:
    """The share of each pixel that a line of the grid covers; ``pixel`` is a pixel's size there."""
    size = pixel.clamp(min=1e-6)[..., None]
    off = (at - (at / _SQUARE).round() * _SQUARE).abs()
    covered = (_STROKE / 2 + size / 2 - off).clamp(min=0)
    return torch.minimum(covered, size.clamp(max=_STROKE)) / size


def _shadow(
    eye: Float[Tensor, "image 3"],
    axes: Float[Tensor, "image 3 3"],
    window: Window,
    body: Figure,
    level: float,
) -> Float[Tensor, "image height width"]:
    """How dark each pixel of the floor is, 0..1: cones seen from the light, blurred by height."""
    starts, ends = body.starts.transpose(0, 1), body.ends.transpose(0, 1)
    heights = (starts[..., 1] + ends[..., 1]) / 2 - level
    blur = _SOFT[0] + _SOFT[1] * heights.clamp(0, 2)
    radius = body.radii.mean(dim=1, keepdim=True).expand_as(blur)
    a, b = _fallen(starts, level), _fallen(ends, level)
    widest = (radius + blur / 2)[..., None].expand(-1, -1, 2)
    rows = rows_of(in_view(a, eye, axes), in_view(b, eye, axes), widest, window)
    image, pitch = rows.image, window.pitch[rows.image]
    ray = window.y(rows.y, pitch)[:, None] * axes[image, 1] + axes[image, 2]
    reach = (level - eye[image, 1]) / ray[:, 1].clamp(max=-1e-4)
    first = ray + window.x(rows.first, pitch)[:, None] * axes[image, 0]
    floor = eye[image] + reach[:, None] * first - a.reshape(-1, 3)[rows.item]
    step = (reach * pitch)[:, None] * axes[image, 0]
    axis = (b - a).reshape(-1, 3)[rows.item]
    square = (axis * axis).sum(-1).clamp(min=1e-9)
    soft, radius = blur.reshape(-1)[rows.item], radius.reshape(-1)[rows.item]
    deep = torch.where(ray[:, 1] < -1e-4, radius / (radius + soft / 2), 0.0)
    parts = [t[:, i] for t in (floor, step, axis) for i in (0, 2)]
    along_row = torch.stack((*parts, square, soft, radius + soft / 2, deep))
    count, pixels = rows.pixels(window)
    along_row = along_row.repeat_interleave(rows.width, dim=1)
    x, z, step_x, step_z, axis_x, axis_z, square, soft, outer, deep = along_row
    x, z = x + count * step_x, z + count * step_z
    share = ((x * axis_x + z * axis_z) / square).clamp(0, 1)
    off = ((x - share * axis_x).square() + (z - share * axis_z).square()).sqrt()
    edge = ((outer - off) / soft).clamp(0, 1)
    dark = edge * edge * (3 - 2 * edge) * deep
    shade = torch.zeros(len(eye) * window.height * window.width)
    shares = rows.shares(*heights.shape)
    for pixel, darker in zip(pixels.split(shares), dark.split(shares), strict=True):
        shade[pixel] = torch.maximum(shade[pixel], darker)
    return shade.view(len(eye), window.height, window.width)


def _fallen(points: Float[Tensor, "*any 3"], level: float) -> Float[Tensor, "*any 3"]:
    """Where the light throws points onto the floor."""
    light = points.new_tensor(_LIGHT)
    return points - (points[..., 1:2] - level) / light[1] * light
