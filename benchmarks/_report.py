"""The figures as text, as JSON, and as the table of the documentation."""

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from benchmarks._timing import Row
from moclip.files import write_atomically

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_HEAD = ("what", "against", "ours", "reference", "ratio", "bar")


def table(rows: Sequence[Row]) -> str:
    """Plain text, a line a row."""
    return aligned([_HEAD, *map(_cells, rows)])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; lines may be short of some."""
    columns = zip_longest(*lines, fillvalue="")
    widths = [max(map(len, column)) for column in columns]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)).rstrip()
        for line in lines
    )


def told(facts: Mapping[str, Any]) -> str:
    """Facts in one line."""
    return ", ".join(f"{key} {_rounded(value)}" for key, value in facts.items())


def write_page(rows: Sequence[Row], facts: Mapping[str, Mapping[str, Any]], page: Path) -> None:
    """Replaces what stands between the two comments of the page, which must be there."""
    lines = [
        f"| {' | '.join(line)} |" for line in (_HEAD, ["---"] * len(_HEAD), *map(_cells, rows))
    ]
    notes = [f"- {name}: {told(values)}" for name, values in facts.items()]
    block = "\n".join([_BEGIN, "", *lines, "", *notes, "", _END])
    pattern = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)
    text, found = pattern.subn(lambda _: block, page.read_text(encoding="utf-8"))
    if found != 1:
        raise ValueError(f"{page} has {found} places to fill, wanted one: {_BEGIN} .. {_END}")
    write_atomically(page, text.encode())


def _cells(row: Row) -> tuple[str, ...]:
    bar = "" if row.bar is None else f">= {row.bar:g}x {'holds' if row.holds else 'MISSED'}"
    pace, other = row.amount / row.seconds, row.amount / row.reference_seconds
    return (
        row.name,
        row.reference,
        f"{_digits(row.seconds)} s, {_digits(pace)} {row.unit}/s",
        f"{_digits(row.reference_seconds)} s, {_digits(other)} {row.unit}/s",
        f"{_digits(row.ratio)}x",
        bar,
    )


def _digits(value: float) -> str:
    """Three digits that count, never as a power of ten."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - len(str(int(value))) + 1)}f}" if value >= 1 else f"{value:.3g}"


def _rounded(value: Any) -> Any:
    return _digits(value) if isinstance(value, float) else value
