"""A figure of rounded cones as triangles, each carried by one joint: a mannequin to be skinned."""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from moclip.figures import Figure

SIDES, RINGS = 12, 3
"""Corners around a cone, and rings of each rounded end between its rim and its pole."""
_SMALLEST = 1e-9


@dataclass(frozen=True, eq=False)
class Mesh:
    """Of one side of the body."""

    positions: ndarray
    """(vertex, 3), metres, in the rest pose."""
    normals: ndarray
    joints: ndarray
    """(vertex,): which joint carries it."""
    triangles: ndarray
    """(triangle, 3), counter-clockwise seen from outside."""


def meshes(rest: Figure) -> dict[int, Mesh]:
    """By side; ``rest`` is the figure of the rest pose alone."""
    starts, ends, radii = rest.starts[0].numpy(), rest.ends[0].numpy(), rest.radii.numpy()
    made: dict[int, list[Mesh]] = {}
    for cone, (side, joint) in enumerate(zip(rest.sides, rest.joints, strict=True)):
        made.setdefault(side, []).append(_capsule(starts[cone], ends[cone], radii[cone], joint))
    return {side: _joined(parts) for side, parts in sorted(made.items())}


def _capsule(start: ndarray, end: ndarray, radii: ndarray, joint: int) -> Mesh:
    """A cone with rounded ends, a ring of vertices after the other from pole to pole."""
    axis = end - start
    length = float(np.linalg.norm(axis))
    frame = _frame(axis / length if length > _SMALLEST else np.array([0.0, 1.0, 0.0]))
    lean = np.arcsin(np.clip((radii[0] - radii[1]) / max(length, _SMALLEST), -0.99, 0.99))
    below = np.linspace(-np.pi / 2, lean, RINGS + 1)
    above = np.linspace(lean, np.pi / 2, RINGS + 1)
    rings = [(start, radii[0], angle) for angle in below] + [(end, radii[1], a) for a in above]
    around = np.arange(SIDES) * (2 * np.pi / SIDES)
    circle = np.stack((np.cos(around), np.zeros(SIDES), np.sin(around)), axis=1)
    normals = np.concatenate(
        [circle * np.cos(angle) + np.array([0.0, np.sin(angle), 0.0]) for *_, angle in rings]
    )
    normals = normals @ frame
    centres = np.repeat([centre for centre, *_ in rings], SIDES, axis=0)
    sizes = np.repeat([radius for _, radius, _ in rings], SIDES)
    triangles = np.concatenate([_band(ring * SIDES) for ring in range(len(rings) - 1)])
    return Mesh(
        centres + normals * sizes[:, None], normals, np.full(len(normals), joint), triangles
    )


def _frame(up: ndarray) -> ndarray:
    """Rows x, y, z of a right-handed frame whose y points along the bone."""
    other = np.eye(3)[np.abs(up).argmin()]
    x = np.cross(other, up)
    x /= np.linalg.norm(x)
    return np.stack((x, up, np.cross(x, up)))


def _band(first: int) -> ndarray:
    """Triangles between a ring of vertices and the next one."""
    here = first + np.arange(SIDES)
    after = first + (np.arange(SIDES) + 1) % SIDES
    lower = np.stack((here, here + SIDES, after), axis=1)
    return np.concatenate((lower, np.stack((after, here + SIDES, after + SIDES), axis=1)))


def _joined(parts: list[Mesh]) -> Mesh:
    firsts = np.cumsum([0, *(len(part.positions) for part in parts[:-1])])
    return Mesh(
        np.concatenate([part.positions for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.joints for part in parts]),
        np.concatenate([p.triangles + first for p, first in zip(parts, firsts, strict=True)]),
    )
