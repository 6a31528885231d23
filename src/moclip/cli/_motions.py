"""Motions that a command made: how long they should be, and the files they go to."""

import re
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

from moclip import formats
from moclip.files import write_atomically
from moclip.motion import Motion

_LENGTH = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(s|ms)?")
PICTURES = (".gif", ".mp4", ".html", ".png")
"""What plays a motion, and a sheet with a row for each."""


def seconds(length: str) -> float:
    """``3s``, ``2.5`` or ``800ms`` in seconds. Raises ``ValueError`` for anything else."""
    found = _LENGTH.fullmatch(length.strip().lower())
    if not found:
        raise ValueError(f"--length is '{length}', wanted a time such as 3s, 2.5 or 800ms")
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


def check(out: Path) -> None:
    """Raises ``ValueError`` for a file name of no format, before anything is computed."""
    suffix = out.suffix.lower()
    if suffix and suffix not in (*formats.suffixes(written=True), *PICTURES):
        there = ", ".join((*formats.suffixes(written=True), *PICTURES))
        raise ValueError(f"-o is {out}, wanted a folder or a file with one of: {there}")


def write(motions: Sequence[Motion], titles: Sequence[str], out: Path) -> list[dict[str, Any]]:
    """Writes motions and returns a row for each file.

    A sheet (``.png``) shows all of them. A file name becomes one for each motion where there are
    several; a folder gets a ``.bvh`` of each, named by its title, and a sheet of all.
    """
    if out.suffix.lower() == ".png":
        return [_sheet(motions, titles, out)]
    if not out.suffix:
        names = _different([_slug(title) for title in titles])
        rows = [
            _one(motion, title, out / f"{name}.bvh")
            for motion, title, name in zip(motions, titles, names, strict=True)
        ]
        return [*rows, _sheet(motions, titles, out / "sheet.png")]
    places = [out] if len(motions) == 1 else _numbered(out, len(motions))
    return [
        _one(motion, title, place)
        for motion, title, place in zip(motions, titles, places, strict=True)
    ]


def _one(motion: Motion, title: str, place: Path) -> dict[str, Any]:
    if place.suffix.lower() in PICTURES:
        from moclip import rendering

        write_atomically(place, rendering.playing(motion, place.suffix.lower(), title=title))
    else:
        formats.write(motion, place)
    row = {"file": str(place), "seconds": round(motion.duration, 2), "frames": len(motion)}
    return row | {"what": title}


def _sheet(motions: Sequence[Motion], titles: Sequence[str], place: Path) -> dict[str, Any]:
    from moclip import rendering

    write_atomically(place, rendering.contact_sheet(list(motions), titles=list(titles)))
    longest = max(motions, key=len)
    row = {"file": str(place), "seconds": round(longest.duration, 2), "frames": len(longest)}
    return row | {"what": f"a sheet of {len(motions)}"}


def _numbered(out: Path, count: int) -> list[Path]:
    digits = len(str(count))
    return [out.with_stem(f"{out.stem}_{n:0{digits}d}") for n in range(1, count + 1)]


def _slug(title: str) -> str:
    return re.sub(r"[^\w]+", "-", title.lower()).strip("-")[:60] or "motion"


def _different(names: Sequence[str]) -> list[str]:
    """The first of several alike keeps its name, the others get the next number that is free."""
    made: dict[str, None] = {}
    for name in names:
        others = (f"{name}_{number}" for number in count(2))
        made[next(free for free in chain([name], others) if free not in made)] = None
    return list(made)
