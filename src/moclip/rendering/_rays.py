"""Rays through pixels against rounded cones: which is hit first, and where.

A rounded cone is all that is swept by a ball that goes from one point to another and changes its
radius evenly; a capsule where both radii are the same. In the camera's axes the eye is the origin
and a ray ``(x, y, 1)``, so the distance along it is the depth. The formulas are the exact ones
(I. Quilez, "Intersectors"), with rays that need no unit length.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

NOTHING = 255
"""In place of a cone's number where a ray meets none; so there may be 255 of them."""
_NEAR = 0.05
"""Metres in front of the eye where seeing begins."""


@dataclass(frozen=True)
class Window:
    """The pixels of an image and the rays through their middles."""

    height: int
    width: int
    pitch: Float[Tensor, " image"]
    """Of each image: from ray to ray, at depth 1."""

    def x(self, column: Tensor, pitch: Tensor) -> Tensor:
        """Sideways, to the right, at depth 1."""
        return (column + (0.5 - self.width / 2)) * pitch

    def y(self, row: Tensor, pitch: Tensor) -> Tensor:
        """Upwards, at depth 1."""
        return ((self.height / 2 - 0.5) - row) * pitch


@dataclass(frozen=True, eq=False)
class Rows:
    """Stretches of pixels, each in one row of one image, in the order of the cones."""

    item: Int[Tensor, " row"]
    """Cone and image: ``cone * images + image``."""
    image: Int[Tensor, " row"]
    y: Int[Tensor, " row"]
    first: Int[Tensor, " row"]
    """Column."""
    width: Int[Tensor, " row"]

    def pixels(self, window: Window) -> tuple[Int[Tensor, " pixel"], Int[Tensor, " pixel"]]:
        """How far into its row each pixel is, and its number among those of all images."""
        first = (self.image * window.height + self.y) * window.width + self.first
        step = counted(self.width)
        return step, step + first.repeat_interleave(self.width)

    def shares(self, cones: int, images: int) -> list[int]:
        """Number of pixels of each cone."""
        total = torch.zeros(cones * images, dtype=torch.long).index_add_(0, self.item, self.width)
        return total.view(cones, images).sum(dim=1).tolist()


def in_view(
    points: Float[Tensor, "cone image 3"],
    eye: Float[Tensor, "image 3"],
    axes: Float[Tensor, "image 3 3"],
) -> Float[Tensor, "cone image 3"]:
    """From the world into each camera's axes: right, up, ahead."""
    return torch.einsum("ipq,ciq->cip", axes, points - eye).contiguous()


def trace(
    starts: Float[Tensor, "cone image 3"],
    ends: Float[Tensor, "cone image 3"],
    radii: Float[Tensor, "cone 2"],
    window: Window,
) -> tuple[Float[Tensor, " pixel"], UInt8[Tensor, " pixel"]]:
    """Depth in metres (infinite where nothing is) and number of the nearest cone, for each pixel.

    Each cone is met only at the pixels that its outline may cover. Pixels are numbered image after
    image, row after row.
    """
    cones, images = starts.shape[:2]
    assert cones <= NOTHING
    depth = torch.full((images * window.height * window.width,), torch.inf)
    nearest = torch.full(depth.shape, NOTHING, dtype=torch.uint8)
    rows = rows_of(starts, ends, radii, window)
    pixels, hits = _hits(starts, ends, radii, rows, window)
    shares = rows.shares(cones, images)
    for cone, (pixel, hit) in enumerate(zip(pixels.split(shares), hits.split(shares), strict=True)):
        closer = (hit < depth[pixel]).nonzero().squeeze(-1)
        pixel = pixel[closer]
        depth[pixel] = hit[closer]
        nearest[pixel] = cone
    return depth, nearest


def rows_of(
    starts: Float[Tensor, "cone image 3"],
    ends: Float[Tensor, "cone image 3"],
    radii: Float[Tensor, "cone 2"] | Float[Tensor, "cone image 2"],
    window: Window,
) -> Rows:
    """Where outlines may be: in the box of two discs and near the line between them."""
    cones, images = starts.shape[:2]
    radii = radii if radii.ndim == 3 else radii[:, None].expand(-1, images, -1)
    ax, ay, disc_a = _discs(starts, radii[..., 0], window)
    bx, by, disc_b = _discs(ends, radii[..., 1], window)
    disc = torch.maximum(disc_a, disc_b)
    seen = torch.minimum(starts[..., 2] - radii[..., 0], ends[..., 2] - radii[..., 1]) > _NEAR
    top = (torch.minimum(ay, by) - disc).floor().clamp(0, window.height)
    bottom = (torch.maximum(ay, by) + disc).ceil().clamp(0, window.height)
    heights = torch.where(seen, bottom - top, 0.0).long().reshape(-1)
    item = torch.arange(cones * images).repeat_interleave(heights)
    y = counted(heights) + top.long().reshape(-1)[item]
    # The strip |normal . (pixel - a)| <= disc leaves a stretch of each row, a wide one if it lies.
    length = torch.hypot(bx - ax, by - ay).clamp(min=1e-6)
    lean = ((by - ay) / length).abs().clamp(min=1e-6)
    slope = (bx - ax) / length / lean * (by - ay).sign()
    left, right = torch.minimum(ax, bx) - disc, torch.maximum(ax, bx) + disc
    table = torch.stack((ax, ay, slope, disc / lean + 1, left, right)).view(6, -1)
    ax, ay, slope, reach, left, right = table[:, item]
    middle = ax + (y + 0.5 - ay) * slope
    first = torch.maximum(left, middle - reach).floor().clamp(0, window.width)
    last = torch.minimum(right, middle + reach).ceil().clamp(0, window.width)
    width = (last - first).clamp(min=0).long()
    return Rows(item, item % images, y, first.long(), width)


