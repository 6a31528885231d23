"""Motions with captions: one file here a data set.

An entry has ``Options`` (a frozen pydantic model whose ``root`` is where the data are) and
``load(split, options)``, the canonical clips of ``train``, ``val``, ``test`` or ``all``, always
in the same order.
"""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from moclip import catalog
from moclip.motion import CaptionedMotion


def load(name: str, split: str, **options: Any) -> list[CaptionedMotion]:
    """A split of a data set; options are fields of its ``Options``.

    Raises ``LookupError`` for an unknown data set, ``ValueError`` for a wrong option, split, root.
    """
    chosen = _options(name, options)
    clips: list[CaptionedMotion] = catalog.load("datasets", name, "load")(split, chosen)
    return clips


def parse(spec: str) -> tuple[str, dict[str, Any]]:
    """``"NAME"`` or ``"NAME:PATH"`` -> the name and the options :func:`load` takes."""
    name, colon, path = spec.partition(":")
    catalog.load("datasets", name, "Options")  # an unknown name is told at once
    if colon and not path:
        raise ValueError(f"'{spec}' names no path after the colon; write {name}:PATH or {name}")
    return name, {"root": Path(path)} if path else {}


def _options(name: str, options: dict[str, Any]) -> Any:
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
