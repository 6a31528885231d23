"""Draw a motion: a sheet of poses as PNG, and an animated GIF.

Examples:
  moclip data show walk.bvh
  moclip data show walk.bvh -o pictures
  moclip data show walk.bvh -o sheet.png --poses 12
  moclip data show joints.npy -o walk.gif --azimuth 90 --size 480

The sheet has evenly spaced poses with their times and the path on the floor seen from above; the
body's left is orange, its right is blue. The camera goes along with the body and keeps all of it in
the picture.
"""

import math
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg


def main(
    clip: Positional[Path],
    /,
    *,
    out: Annotated[Path, arg(aliases=["-o"])] = Path(),
    poses: int = 8,
    azimuth: float = 35.0,
    elevation: float = 12.0,
    size: int = 320,
    seconds: float = 30.0,
    unit: str | None = None,
) -> None:
    """Draw a motion file.

    Args:
        clip: the motion file
        out: a .png for the sheet alone, a .gif for that alone, or a folder for both
        poses: how many on the sheet
        azimuth: degrees from the body's front to its left
        elevation: degrees above the horizon
        size: pixels of the GIF's sides
        seconds: how long the GIF is at most; of a longer motion it shows the beginning
        unit: what the file counts in (m, cm, mm, inch, foot), where it is not to be guessed
    """
    from moclip import files, formats, rendering

    if not -80 <= elevation <= 80:
        raise ValueError(f"--elevation is {elevation:g} degrees, wanted -80 to 80")
    if not 1 <= poses <= 48:
        raise ValueError(f"--poses is {poses}, wanted 1 to 48")
    if not 16 <= size <= 2048:
        raise ValueError(f"--size is {size} pixels, wanted 16 to 2048")
    if not 0 < seconds <= 600:
        raise ValueError(f"--seconds is {seconds:g}, wanted more than 0, at most 600")
    sheet, film = _outputs(out, clip.stem)
    motion = formats.read(clip, **({} if unit is None else {"unit": unit}))
    view = math.radians(azimuth), math.radians(elevation)
    if sheet is not None:
        picture = rendering.contact_sheet(motion, *view, titles=[clip.name], poses=poses)
        files.write_atomically(sheet, picture)
        print(sheet)
    if film is not None:
        files.write_atomically(film, rendering.gif(motion, *view, size=size, seconds=seconds))
        print(film)


def _outputs(out: Path, stem: str) -> tuple[Path | None, Path | None]:
    """Where the sheet and the GIF go."""
    suffix = out.suffix.lower()
    if suffix in (".png", ".gif"):
        return (out, None) if suffix == ".png" else (None, out)
    if suffix and not out.is_dir():
        raise ValueError(f"{out}: pictures are written as .png or .gif, or both into a folder")
    return out / f"{stem}.png", out / f"{stem}.gif"
