"""What the commands on data take: a data set by name, or a path."""

from pathlib import Path
from typing import Any

from moclip import catalog, datasets


def named(data: str) -> tuple[str, dict[str, Any]]:
    """A data set and its options from ``NAME``, ``NAME:PATH`` or a path of motion files.

    A folder with a ``manifest.json`` of ours is ``prepared``, one with ``captions.csv`` is
    ``folder``. Raises ``LookupError`` for what is neither a path nor a data set.
    """
    known = catalog.names("datasets")
    if data.partition(":")[0] in known:
        return datasets.parse(data)
    path = Path(data)
    if not path.exists():
        raise LookupError(f"'{data}' is no path, and no data set; there are: {', '.join(known)}")
    for name, file in (("prepared", "manifest.json"), ("folder", "captions.csv")):
        if (path / file).is_file() and name in known:
            return name, {"root": path}
    return "files", {"root": path}
