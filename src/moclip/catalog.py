"""Names are files: a folder of the package is a catalogue, a file in it an entry.

Nothing is imported to list a catalogue, and dropping a file into the folder is all it takes to add
to it. Files whose name starts with ``_`` are helpers and are not listed, nor is ``base``.
"""

import importlib
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parent


def names(folder: str) -> list[str]:
    """Entries of a catalogue such as ``"models.text"``, sorted."""
    return list(_stems(_PACKAGE / folder.replace(".", "/")))


def load(folder: str, name: str, attribute: str) -> Any:
    """``attribute`` of the entry ``name``, importing only that file.

    Raises ``LookupError`` naming the entries there are.
    """
    known = names(folder)
    if name not in known:
        raise LookupError(f"no {folder} named '{name}'; there are: {', '.join(known)}")
    return getattr(importlib.import_module(f"moclip.{folder}.{name}"), attribute)


@cache
def _stems(folder: Path) -> tuple[str, ...]:
    files = folder.glob("*.py")
    return tuple(sorted(f.stem for f in files if f.stem[0] != "_" and f.stem != "base"))
