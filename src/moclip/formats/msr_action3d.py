"""Skeleton files of MSR-Action3D: the first Kinect's twenty joints as text, 15 frames a second.

``aAA_sSS_eEE_skeleton3D.txt`` holds points in the world, ``x y z confidence``: x to the sensor's
left, y up, z away from it. ``aAA_sSS_eEE_skeleton.txt`` holds points on the screen, ``u v depth
confidence``: u to the right and v down in a picture of 320 x 240. Neither names its joints; their
order is :data:`ORDER`, that of the script the set comes with (``drawskt.m``).

Here the sensor is the origin and someone who looks at it faces +z, so everything is turned half
about the vertical, and joints are put in the order of the skeleton, parents first. Confidences are
not kept: they do not tell what is wrong. The Kinect's bones change their lengths from frame to
frame; they are left as they are. The files can only be read.
"""

import logging
import math

import numpy as np
import torch
from jaxtyping import Bool, Float64
from numpy import ndarray

from moclip import skeletons
from moclip.formats import _units
from moclip.formats._kinect_rows import looks_like_rows, read_rows
from moclip.motion import Motion

_log = logging.getLogger(__name__)

SUFFIXES = (".txt",)
FPS = 15.0

ORDER = (
    "right_shoulder",
    "left_shoulder",
    "shoulder_center",
    "spine",
    "right_hip",
    "left_hip",
    "hip_center",
    "right_elbow",
    "left_elbow",
    "right_wrist",
    "left_wrist",
    "right_hand",
    "left_hand",
    "right_knee",
    "left_knee",
    "right_ankle",
    "left_ankle",
    "right_foot",
    "left_foot",
    "head",
)
"""Joints as the files list them."""
WIDTH, HEIGHT, FOCAL = 320, 240, 285.63
"""Pixels; the focal length is the first Kinect's for that picture."""

_BODY = skeletons.get("msr_action3d")
_PARENTS_FIRST = [ORDER.index(joint) for joint in _BODY.joint_names]
_HALF_TURN = np.array((-1.0, 1.0, -1.0))
_GROWN = float(np.linalg.norm(_BODY.offsets, axis=1).sum())
"""Metres of all bones of a grown person together."""


def recognises(data: bytes) -> bool:
    """Whether the first line reads like a joint, or like a number of frames and of joints."""
    return looks_like_rows(data)


def decode(
    data: bytes,
    *,
    name: str = "file",
    space: str | None = None,
    unit: str | float | None = None,
    fps: float = FPS,
) -> Motion:
    """A motion from the bytes of a skeleton file, whichever of the two it is.

    ``space`` is ``"world"`` or ``"screen"``; without it, a file in which the head lies at smaller
    numbers than the feet is of the screen. Without ``unit``, coordinates count in whatever makes
    the body human. Metres from the screen are approximate: the lens is taken for ideal, and where
    no known unit of depth gives a body of human size (within 30 %), it is made 1.75 m tall.
    Frames in which nobody is seen are left out at both ends and interpolated in between, as are
    single joints at zero.

    Raises ``ValueError`` that begins with ``name`` and, where there is one, the line; also when a
    joint is seen in less than half of the frames.
    """
    if space not in ("world", "screen", None):
        raise ValueError(f"space is '{space}', wanted 'world' or 'screen'")
    points = _without_gaps(read_rows(data, name)[:, _PARENTS_FIRST, :3], name)
    screen = _grows_downwards(points) if space is None else space == "screen"
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is told by Motion
        if screen:
            points = _from_screen(points, name)
        joints = points * _HALF_TURN * _scale(points, unit, screen=screen)
    try:
        return Motion(torch.from_numpy(joints).float(), fps, _BODY)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _grows_downwards(points: Float64[ndarray, "frame 20 3"]) -> bool:
    heads, feet = (points[:, _BODY.index(joint), 1] for joint in ("head", "left_ankle"))
    return bool(np.median(heads - feet) < 0)


def _from_screen(
    points: Float64[ndarray, "frame 20 3"], name: str
) -> Float64[ndarray, "frame 20 3"]:
    """Where the rays through the pixels are at their depth; in the unit of the depth."""
    u, v, depth = np.moveaxis(points, -1, 0)
    right, low = np.quantile(u, 0.9), np.quantile(v, 0.9)
    if right > 1.5 * WIDTH or low > 1.5 * HEIGHT:  # some joints may be beyond the edge
        wide = f"points as far as ({right:.0f}, {low:.0f})"
        raise ValueError(f"{name} has {wide}, wanted those of a picture of {WIDTH} x {HEIGHT}")
    return np.stack(
        ((u - WIDTH / 2) * depth / FOCAL, (HEIGHT / 2 - v) * depth / FOCAL, depth), axis=-1
    )


def _seen(points: Float64[ndarray, "frame 20 3"]) -> Bool[ndarray, "frame 20"]:
    """No joint is where the sensor is: zeros mean that it was not found."""
    return np.asarray(points.any(axis=-1))


def _without_gaps(
    points: Float64[ndarray, "frame 20 3"], name: str
) -> Float64[ndarray, "seen 20 3"]:
    """From the first frame with a body to the last, every joint on a straight way over its gaps."""
    body = np.flatnonzero(_seen(points).any(axis=1))
    if not len(body):
        raise ValueError(f"{name}: nobody is seen in any of {len(points):,} frames")
    kept = points[body[0] : body[-1] + 1].copy()
    seen = _seen(kept)
    for joint in np.flatnonzero(~seen.all(axis=0)):
        frames = np.flatnonzero(seen[:, joint])
        if 2 * len(frames) < len(kept):
            of = f"{len(frames):,} of {len(kept):,} frames"
            raise ValueError(f"{name}: '{_BODY.joint_names[joint]}' is seen in only {of}")
        for axis in range(3):
            path = kept[:, joint, axis]
            path[:] = np.interp(np.arange(len(kept)), frames, path[frames])
    left_out, filled = len(points) - len(kept), int((~seen).any(axis=1).sum())
    if left_out or filled:
        what = "%s: not all joints are seen: %d frames left out at the ends, %d interpolated"
        _log.warning(what, name, left_out, filled)
    return kept


def _scale(
    points: Float64[ndarray, "frame 20 3"], unit: str | float | None, *, screen: bool
) -> float:
    """Metres in one of the numbers of the file."""
    bones = points[:, 1:] - points[:, list(_BODY.parents[1:])]
    lengths = [0.0, *np.median(np.linalg.norm(bones, axis=-1), axis=0).tolist()]
    scale = _units.metres(unit, _BODY.parents, lengths)
    size = sum(lengths) * scale / _GROWN
    known = 1 / 1.3 < size < 1.3 or not 0 < size < math.inf
    if screen and unit is None and not known:
        return scale / size
    return scale
