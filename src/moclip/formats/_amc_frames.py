"""The frames of an Acclaim motion file (``.amc``): a number, then a line for each bone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

Layout = Sequence[tuple[str, int]]
"""Bones that have degrees of freedom, and how many."""


@dataclass
class Header:
    """What stands before the first frame."""

    degrees: bool | None = None
    """``None``: as in the skeleton file."""
    fps: float | None = None
    frames_at: int = 0
    """Where the first frame begins, in bytes."""
    line: int = 1
    """Its line."""


def read_header(text: bytes, name: str) -> Header:
    """Keywords with a colon and comments. Raises ``ValueError`` with the line."""
    header = Header()
    while header.frames_at < len(text):
        end = text.find(b"\n", header.frames_at) + 1 or len(text)
        words = text[header.frames_at : min(end, header.frames_at + 1000)].split()
        if words and words[0][:1] not in (b":", b"#"):
            break
        _keyword(words, header, name)
        header.frames_at, header.line = end, header.line + 1
    return header


def _keyword(words: list[bytes], header: Header, name: str) -> None:
    word = words[0].lower() if words else b""
    if word in (b":degrees", b":radians"):
        header.degrees = word == b":degrees"
    elif word == b":samples-per-second":
        header.fps = _or_nan(words[1]) if len(words) > 1 else math.nan
        if not 0 < header.fps < math.inf:
            raise _fault(name, header.line, "wanted a positive number of samples per second")


def read_frames(
    text: bytes, header: Header, layout: Layout, name: str
) -> Float64[ndarray, "frame number"]:
    """The numbers of all frames, bones in the order of ``layout``.

    Files in which all frames list the same bones in the same order, as all of the CMU database do,
    are read by columns; any other line by line, which finds the first fault and tells its line.
    """
    body = text[header.frames_at :]
    numbers = _by_columns(body, dict(layout))
    return numbers if numbers is not None else _line_by_line(body, header.line, dict(layout), name)


def _by_columns(body: bytes, counts: dict[str, int]) -> Float64[ndarray, "frame number"] | None:
    """``None`` where something does not fit: a word too many, another order, what is no number."""
    words = body.split()
    order = _first_frame(words, counts)
    period = 1 + sum(1 + counts[bone] for bone in order)
    frames, rest = divmod(len(words), period)
    if len(order) != len(counts) or not frames or rest:
        return None
    columns = {}
    at = 1
    for bone in order:
        if words[at::period] != [bone.encode()] * frames:
            return None
        columns[bone] = range(at + 1, at + 1 + counts[bone])
        at += 1 + counts[bone]
    wanted = [0, *(column for bone in counts for column in columns[bone])]
    values = np.empty((frames, len(wanted)))
    try:
        for i, column in enumerate(wanted):
            values[:, i] = np.array(words[column::period], dtype=np.float64)
    except ValueError:
        return None
    in_order = np.array_equal(values[:, 0], values[0, 0] + np.arange(frames))
    if not in_order or not np.isfinite(values).all() or not words[0].isdigit():
        return None
    return values[:, 1:]


def _first_frame(words: list[bytes], counts: dict[str, int]) -> list[str]:
    """The bones of the first frame in its order, as far as they can be told."""
    order: list[str] = []
    at = 1
    while at < len(words) and len(order) < len(counts):
        bone = words[at].decode(errors="replace")
        if bone not in counts or bone in order:
            break
        order.append(bone)
        at += 1 + counts[bone]
    return order


def _line_by_line(
    body: bytes, first_line: int, counts: dict[str, int], name: str
) -> Float64[ndarray, "frame number"]:
    """The same, slowly. Raises ``ValueError`` with the line of the first fault."""
    rows: list[list[float]] = []
    frame: dict[str, list[float]] | None = None
    number, line = 0, first_line
    for line, raw in enumerate(body.split(b"\n"), start=first_line):
        words = raw.partition(b"#")[0].split()
        if not words:
            continue
        if len(words) == 1 and words[0].isdigit():
            if frame is not None:
                rows.append(_row(frame, counts, number, name, line))
            number = _frame_number(words[0], number if frame is not None else None, name, line)
            frame = {}
        elif frame is None:
            shown = _shown(words[0])
            raise _fault(name, line, f"'{shown}' stands where the number of a frame should")
        else:
            _add_bone(words, frame, counts, name, line)
    if frame is None:
        raise ValueError(f"{name} holds no frames")
    rows.append(_row(frame, counts, number, name, line))
    return np.array(rows).reshape(len(rows), sum(counts.values()))


def _frame_number(word: bytes, before: int | None, name: str, line: int) -> int:
    number = int(word[:18])
    if len(word) > 18 or (before is not None and number != before + 1):
        wanted = "" if before is None else f", wanted frame {before + 1:,}"
        raise _fault(name, line, f"frame {_shown(word)} stands here{wanted}")
    return number


def _add_bone(
    words: list[bytes],
    frame: dict[str, list[float]],
    counts: dict[str, int],
    name: str,
    line: int,
) -> None:
    bone = words[0].decode(errors="replace")
    if bone not in counts:
        raise _fault(name, line, f"'{bone[:40]}' is no bone with a degree of freedom in the .asf")
    if bone in frame:
        raise _fault(name, line, f"bone '{bone[:40]}' stands twice in this frame")
    if len(words) - 1 != counts[bone]:
        wanted = f"{counts[bone]} as in the .asf"
        raise _fault(
            name, line, f"bone '{bone[:40]}' has {len(words) - 1} numbers, wanted {wanted}"
        )
    frame[bone] = [_or_nan(word) for word in words[1:]]
    for word, number in zip(words[1:], frame[bone], strict=True):
        if not math.isfinite(number):
            raise _fault(name, line, f"'{_shown(word)}' stands where a finite number should")


def _row(
    frame: dict[str, list[float]], counts: dict[str, int], number: int, name: str, line: int
) -> list[float]:
    for bone in counts:
        if bone not in frame:
            raise _fault(name, line, f"frame {number:,} ends here and has no bone '{bone[:40]}'")
    return [value for bone in counts for value in frame[bone]]


def _or_nan(word: bytes) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


def _shown(word: bytes) -> str:
    return word[:40].decode(errors="replace")


def _fault(name: str, line: int, problem: str) -> ValueError:
    return ValueError(f"{name}, line {line}: {problem}")
