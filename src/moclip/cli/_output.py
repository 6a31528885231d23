"""What the commands print: a table to read or the same rows as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def show(rows: Sequence[Row], *, as_json: bool) -> None:
    """Prints rows with the same keys, one a line, or as a JSON list with numbers in full."""
    print(as_json_text(rows) if as_json else table(rows))


def as_json_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def table(rows: Sequence[Row]) -> str:
    """Columns under their keys: text to the left, numbers to the right, three decimals."""
    if not rows:
        return "(nothing)"
    keys = list(rows[0])
    cells = [keys, *([_cell(row[key]) for key in keys] for row in rows)]
    numeric = [all(isinstance(row[key], int | float) for row in rows) for key in keys]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(_line(line, widths, numeric) for line in cells)


def pairs(facts: Iterable[tuple[str, Any]]) -> str:
    """One fact a line, its name to the left; a fact of several lines is indented under itself."""
    facts = [(name, _cell(value)) for name, value in facts]
    width = max(len(name) for name, _ in facts)
    below = "\n" + " " * (width + 2)
    return "\n".join(f"{name:<{width}}  {value.replace(chr(10), below)}" for name, value in facts)


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    )
    return "  ".join(padded).rstrip()


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return "" if value is None else str(value)
