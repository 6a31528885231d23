"""What is told of the clips of the CMU database: its index as text, or a table of ours.

The text (``cmu-mocap-index-text.txt``, compiled by B. Hahne) has a line ``Subject #1 (climb)`` a
subject and a line ``01_01  playground - climb`` a take; everything else is passed over. Words that
are written as one (``OffensiveMoveSpinLeft``) are parted; what says nothing of the motion
(``Unknown``, ``clean``, ``bad AMC``, ``180``) is no description.

The table (``index.csv``) has the columns ``file`` and ``action``, and ``caption`` and ``subject``
if need be.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from moclip.datasets._table import LONGEST_CAPTION

LARGEST = 2**24
"""Bytes; the whole database's text has 68 kB."""
_TAKE = re.compile(r"\s*0*(\d{1,6})_0*(\d{1,6})\s+(\S.*?)\s*")
_WHO = re.compile(r"\s*\((?:\d+ )?subjects - subject [A-Z]\)")
"""Of takes with two people: which of them this file is, and not what happens."""
_RUN_TOGETHER = re.compile(r"(?<=[a-z])(?=[A-Z])|_+")
_NOTHING = re.compile(r"unknown|clean(ed)?|bad amc|calibration|\d+_\d+\.amc|[^a-z]*", re.IGNORECASE)
_COLUMNS = ("file", "action", "caption", "subject")


class Told(NamedTuple):
    """What an index tells of one take."""

    captions: tuple[str, ...]
    action: str | None = None
    subject: str | None = None


def take_of(stem: str) -> str | None:
    """``1_2`` of ``01_02``: what names a take, however many zeros are put before its numbers."""
    match = re.fullmatch(r"0*(\d{1,6})_0*(\d{1,6})", stem)
    return f"{match[1]}_{match[2]}" if match else None


def key_of(stem: str) -> str:
    """By what an index knows a file: its take, or its name where that is none."""
    return take_of(stem) or stem


def read_index(data: bytes, name: str) -> dict[str, Told]:
    """What is told, by :func:`key_of` of the file. Raises ``ValueError`` with the line."""
    if len(data) > LARGEST:
        raise ValueError(f"{name} has {len(data):,} bytes, more than the {LARGEST:,} that are read")
    text = _text(data)
    lines = _table(text, name) if name.lower().endswith(".csv") else _takes(text, name)
    told: dict[str, Told] = {}
    for number, key, found in lines:
        before = told.get(key, found)
        if before[1:] != found[1:]:
            raise ValueError(f"{name}, line {number}: '{key}' has another action or subject before")
        captions = dict.fromkeys((*before.captions, *found.captions))
        told[key] = found._replace(captions=tuple(captions))
    if not told:
        raise ValueError(f"{name} describes no take such as '01_01  walk'")
    return told


def _text(data: bytes) -> str:
    """Word processors have saved it as UTF-8 and in Windows' Western code page."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _takes(text: str, name: str) -> Iterator[tuple[int, str, Told]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _TAKE.fullmatch(line[: 2 * LONGEST_CAPTION]):
            subject, take, words = match.groups()
            caption = _WHO.sub("", words)
            yield number, f"{subject}_{take}", _told(caption, name, number)


def _told(description: str, name: str, number: int, **rest: str | None) -> Told:
    if len(description) > LONGEST_CAPTION:
        raise ValueError(
            f"{name}, line {number}: the description has more than {LONGEST_CAPTION:,} characters"
        )
    if _NOTHING.fullmatch(description):
        return Told((), **rest)
    caption = " ".join(_RUN_TOGETHER.sub(" ", description).split())
    return Told((caption,), **rest)


def _table(text: str, name: str) -> Iterator[tuple[int, str, Told]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    header = [column.strip().lower() for column in reader.fieldnames or ()]
    reader.fieldnames = header
    if not {"file", "action"} <= set(header) and not {"file", "caption"} <= set(header):
        columns = ", ".join(header) or "(none)"
        wanted = "file and action, or file and caption"
        raise ValueError(f"{name} has the columns {columns}; wanted {wanted}")
    try:
        for row in reader:
            at = reader.line_num
            file, action, caption, subject = ((row.get(c) or "").strip() for c in _COLUMNS)
            if not file:
                raise ValueError(f"{name}, line {at}: the file is empty")
            told = _told(
                caption or action, name, at, action=action or None, subject=subject or None
            )
            yield at, key_of(PurePosixPath(file).stem), told
    except csv.Error as error:
        raise ValueError(f"{name}, line {reader.line_num}: {error}") from None
