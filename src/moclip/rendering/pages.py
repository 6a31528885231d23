"""Pictures of whole motions to look at: an animated GIF, and a sheet of poses side by side."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from moclip.motion import Motion
from moclip.rendering._plan import path_from_above
from moclip.rendering.cameras import follow
from moclip.rendering.drawing import draw

INK, FAINT, PAPER, RULE = (38, 43, 51), (120, 127, 138), (255, 255, 255), (214, 218, 224)
_FASTEST = 25.0
"""Frames per second; viewers slow down GIFs that are much faster."""
_COLOURS = 128
_TITLE, _TIMES, _GAP = 44, 26, 10
"""Pixels: height of a motion's title and of the times under its poses, between pictures."""
_ASPECT = 1.25
"""Height by width of a pose's picture."""


def gif(
    motion: Motion,
    azimuth: float = 0.6,
    elevation: float = 0.2,
    *,
    size: int = 320,
    seconds: float = 30.0,
) -> bytes:
    """The motion in its own time, at most 25 frames a second, for ever, by a following camera.

    Of a motion that lasts longer than ``seconds`` only the beginning is shown.
    """
    rate = min(motion.fps, _FASTEST)
    count = max(1, round(min(motion.duration, seconds) * rate))
    frames = [min(len(motion) - 1, round(i * motion.fps / rate)) for i in range(count)]
    cameras = follow(motion, azimuth, elevation)
    pictures = draw(motion, frames, [cameras[frame] for frame in frames], size=size).numpy()
    ends = [round(100 * (i + 1) / rate) for i in range(count)]  # hundredths, as a GIF counts
    times = [10 * (end - start) for start, end in zip([0, *ends], ends, strict=False)]
    return _animated(pictures, times)


def contact_sheet(
    motions: Motion | Sequence[Motion],
    azimuth: float = 0.6,
    elevation: float = 0.2,
    *,
    titles: Sequence[str] = (),
    poses: int = 8,
    width: int = 190,
) -> bytes:
    """A PNG with a row a motion: evenly spaced poses with their times, the path seen from above.

    ``width`` is that of a pose in pixels. Raises ``ValueError`` when titles and motions differ in
    number.
    """
    motions = [motions] if isinstance(motions, Motion) else list(motions)
    titles = list(titles) or [motion.skeleton.name for motion in motions]
    if len(titles) != len(motions) or not motions:
        raise ValueError(f"{len(titles)} titles for {len(motions)} motions")
    if poses < 1:
        raise ValueError(f"a sheet of {poses} poses shows nothing")
    rows = [
        _row(motion, title, poses, azimuth, elevation, width)
        for motion, title in zip(motions, titles, strict=True)
    ]
    sheet = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), PAPER)
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    return _png(sheet)


def _row(
    motion: Motion, title: str, poses: int, azimuth: float, elevation: float, width: int
) -> Image.Image:
    height = round(width * _ASPECT)
    frames = [round(i * (len(motion) - 1) / max(1, poses - 1)) for i in range(poses)]
    cameras = follow(motion, azimuth, elevation, aspect=1 / _ASPECT)
    views = [cameras[frame] for frame in frames]
    pictures = draw(motion, frames, views, size=(2 * height, 2 * width)).numpy()
    row = Image.new(
        "RGB", (poses * width + height + 3 * _GAP, _TITLE + height + _TIMES + _GAP), PAPER
    )
    pen = ImageDraw.Draw(row)
    pen.text((_GAP, _TITLE / 2 + 2), title, INK, _font(19), anchor="lm")
    about = (
        f"{motion.duration:.2f} s, {len(motion)} frames at {motion.fps:g} fps, "
        f"{len(motion.skeleton)} joints"
    )
    pen.text((row.width - _GAP, _TITLE / 2 + 2), about, FAINT, _font(14), anchor="rm")
    for number, (frame, picture) in enumerate(zip(frames, pictures, strict=True)):
        left = _GAP + number * width
        small = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
        row.paste(small, (left, _TITLE))
        label = f"{frame / motion.fps:.2f} s"
        place = (left + width / 2, _TITLE + height + _TIMES / 2)
        pen.text(place, label, FAINT, _font(13), anchor="mm")
        if number:
            pen.line((left, _TITLE, left, _TITLE + height), RULE)
    left = 2 * _GAP + poses * width
    row.paste(path_from_above(motion, frames, size=height), (left, _TITLE))
    place = (left + height / 2, _TITLE + height + _TIMES / 2)
    pen.text(place, "path from above", FAINT, _font(13), anchor="mm")
    return row


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _animated(pictures: np.ndarray, times: list[int]) -> bytes:
    """One palette for all frames, so that what stands still does not flicker."""
    sample = pictures[:: max(1, len(pictures) // 6)]
    palette = Image.fromarray(sample.reshape(-1, *pictures.shape[2:])).quantize(_COLOURS)
    frames = [
        Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE)
        for picture in pictures
    ]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0)
    return stream.getvalue()