def _discs(
    centres: Float[Tensor, "cone image 3"], radii: Float[Tensor, "cone image"], window: Window
) -> tuple[Float[Tensor, "cone image"], Float[Tensor, "cone image"], Float[Tensor, "cone image"]]:
    """Column, row and radius in pixels of discs that cover the pictures of balls."""
    x, y, z = centres.unbind(-1)
    z = torch.maximum(z, radii + _NEAR)
    off = torch.hypot(x, y) / z
    wide = radii / (x * x + y * y + z * z - radii**2).clamp(min=1e-6).sqrt()
    reach = wide * (1 + off * off) / (1 - off * wide).clamp(min=1e-3)
    column, row = window.width / 2 + x / z / window.pitch, window.height / 2 - y / z / window.pitch
    return column, row, reach / window.pitch


def counted(counts: Int[Tensor, " group"]) -> Int[Tensor, " total"]:
    """0, 1, ... in each group: ``[2, 3]`` gives ``[0, 1, 0, 1, 2]``."""
    starts = counts.cumsum(0) - counts
    return torch.arange(int(counts.sum())) - starts.repeat_interleave(counts)


def _hits(
    a: Tensor, b: Tensor, radii: Tensor, rows: Rows, window: Window
) -> tuple[Int[Tensor, " ray"], Float[Tensor, " ray"]]:
    """For each pixel of the rows its number and the depth at which its ray meets the cone.

    ``m1 .. m7`` are products of the axis ``b - a``, the eye seen from each end and the ray; what
    is the same along a row is worked out once for it.
    """
    axis, change, ra = b - a, radii[:, :1] - radii[:, 1:], radii[:, :1]
    m0, m1 = (axis * axis).sum(-1), -(axis * a).sum(-1)
    d2, e = m0 - change**2, m1 - ra * change
    m5, m7 = (a * a).sum(-1), (b * b).sum(-1)
    k0 = d2 * m5 - m1 * m1 + 2 * m1 * change * ra - m0 * ra**2
    balls = (m5 - ra**2, m7 - radii[:, 1:] ** 2)
    table = torch.stack((*axis.unbind(-1), *a.unbind(-1), d2, e, k0, *balls)).view(11, -1)
    bx, by, bz, ax, ay, az, *same = table[:, rows.item]
    pitch = window.pitch[rows.image]
    y = window.y(rows.y, pitch)
    along_row = torch.stack(
        (pitch, window.x(rows.first, pitch), 1 + y * y, bx, by * y + bz, ax, ay * y + az, *same)
    )
    step, pixel = rows.pixels(window)
    along_row = along_row.repeat_interleave(rows.width, dim=1)
    pitch, x, square, m2x, m2, m3x, m3, d2, e, k0, c_a, c_b = along_row
    x = x + step * pitch
    m2, m3, square = m2 + m2x * x, -(m3 + m3x * x), square + x * x
    k2, k1 = d2 * square - m2 * m2, d2 * m3 - m2 * e
    inside = k1 * k1 - k0 * k2
    side = (-inside.clamp(min=0).sqrt() - k1) / k2
    at = e + side * m2
    hit = torch.minimum(_ball(m3, c_a, square), _ball(m3 - m2, c_b, square))
    return pixel, torch.where((inside >= 0) & (at > 0) & (at < d2), side, hit)


def _ball(m: Tensor, c: Tensor, square: Tensor) -> Tensor:
    """Depth at which rays enter a ball; infinite where they miss it."""
    inside = m * m - square * c
    return torch.where(inside >= 0, (-m - inside.clamp(min=0).sqrt()) / square, torch.inf)


def normals(
    points: Float[Tensor, "3 hit"],
    a: Float[Tensor, "3 hit"],
    b: Float[Tensor, "3 hit"],
    radii: Float[Tensor, "2 hit"],
) -> Float[Tensor, "3 hit"]:
    """Unit vectors out of a cone at points on it: away from the ball that touches there."""
    axis, (ra, rb) = b - a, radii
    change = ra - rb
    d2 = (axis * axis).sum(0) - change**2
    away = points - a
    at = (axis * away).sum(0) - ra * change
    share = torch.minimum(at.clamp(min=0), d2.clamp(min=0)) / d2.clamp(min=1e-12)
    out = away - share * axis
    return out / (out * out).sum(0).sqrt().clamp(min=1e-9)
