"""An evaluation's file of figures, from which it goes on where it stopped."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moclip.files import read_bounded, write_atomically


@dataclass(frozen=True)
class Kept:
    """A JSON file with the ``key`` of an evaluation and its ``rows``, or no file at all."""

    path: Path | None
    key: str

    def rows(self) -> list[Any]:
        """Those of this very evaluation; none where the file is of another or is not there."""
        if self.path is None or not self.path.exists():
            return []
        try:
            found = json.loads(read_bounded(self.path))
        except (ValueError, UnicodeDecodeError):
            return []
        same = isinstance(found, dict) and found.get("key") == self.key
        return list(found["rows"]) if same else []

    def write(self, report: dict[str, object]) -> None:
        """The figures so far."""
        if self.path is not None:
            text = json.dumps({"key": self.key} | report, indent=1, ensure_ascii=False)
            write_atomically(self.path, text.encode() + b"\n")
