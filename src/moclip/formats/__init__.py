"""Motion files: one file here a format, found by the suffix of what is read or written.

An entry has ``SUFFIXES``, ``decode(data, *, name, **options) -> Motion`` and
``encode(motion) -> bytes``.
"""

from pathlib import Path
from typing import Any

from moclip import catalog, files
from moclip.motion import Motion


def read(path: str | Path, **options: Any) -> Motion:
    """A motion file of any format; options are those of the format's ``decode``.

    Raises ``ValueError`` naming the file for one that cannot be a motion, ``OSError`` for one that
    cannot be opened.
    """
    path = Path(path)
    _format(path.name)  # an unknown suffix is told before anything is read
    return decode(files.read_bounded(path), path.name, **options)


def write(motion: Motion, path: str | Path) -> None:
    """The motion in the format that the suffix names; the file appears whole or not at all."""
    path = Path(path)
    files.write_atomically(path, _load(_format(path.name), "encode")(motion))


def decode(data: bytes, name: str, **options: Any) -> Motion:
    """A motion from bytes, by the suffix of ``name``, which stands in error messages too."""
    motion: Motion = _load(_format(name), "decode")(data, name=name, **options)
    return motion


def suffixes() -> tuple[str, ...]:
    """All that can be read and written, as ``".bvh"``."""
    return tuple(s for entry in catalog.names("formats") for s in _load(entry, "SUFFIXES"))


def _format(name: str) -> str:
    suffix = Path(name).suffix.lower()
    for entry in catalog.names("formats"):
        if suffix in _load(entry, "SUFFIXES"):
            return entry
    raise ValueError(f"{name}: no format '{suffix}'; there are: {', '.join(suffixes())}")


def _load(entry: str, attribute: str) -> Any:
    return catalog.load("formats", entry, attribute)
