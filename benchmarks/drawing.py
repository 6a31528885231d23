"""Pictures a second at CLIP's 224 x 224, against every ray tried on every cone. One thread."""

import numpy as np
import torch
from numpy import ndarray

from benchmarks import plain_drawing
from benchmarks._clips import Mix
from benchmarks._timing import Row, alternate
from moclip import rendering
from moclip.figures import figure

_SIZE, _SMALL = 224, 32
_PICTURES, _FEW, _PLAIN = 64, 8, 4
"""Drawn in one call, in a quick run, and by the plain way, which takes a fifth of a second each."""


def drawing(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """Frames spread over the longest clip, by a camera that follows it."""
    motion = max((clip.motion for clip in mix.clips), key=len)
    size, count = (_SMALL, _FEW) if quick else (_SIZE, _PICTURES)
    frames = torch.linspace(0, len(motion) - 1, count).long().tolist()
    few = frames[:: count // _PLAIN]
    cameras = rendering.follow(motion)
    body = figure(motion)
    level = body.floor()

    def ours(chosen: list[int]) -> ndarray:
        return rendering.draw(motion, chosen, [cameras[i] for i in chosen], size=size).numpy()

    def plain() -> ndarray:
        views = ((body.at(torch.tensor([i])), cameras[i]) for i in few)
        return np.stack([plain_drawing.draw(pose, camera, size, level) for pose, camera in views])

    _check(ours(few), plain())
    mine, theirs = alternate([lambda: ours(frames), plain], repeats=1 if quick else max(5, repeats))
    against = "every ray on every cone"
    name = f"pictures, {size} x {size}"
    return [Row(name, against, count, "pictures", mine, theirs * count / len(few))]


def _check(ours: ndarray, plain: ndarray) -> None:
    """Single and double precision may see another cone at an outline."""
    off = np.abs(ours.astype(int) - plain.astype(int)) > 2
    if off.mean() > 2e-3:
        raise ValueError(f"the two ways differ in {off.mean():.1%} of all values")
