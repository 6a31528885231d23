"""Pictures of a body drawn plainly in NumPy: every ray of an image is tried on every cone.

One image after the other and in it one cone after the other, all rays at once, in double precision.
Figure, colours, lights and floor are those of ``moclip.rendering``, so both draw the same picture;
what is plain is that nothing is left out where a cone cannot be.
"""

import math

import numpy as np
from numpy import ndarray

from moclip.figures import Figure
from moclip.rendering import _floor, drawing
from moclip.rendering.cameras import Camera

_LEAST = 1e-9


def draw(body: Figure, camera: Camera, size: int, level: float) -> ndarray:
    """``(size, size, 3)`` uint8 of a figure in one pose above a floor."""
    eye, axes, tangent = _basis(camera)
    starts, ends = (points[0].double().numpy() for points in (body.starts, body.ends))
    radii = body.radii.double().numpy()
    behind = _backdrop(eye, axes, tangent, size, (starts, ends, radii), level)
    fine = size * drawing._SAMPLES
    rays = _rays(axes, tangent, fine)
    depth, nearest = _traced(eye, rays, starts, ends, radii)
    colour, hit = np.zeros((fine, fine, 3)), np.isfinite(depth)
    point, number = eye + depth[hit, None] * rays[hit], nearest[hit]
    out = _normals(point, starts[number], ends[number], radii[number])
    tint = np.array(drawing.COLOURS, dtype=float)[np.array(body.sides)[number]]
    colour[hit] = tint * _light(out @ axes.T, rays[hit] @ axes.T, axes[:, 1])[:, None]
    covered = _averaged(hit[..., None].astype(float), size)
    return np.clip(behind * (1 - covered) + _averaged(colour, size) + 0.5, 0, 255).astype(np.uint8)


def _basis(camera: Camera) -> tuple[ndarray, ndarray, float]:
    """The eye, the axes right, up, ahead as rows, and the tangent of half the angle of view."""
    eye = np.array(camera.eye)
    ahead = _unit(np.array(camera.target) - eye)
    right = _unit(np.cross(ahead, (0.0, 1.0, 0.0)))
    return eye, np.stack((right, np.cross(right, ahead), ahead)), math.tan(camera.fov / 2)


def _rays(axes: ndarray, tangent: float, size: int) -> ndarray:
    """Unit vectors ``(row, column, 3)`` through the middles of the pixels."""
    at = (np.arange(size) + 0.5) * 2 / size - 1
    across, down = np.meshgrid(at * tangent, -at * tangent)
    return _unit(across[..., None] * axes[0] + down[..., None] * axes[1] + axes[2])


def _traced(
    eye: ndarray, rays: ndarray, starts: ndarray, ends: ndarray, radii: ndarray
) -> tuple[ndarray, ndarray]:
    """How far along each ray it meets a cone, and which."""
    depth = np.full(rays.shape[:2], np.inf)
    nearest = np.zeros(rays.shape[:2], dtype=int)
    for number, cone in enumerate(zip(starts, ends, radii, strict=True)):
        found = _met(eye, rays, *cone)
        closer = found < depth
        depth[closer], nearest[closer] = found[closer], number
    return depth, nearest


def _met(eye: ndarray, rays: ndarray, a: ndarray, b: ndarray, radii: ndarray) -> ndarray:
    """A rounded cone: its side where the ray meets that, else the balls at its ends.

    I. Quilez, "Intersectors", with his names.
    """
    (ra, rb), ba, oa = radii, b - a, eye - a
    rr, m0, m1, m5 = ra - rb, ba @ ba, ba @ oa, oa @ oa
    m2, m3 = rays @ ba, rays @ oa
    d2 = m0 - rr * rr
    k2, k1 = d2 - m2 * m2, d2 * m3 - m1 * m2 + m2 * rr * ra
    k0 = d2 * m5 - m1 * m1 + 2 * m1 * rr * ra - m0 * ra * ra
    inside = k1 * k1 - k0 * k2
    side = (-np.sqrt(np.maximum(inside, 0)) - k1) / k2
    y = m1 - ra * rr + side * m2
    balls = np.minimum(_ball(rays, oa, ra), _ball(rays, eye - b, rb))
    return np.where((inside >= 0) & (y > 0) & (y < d2), side, balls)


def _ball(rays: ndarray, away: ndarray, radius: float) -> ndarray:
    along = rays @ away
    inside = along * along - away @ away + radius * radius
    return np.where(inside >= 0, -along - np.sqrt(np.maximum(inside, 0)), np.inf)


