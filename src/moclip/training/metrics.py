"""``metrics.jsonl``: a line of figures an epoch."""

import json
import logging
import math
from pathlib import Path
from typing import Any

from moclip.files import write_atomically

_log = logging.getLogger(__name__)


def append(path: Path, row: dict[str, Any]) -> None:
    """One line of JSON; not-a-number becomes null, which JSON can hold."""
    clean = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
    with path.open("a") as file:
        file.write(json.dumps(clean) + "\n")


def trim(path: Path, epochs: int) -> None:
    """Drops rows of epochs after the saved state: they will be run again."""
    if path.exists():
        rows = [json.dumps(row) + "\n" for row in read_metrics(path) if row["epoch"] <= epochs]
        write_atomically(path, "".join(rows).encode())


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The rows of a ``metrics.jsonl``; a last line cut short by a kill is passed over."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            _log.warning("%s holds a line that was cut short; it is passed over", path)
    return rows


def waiting(rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Seconds of all steps, and the share of them that steps waited for their batches."""
    seconds = sum(row["seconds"] for row in rows)
    return seconds, sum(row["seconds"] * row["data_wait"] for row in rows) / max(seconds, 1e-9)
