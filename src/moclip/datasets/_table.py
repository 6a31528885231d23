"""Reading ``captions.csv``: every mistake is told with its line."""

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from moclip.datasets._common import SPLITS
from moclip.files import read_bounded

COLUMNS = ("file", "caption", "start", "end", "split", "action")
LONGEST_CAPTION = 1000
"""Characters; text towers read 77 to 256 tokens, which are fewer."""
LARGEST_TABLE = 2**28
"""Bytes."""


class Line(NamedTuple):
    """One line of the table."""

    file: str
    caption: str
    start: float
    end: float | None
    split: str | None
    action: str | None

    @property
    def clip(self) -> str:
        """The id of the clip it describes: the file, and the span where there is one."""
        if not self.start and self.end is None:
            return self.file
        return f"{self.file}@{self.start:g}-{'' if self.end is None else f'{self.end:g}'}"


def read_table(path: Path) -> list[Line]:
    """All lines. Raises ``ValueError`` for the first mistake, ``OSError`` for no table."""
    header, rows = _open(path)
    lines = list(_lines(path, rows, header))
    if not lines:
        raise ValueError(f"{path} describes no clip")
    return lines


def mistakes(path: Path) -> list[str]:
    """What is wrong with the table, line by line; empty where :func:`read_table` takes it."""
    found: list[str] = []
    try:
        header, rows = _open(path)
        good = 0
        for row in rows:
            try:
                good += len(list(_lines(path, iter([row]), header)))
            except ValueError as error:
                found.append(str(error))
        if not good and not found:
            found.append(f"{path} describes no clip")
    except ValueError as error:
        found.append(str(error))
    return found


def _open(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header and the numbered rows under it, which are read as they are asked for."""
    data = read_bounded(path, LARGEST_TABLE)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}, line {line}: this is no UTF-8 text") from None
    rows = _rows(path, csv.reader(io.StringIO(text, newline=""), strict=True))
    return _header(path, next(rows, (1, []))[1]), rows


def _rows(path: Path, reader: Any) -> Iterator[tuple[int, list[str]]]:
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}") from None


def _header(path: Path, row: list[str]) -> list[str]:
    header = [name.strip().lower() for name in row]
    missing = [name for name in COLUMNS[:2] if name not in header]
    foreign = [name for name in header if name not in COLUMNS]
    if missing or foreign or len(set(header)) < len(header):
        raise ValueError(
            f"{path} has the columns {', '.join(header) or '(none)'}; wanted, once each: file, "
            "caption and, where needed, start, end, split, action"
        )
    return header


def _lines(path: Path, rows: Iterator[tuple[int, list[str]]], header: list[str]) -> Iterator[Line]:
    for number, row in rows:
        if not any(row):
            continue
        where = f"{path}, line {number}"
        if len(row) != len(header):
            raise ValueError(
                f"{where}: {len(row)} fields under {len(header)} columns; put quotes around text "
                "with commas"
            )
        yield _line(where, dict(zip(header, (field.strip() for field in row), strict=True)))


def _line(where: str, row: dict[str, str]) -> Line:
    start = _seconds(where, "start", row.get("start")) or 0.0
    end = _seconds(where, "end", row.get("end"))
    if end is not None and end <= start:
        raise ValueError(f"{where}: the span ends at {end:g} s, before it starts at {start:g} s")
    split = row.get("split")
    if split is not None and split not in SPLITS:
        raise ValueError(f"{where}: no split '{split}'; there are: {', '.join(SPLITS)}")
    return Line(
        _file(where, row["file"]),
        _caption(where, row["caption"]),
        start,
        end,
        split,
        row.get("action") or None,
    )


def _file(where: str, name: str) -> str:
    path = PurePosixPath(name)
    if not name:
        raise ValueError(f"{where}: the file is empty")
    if "\\" in name or "\0" in name or ":" in name:
        raise ValueError(f"{where}: '{name}' is no relative path with / between folders")
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{where}: '{name}' leads out of the folder")
    return path.as_posix()


def _caption(where: str, caption: str) -> str:
    if not caption:
        raise ValueError(f"{where}: the caption is empty")
    if len(caption) > LONGEST_CAPTION:
        raise ValueError(
            f"{where}: the caption has {len(caption.split()):,} words ({len(caption):,} "
            f"characters), more than the {LONGEST_CAPTION:,} characters that are taken"
        )
    return caption


def _seconds(where: str, column: str, text: str | None) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{where}: {column} is '{text}', wanted seconds such as 2.5")
    return seconds
