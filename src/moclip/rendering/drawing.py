"""Pictures of a motion's frames: a shaded body before its backdrop."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from moclip.figures import Figure, figure
from moclip.motion import Motion
from moclip.rendering import _rays
from moclip.rendering._floor import backdrop
from moclip.rendering.cameras import Camera, basis

COLOURS = ((226, 222, 216), (240, 138, 76), (76, 134, 214))
"""Red, green, blue of the body's middle, left and right."""
_SAMPLES = 2
"""Rays per pixel, across and down."""
_KEY, _SIDE = (-0.45, 0.65, -0.75), (0.9, 0.15, -0.25)
"""Where the lights are (right, up, ahead of the camera): in front and above, and at the side."""
_STRENGTHS = (0.34, 0.62, 0.22)
"""Of the light from everywhere (the sky twice the floor), in front and at the side."""
_CHUNK = 2**18
"""Rays in flight: images are drawn in groups that stay in the processor's cache."""


def draw(
    motion: Motion,
    frames: Sequence[int],
    cameras: Camera | Sequence[Camera],
    *,
    size: int | tuple[int, int] = 224,
    floor: float | None = None,
) -> UInt8[Tensor, "image height width 3"]:
    """A picture of each of the frames, by one camera or by one for each.

    ``size`` is that of a square or (height, width), in pixels. ``floor`` is the floor's height in
    metres; if absent, the height that the body stays above in nine frames of ten.

    Raises ``ValueError`` for frames that are not there and numbers of cameras that do not fit.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 1:
        raise ValueError(f"a picture of {height} x {width} pixels has nothing to show")
    views = [cameras] * len(frames) if isinstance(cameras, Camera) else list(cameras)
    if len(views) != len(frames):
        raise ValueError(f"{len(views)} cameras for {len(frames)} frames; wanted one, or one each")
    wrong = [frame for frame in frames if not -len(motion) <= frame < len(motion)]
    if wrong:
        raise ValueError(f"there is no frame {wrong[0]} in a motion of {len(motion)} frames")
    body = figure(motion)
    level = body.floor() if floor is None else floor
    shown = body.at(torch.tensor(list(frames), dtype=torch.long))
    pictures = torch.empty(len(frames), height, width, 3, dtype=torch.uint8)
    group = max(1, _CHUNK // (_SAMPLES**2 * height * width))
    with _one_thread():
        for at in range(0, len(frames), group):
            part = slice(at, at + group)
            pictures[part] = _pictures(shown.at(part), views[part], (height, width), level)
    return pictures


@contextmanager
def _one_thread() -> Iterator[None]:
    """Steps are too short to share: on a busy machine, threads would mostly wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _pictures(
    body: Figure, cameras: Sequence[Camera], size: tuple[int, int], level: float
) -> UInt8[Tensor, "image height width 3"]:
    eye, axes, tangent = basis(cameras)
    window = _rays.Window(*size, 2 * tangent / size[0])
    picture = backdrop(eye, axes, window, body, level)
    colour, covered = _body(body, eye, axes, window)
    picture = picture * (1 - covered[..., None]) + colour
    return (picture + 0.5).clamp(0, 255).to(torch.uint8)


def _body(
    body: Figure, eye: Tensor, axes: Tensor, window: _rays.Window
) -> tuple[Float[Tensor, "image height width 3"], Float[Tensor, "image height width"]]:
    """The body's colour, and the share of each pixel that it covers."""
    fine = _rays.Window(window.height * _SAMPLES, window.width * _SAMPLES, window.pitch / _SAMPLES)
    starts, ends = (
        _rays.in_view(points.transpose(0, 1), eye, axes) for points in (body.starts, body.ends)
    )
    depth, nearest = _rays.trace(starts, ends, body.radii, fine)
    ray = (nearest != _rays.NOTHING).nonzero().squeeze(-1)
    cone, line, column = nearest[ray].long(), ray // fine.width, ray % fine.width
    image, row = line // fine.height, line % fine.height
    pitch = fine.pitch[image]
    towards = torch.stack((fine.x(column, pitch), fine.y(row, pitch), torch.ones(len(ray))))
    item = cone * len(eye) + image
    out = _rays.normals(
        towards * depth[ray],
        starts.reshape(-1, 3).T[:, item],
        ends.reshape(-1, 3).T[:, item],
        body.radii.T[:, cone],
    )
    tints = torch.tensor(COLOURS, dtype=torch.float)[list(body.sides)].T
    lit = tints[:, cone] * (_light(out, towards, axes[:, :, 1].T[:, image]) / _SAMPLES**2)
    pixel = (image * window.height + row // _SAMPLES) * window.width + column // _SAMPLES
    return _summed(lit, pixel, window, len(eye))


def _summed(
    lit: Float[Tensor, "3 ray"], pixel: Int[Tensor, " ray"], window: _rays.Window, images: int
) -> tuple[Float[Tensor, "image height width 3"], Float[Tensor, "image height width"]]:
    """Rays of the same pixel put together."""
    sums = torch.zeros(4, images * window.height * window.width)
    for channel, values in zip(sums, (*lit, torch.full_like(lit[0], _SAMPLES**-2)), strict=True):
        channel.index_add_(0, pixel, values)
    sums = sums.view(4, images, window.height, window.width)
    return sums[:3].permute(1, 2, 3, 0), sums[3]


def _light(
    out: Float[Tensor, "3 ray"], towards: Float[Tensor, "3 ray"], up: Float[Tensor, "3 ray"]
) -> Float[Tensor, " ray"]:
    """How bright a surface is whose normal is ``out``; edges that turn away are darker."""
    around, front, aside = _STRENGTHS
    key, side = (F.normalize(out.new_tensor(light), dim=0) for light in (_KEY, _SIDE))
    light = around * (1 + (out * up).sum(0) / 3)
    light = light + front * (key @ out).clamp(min=0) + aside * (side @ out).clamp(min=0)
    facing = -(out * towards).sum(0) / (towards * towards).sum(0).sqrt()
    return light * (0.72 + 0.28 * facing.clamp(0, 1).sqrt())
