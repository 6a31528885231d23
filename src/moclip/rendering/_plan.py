"""A motion's path on the floor, seen from above: where the body was, and which way it faced."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from moclip.motion import Motion
from moclip.rendering.cameras import heading

_PAPER, _GRID, _INK, _FAINT = (250, 251, 252), (226, 229, 234), (38, 43, 51), (120, 127, 138)
_EARLY, _LATE = np.array((150, 190, 235)), np.array((24, 74, 150))
_FINE = 3
"""Times as large before it is shrunk, so that lines are smooth."""
_LEAST = 1.0
"""Metres across that are shown at least: a body that stands still is a dot, not a scribble."""
_FREE = 0.16
"""The share of the picture around the path."""


def path_from_above(motion: Motion, frames: Sequence[int], *, size: int) -> Image.Image:
    """A square picture, ``size`` pixels wide: the way the body faces at first is up.

    The path goes from light to dark; dots are the ``frames``, with a stroke where the body faces.
    A square of the grid is a metre, or more where the path is long.
    """
    across, ahead = _turned(motion)
    middle = (across.max() + across.min()) / 2, (ahead.max() + ahead.min()) / 2
    extent = max(float(np.ptp(across)), float(np.ptp(ahead)), _LEAST)
    large = size * _FINE
    scale = large * (1 - 2 * _FREE) / extent
    x = large / 2 + (across - middle[0]) * scale
    y = large / 2 - (ahead - middle[1]) * scale
    image = Image.new("RGB", (large, large), _PAPER)
    pen = ImageDraw.Draw(image)
    square = _square(extent)
    for line in np.arange(-math.ceil(extent / square) - 1, math.ceil(extent / square) + 2):
        for offset, straight in ((middle[0], True), (middle[1], False)):
            at = (round(offset / square) + line) * square - offset
            pixel = large / 2 + (at if straight else -at) * scale
            ends = (pixel, 0, pixel, large) if straight else (0, pixel, large, pixel)
            pen.line(ends, _GRID, _FINE)
    for step in range(len(x) - 1):
        pen.line((x[step], y[step], x[step + 1], y[step + 1]), _colour(step, len(x)), 2 * _FINE)
    facing = _facing(motion)
    for frame in frames:
        dot, colour = 3.2 * _FINE, _colour(frame, len(x))
        if facing is not None:
            side, forth = facing[frame] * 13 * _FINE
            pen.line((x[frame], y[frame], x[frame] + side, y[frame] - forth), _INK, _FINE)
        pen.ellipse((x[frame] - dot, y[frame] - dot, x[frame] + dot, y[frame] + dot), colour)
    image = image.resize((size, size), Image.Resampling.LANCZOS)
    label = f"grid {square:g} m"
    ImageDraw.Draw(image).text(
        (size - 6, size - 6), label, _FAINT, ImageFont.load_default(12), anchor="rb"
    )
    return image


def _turned(motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """The path of the body's middle: metres to its right and ahead, as it faces at first."""
    middle = motion.joints.detach().double().cpu().mean(dim=1).numpy()
    return _seen(middle[:, 0], middle[:, 2], heading(motion))


def _facing(motion: Motion) -> np.ndarray | None:
    if not motion.skeleton.across:
        return None
    facing = motion.facing().detach().float().cpu().numpy()
    return np.stack(_seen(facing[:, 0], facing[:, 2], heading(motion)), axis=1)


def _seen(x: np.ndarray, z: np.ndarray, turn: float) -> tuple[np.ndarray, np.ndarray]:
    """Seen from above with the facing upwards, +x (the body's left) lies to the left."""
    sine, cosine = math.sin(turn), math.cos(turn)
    return sine * z - cosine * x, cosine * z + sine * x


def _square(extent: float) -> float:
    """Metres a square of the grid has: 0.5, 1, 2, 5, ... so that there are three to eight."""
    steps = (first * 10.0**power for power in range(300) for first in (0.5, 1.0, 2.0))
    return next((step for step in steps if extent / step <= 5), extent)


def _colour(frame: int, count: int) -> tuple[int, int, int]:
    share = frame / max(1, count - 1)
    red, green, blue = (_EARLY + (_LATE - _EARLY) * share).round().astype(int).tolist()
    return (red, green, blue)
