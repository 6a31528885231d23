"""Motions with captions: one file here a data set.

An entry has ``Options`` (a frozen pydantic model whose ``root`` is where the data are),
``plan(options)``, which lists files, captions and splits without reading a motion, and
``read(files, options)``, the motion of each clip as it stands in its file, or why there is none.
:func:`load` makes canonical clips of them, always in the same order.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from moclip import catalog
from moclip.datasets import _cache, _reading
from moclip.datasets._plan import Plan
from moclip.motion import CaptionedMotion, Motion


def load(name: str, split: str, **options: Any) -> list[CaptionedMotion]:
    """A split of a data set; options are fields of its ``Options``.

    Files are read on all cores and, where the data set says so, kept for the next time. A clip that
    cannot be read is left out and named in the log. Raises ``LookupError`` for an unknown data set,
    ``ValueError`` for a wrong option, split or root, or when no clip can be read.
    """
    return _reading.load(name, split, options_of(name, options))


def read_clip(name: str, clip: str, **options: Any) -> Motion:
    """One clip of a data set by its id, as it stands in its file.

    Raises as :func:`load` does, ``LookupError`` also for a clip that is not there, ``ValueError``
    for one that cannot be read.
    """
    return _reading.read_clip(name, clip, options_of(name, options))


def plan(name: str, **options: Any) -> Plan:
    """What a data set says of its files before any is read. Raises as :func:`load` does."""
    found: Plan = catalog.load("datasets", name, "plan")(options_of(name, options))
    return found


def licence(name: str) -> str:
    """The terms of a data set, where its file says them as ``LICENCE``."""
    catalog.load("datasets", name, "Options")  # an unknown name is told
    return getattr(import_module(f"moclip.datasets.{name}"), "LICENCE", "unknown")


def cache_folder() -> Path:
    """Where what was read is kept: ``$MOCLIP_CACHE`` or ``~/.cache/moclip``."""
    return _cache.folder()


def parse(spec: str) -> tuple[str, dict[str, Any]]:
    """``"NAME"`` or ``"NAME:PATH"`` -> the name and the options :func:`load` takes."""
    name, colon, path = spec.partition(":")
    catalog.load("datasets", name, "Options")  # an unknown name is told at once
    if colon and not path:
        raise ValueError(f"'{spec}' names no path after the colon; write {name}:PATH or {name}")
    return name, {"root": Path(path)} if path else {}


def options_of(name: str, options: dict[str, Any]) -> Any:
    """The checked ``Options`` of a data set. Raises ``ValueError`` for a wrong one."""
    model = catalog.load("datasets", name, "Options")
    try:
        return model(**options)
    except ValidationError as error:
        first = error.errors()[0]
        wrong = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            there = ", ".join(model.model_fields)
            raise ValueError(
                f"data set '{name}' has no option '{wrong}'; there are: {there}"
            ) from None
        raise ValueError(
            f"data set '{name}', option '{wrong}': {first['msg'].lower()}, got {first['input']!r}"
        ) from None