def _normals(points: ndarray, a: ndarray, b: ndarray, radii: ndarray) -> ndarray:
    axis, ra, change = b - a, radii[:, 0], radii[:, 0] - radii[:, 1]
    d2 = (axis * axis).sum(-1) - change**2
    at = (axis * (points - a)).sum(-1) - ra * change
    share = np.clip(at, 0, np.maximum(d2, 0)) / np.maximum(d2, _LEAST)
    return _unit(points - a - share[:, None] * axis)


def _light(out: ndarray, rays: ndarray, up: ndarray) -> ndarray:
    around, front, aside = drawing._STRENGTHS
    key, side = _unit(np.array(drawing._KEY)), _unit(np.array(drawing._SIDE))
    light = around * (1 + out @ up / 3)
    light += front * np.maximum(out @ key, 0) + aside * np.maximum(out @ side, 0)
    return light * (0.72 + 0.28 * np.sqrt(np.clip(-(out * rays).sum(-1), 0, 1)))


def _backdrop(
    eye: ndarray,
    axes: ndarray,
    tangent: float,
    size: int,
    cones: tuple[ndarray, ndarray, ndarray],
    level: float,
) -> ndarray:
    """Floor with its grid and shadow, which fade into the background far from the body."""
    rays = _rays(axes, tangent, size)
    ahead = rays @ axes[2]
    falls = rays[..., 1] / ahead < -1e-4
    down = np.where(falls, rays[..., 1], -1.0)
    floor = eye + ((level - eye[1]) / down)[..., None] * rays
    grid = _grid(floor, eye, rays / ahead[..., None], axes, level, 2 * tangent / size)
    middle = (cones[0].mean(axis=0) + cones[1].mean(axis=0)) / 2
    near, far = _floor._FADES
    away = np.hypot(floor[..., 0] - middle[0], floor[..., 2] - middle[2])
    seen = np.clip((far - away) / (far - near), 0, 1) * (falls & (eye[1] > level))
    sky, ground, line = (np.array(c, dtype=float) for c in (_floor.SKY, _floor.GROUND, _floor.LINE))
    seen, grid = seen[..., None], grid[..., None]
    picture = sky + seen * (ground - sky) + grid * seen * (line - ground)
    dark = np.zeros((size, size))
    for a, b, radii in zip(*cones, strict=True):
        dark = np.maximum(dark, _shadow(floor, a, b, radii.mean(), level))
    return picture * (1 - _floor._DARK * dark[..., None] * seen)


def _grid(
    floor: ndarray, eye: ndarray, rays: ndarray, axes: ndarray, level: float, pitch: float
) -> ndarray:
    """The share of each pixel that lines cover; ``rays`` reach a depth of 1."""
    down = np.minimum(rays[..., 1], -1e-4)
    reach = (level - eye[1]) / down
    most = np.zeros(floor.shape[:2])
    for axis in (0, 2):
        row = rays[..., axis] - (rays @ axes[0]) * axes[0, axis]
        up = reach * (axes[1, axis] - row * axes[1, 1] / down)
        pixel = np.maximum((np.abs(reach * axes[0, axis]) + np.abs(up)) * pitch, 1e-6)
        off = np.abs(
            floor[..., axis] - np.round(floor[..., axis] / _floor._SQUARE) * _floor._SQUARE
        )
        covered = np.maximum(_floor._STROKE / 2 + pixel / 2 - off, 0)
        most = np.maximum(most, np.minimum(covered, np.minimum(pixel, _floor._STROKE)) / pixel)
    return most


def _shadow(floor: ndarray, a: ndarray, b: ndarray, radius: float, level: float) -> ndarray:
    """Of one cone, which light from above throws along its slant."""
    soft = _floor._SOFT[0] + _floor._SOFT[1] * np.clip((a[1] + b[1]) / 2 - level, 0, 2)
    light = np.array(_floor._LIGHT)
    a, b = (p - (p[1] - level) / light[1] * light for p in (a, b))
    axis, at = (b - a)[[0, 2]], (floor - a)[..., [0, 2]]
    share = np.clip(at @ axis / max(axis @ axis, _LEAST), 0, 1)
    off = np.sqrt(((at - share[..., None] * axis) ** 2).sum(-1))
    edge = np.clip((radius + soft / 2 - off) / soft, 0, 1)
    return edge * edge * (3 - 2 * edge) * radius / (radius + soft / 2)


def _averaged(values: ndarray, size: int) -> ndarray:
    """Over the rays of each pixel."""
    count = values.shape[0] // size
    return values.reshape(size, count, size, count, -1).mean(axis=(1, 3))


def _unit(v: ndarray) -> ndarray:
    return v / np.sqrt((v * v).sum(-1, keepdims=True))
