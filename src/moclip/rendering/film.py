"""A motion as an MP4: a following camera, what it shows and the time written below."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from moclip.motion import Motion
from moclip.rendering.cameras import follow
from moclip.rendering.drawing import draw

_FPS = 30.0
_LINE = 40
"""Pixels below the picture, for the words and the time."""
_INK, _FAINT, _PAPER = (38, 43, 51), (120, 127, 138), (255, 255, 255)
_AT_ONCE = 16
"""Frames drawn together."""


def mp4(
    motion: Motion,
    azimuth: float = 0.6,
    elevation: float = 0.2,
    *,
    title: str = "",
    size: int = 480,
    seconds: float = 60.0,
) -> bytes:
    """The motion in its own time at 30 frames a second, H.264 that every browser plays.

    Of a motion that lasts longer than ``seconds`` only the beginning is shown. Raises
    ``ValueError`` without the package imageio-ffmpeg, which brings ffmpeg with it.
    """
    try:
        import imageio_ffmpeg  # type: ignore[import-untyped]
    except ImportError:
        raise ValueError("an .mp4 needs a package: pip install 'moclip[video]'") from None
    side = max(16, size - size % 16)  # what H.264 has in its blocks
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "film.mp4"
        writer: Any = imageio_ffmpeg.write_frames(
            str(place), (side, side + _LINE), fps=_FPS, quality=7, macro_block_size=8
        )
        writer.send(None)
        for picture in _pictures(motion, (azimuth, elevation), title, side, seconds):
            writer.send(np.ascontiguousarray(picture))
        writer.close()
        return place.read_bytes()


def _pictures(
    motion: Motion, view: tuple[float, float], title: str, side: int, seconds: float
) -> Iterator[np.ndarray]:
    count = max(1, round(min(motion.duration, seconds) * _FPS))
    frames = [min(len(motion) - 1, round(i * motion.fps / _FPS)) for i in range(count)]
    cameras = follow(motion, *view)
    for at in range(0, count, _AT_ONCE):
        few = frames[at : at + _AT_ONCE]
        drawn = draw(motion, few, [cameras[frame] for frame in few], size=side).numpy()
        for number, picture in enumerate(drawn, start=at):
            yield _with_words(picture, title, f"{number / _FPS:.2f} s")


def _with_words(picture: np.ndarray, title: str, time: str) -> np.ndarray:
    height, width = picture.shape[:2]
    page = Image.new("RGB", (width, height + _LINE), _PAPER)
    page.paste(Image.fromarray(picture), (0, 0))
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(16)
    middle = height + _LINE / 2
    pen.text((width - 12, middle), time, _FAINT, font, anchor="rm")
    pen.text((12, middle), _cut(title, pen, font, width - 110), _INK, font, anchor="lm")
    return np.asarray(page)


def _cut(title: str, pen: ImageDraw.ImageDraw, font: Any, width: int) -> str:
    """So many words as fit."""
    if pen.textlength(title, font) <= width:
        return title
    while title and pen.textlength(f"{title}…", font) > width:
        title = title[:-1]
    return f"{title.rstrip()}…"
