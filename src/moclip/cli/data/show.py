"""Draw a motion: a sheet of poses as PNG, an animated GIF, a film, or a page that plays it.

Examples:
  moclip data show walk.bvh
  moclip data show walk.bvh -o pictures
  moclip data show walk.bvh -o sheet.png --poses 12
  moclip data show joints.npy -o walk.gif --azimuth 90 --size 480
  moclip data show walk.bvh -o walk.html
  moclip data show walk.bvh -o walk.mp4 --seconds 10
  moclip data show bandai_namco:bandai.zip --clip dataset-1_walk_active_001
  moclip data show robot.bvh --skeleton-file robot.json

The sheet has evenly spaced poses with their times and the path on the floor seen from above; the
body's left is orange, its right is blue. The camera goes along with the body and keeps all of it in
the picture. An .html is one file that plays in any browser, to turn and to scrub; an .mp4 needs the
extra [video].
"""

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from moclip.cli._body import SkeletonFile

if TYPE_CHECKING:
    from moclip.motion import Motion


def main(
    motion: Positional[str],
    /,
    *,
    clip: str | None = None,
    out: Annotated[Path, arg(aliases=["-o"])] = Path(),
    poses: int = 8,
    azimuth: float = 35.0,
    elevation: float = 12.0,
    size: int = 320,
    seconds: float = 30.0,
    unit: str | None = None,
    skeleton_file: SkeletonFile = None,
) -> None:
    """Draw a motion.

    Args:
        motion: a motion file; with --clip a data set NAME[:PATH], or a folder
        clip: id of a clip of the data set
        out: a .png for the sheet alone, a .gif, .mp4 or .html for that alone, or a folder for the
            sheet and the GIF
        poses: how many on the sheet
        azimuth: degrees from the body's front to its left
        elevation: degrees above the horizon
        size: pixels of the sides of a GIF or film
        seconds: how long a GIF or film is at most; of a longer motion it shows the beginning
        unit: what the file counts in (m, cm, mm, inch, foot), where it is not to be guessed
        skeleton_file: JSON of the body in motion files, where it is none of ours
    """
    from moclip import files, rendering

    if not -80 <= elevation <= 80:
        raise ValueError(f"--elevation is {elevation:g} degrees, wanted -80 to 80")
    if not 1 <= poses <= 48:
        raise ValueError(f"--poses is {poses}, wanted 1 to 48")
    if not 16 <= size <= 2048:
        raise ValueError(f"--size is {size} pixels, wanted 16 to 2048")
    if not 0 < seconds <= 600:
        raise ValueError(f"--seconds is {seconds:g}, wanted more than 0, at most 600")
    stem = re.sub(r"[^\w.@-]+", "-", clip) if clip else Path(motion).stem
    sheet, film = _outputs(out, stem)
    if clip is None:
        found = _file(motion, unit, skeleton_file)
    elif unit is None:
        found = _clip(motion, clip, skeleton_file)
    else:
        raise ValueError("--unit is of use only with a file; a data set knows its own")
    view = math.radians(azimuth), math.radians(elevation)
    if sheet is not None:
        titles = [clip or Path(motion).name]
        picture = rendering.contact_sheet(found, *view, titles=titles, poses=poses)
        files.write_atomically(sheet, picture)
        print(sheet)
    if film is not None:
        title = clip or Path(motion).name
        options: dict[str, Any] = {"size": size, "seconds": seconds}
        played = {
            ".gif": lambda: rendering.gif(found, *view, **options),
            ".mp4": lambda: rendering.mp4(found, *view, title=title, **options),
            ".html": lambda: rendering.page(found, *view, title=title),
        }
        files.write_atomically(film, played[film.suffix.lower()]())
        print(film)


def _file(path: str, unit: str | None, skeleton_file: Path | None) -> "Motion":
    from moclip import formats
    from moclip.cli import _body

    options = {} if unit is None else {"unit": unit}
    return formats.read(path, skeleton=_body.read(skeleton_file), **options)


def _clip(data: str, clip: str, skeleton_file: Path | None) -> "Motion":
    from moclip import datasets
    from moclip.cli.data._named import named

    name, options = named(data)
    if skeleton_file is not None:
        options["skeleton_file"] = skeleton_file
    return datasets.read_clip(name, clip, **options)


def _outputs(out: Path, stem: str) -> tuple[Path | None, Path | None]:
    """Where the sheet and what plays go."""
    suffix = out.suffix.lower()
    if suffix in (".png", ".gif", ".mp4", ".html"):
        return (out, None) if suffix == ".png" else (None, out)
    if suffix and not out.is_dir():
        raise ValueError(f"{out}: wanted a .png, .gif, .mp4 or .html, or a folder")
    return out / f"{stem}.png", out / f"{stem}.gif"
