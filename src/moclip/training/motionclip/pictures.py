"""A picture of each clip, as the image tower sees it: the body in the middle of its motion."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from moclip.models.image import ImageTower
from moclip.models.two_tower import unit
from moclip.motion import CaptionedMotion, Motion
from moclip.rendering import draw, follow

AZIMUTH, ELEVATION = 0.6, 0.15
"""Radians: seen from the front, a little from the left and from above."""
_CHUNK = 256


def vectors(tower: ImageTower, clips: Sequence[CaptionedMotion]) -> Float[Tensor, "clip dim"]:
    """Unit vectors, one a clip."""
    rows = []
    for at in range(0, len(clips), _CHUNK):
        drawn = [picture(clip.motion, tower.size) for clip in clips[at : at + _CHUNK]]
        rows.append(unit(tower.encode(torch.stack(drawn))))
    return torch.cat(rows)


def picture(motion: Motion, size: int) -> UInt8[Tensor, "height width 3"]:
    """The frame in the middle, with the whole body inside the picture."""
    middle = len(motion) // 2
    camera = follow(motion, AZIMUTH, ELEVATION)[middle]
    return draw(motion, [middle], camera, size=size)[0]
