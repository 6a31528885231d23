"""Text from the first Kinect: a line a joint with four numbers, twenty lines a frame.

Files may begin with a line ``FRAMES 20``, and each frame then with the number of lines it has: 0
(nobody is seen), 20, 40 (each joint twice, in the world and on the screen) or 80 (two bodies), as
in MSR's DailyActivity3D, whose files are called the same.
"""

import math
import re
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

JOINTS = 20
LARGEST = 2**24
"""Bytes, about twenty minutes of one body; the set's largest file has 0.1 MB."""
_LINES = (0, JOINTS, 2 * JOINTS, 4 * JOINTS)
_FREE_ROWS = 200_000
"""Frames without a body cost a file two bytes and a reader 640: beyond these joints there may be
one for each byte of the file, as of BVH; a line of one takes eight bytes at least."""
_HEAD = re.compile(rb"^[^\S\n]*\S+[^\S\n]*$", re.MULTILINE)
"""A line of one word."""
_NOBODY = [[0.0] * 4] * JOINTS


class Line(NamedTuple):
    number: int
    words: list[bytes]


def read_rows(data: bytes, name: str) -> Float64[ndarray, "frame 20 4"]:
    """Frame by frame the joints in the file's order, all zero where nobody is seen.

    Of a joint that stands there twice the world coordinates are taken, of two bodies the first.
    Raises ``ValueError`` with the line.
    """
    lines = _lines(data, name)
    rows = _counted(lines, name) if len(lines[0].words) == 2 else [_row(x, name) for x in lines]
    if len(rows) % JOINTS:
        has = f"the last frame has {len(rows) % JOINTS} joints, wanted {JOINTS}"
        raise _fault(name, lines[-1], has)
    return np.array(rows).reshape(-1, JOINTS, 4)


def looks_like_rows(data: bytes) -> bool:
    """Whether the first line that is not blank holds four numbers, or two whole ones."""
    first = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0].split()
    if len(first) == 2:
        return all(word.isdigit() for word in first)
    return len(first) == 4 and all(math.isfinite(_number(word)) for word in first)


def _lines(data: bytes, name: str) -> list[Line]:
    """Those that are not blank."""
    if len(data) > LARGEST:
        raise ValueError(f"{name} has {len(data):,} bytes, more than the {LARGEST:,} that are read")
    text = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    _check_heads(text, name)
    numbered = enumerate(text.split(b"\n"), start=1)
    lines = [Line(number, words) for number, line in numbered if (words := line.split())]
    if not lines:
        raise ValueError(f"{name} is empty")
    return lines


def _check_heads(text: bytes, name: str) -> None:
    """Each makes a frame of all joints, however many lines it has of its own."""
    frames = sum(1 for _ in _HEAD.finditer(text))
    if JOINTS * frames > _FREE_ROWS + len(text):
        raise ValueError(f"{name}: {frames:,} frames of {JOINTS} joints are too many")


def _counted(lines: list[Line], name: str) -> list[list[float]]:
    """The rows of a file that says how many there are."""
    head, body = lines[0], lines[1:]
    frames, joints = (_count(head, word, name) for word in head.words)
    if joints != JOINTS:
        raise _fault(name, head, f"{joints:,} joints are promised, wanted {JOINTS}")
    rows, at = [], 0
    while at < len(body):
        if len(body[at].words) == 1:
            count = _count(body[at], body[at].words[0], name)
            rows += _frame(body[at], body[at + 1 : at + 1 + count], count, name)
            at += 1 + count
        else:
            rows.append(_row(body[at], name))
            at += 1
    if len(rows) != frames * JOINTS:
        there = f"{frames:,} frames are promised, the file holds {len(rows) / JOINTS:,g}"
        raise _fault(name, head, there)
    if not rows:
        raise _fault(name, head, "the file holds no frames")
    return rows


def _frame(head: Line, lines: list[Line], count: int, name: str) -> list[list[float]]:
    if count not in _LINES:
        wanted = ", ".join(map(str, _LINES))
        raise _fault(name, head, f"a frame of {count:,} lines, wanted one of {wanted}")
    if len(lines) < count:
        raise _fault(name, head, f"{count} lines are promised, the file ends after {len(lines)}")
    if not count:
        return _NOBODY
    step = 1 if count == JOINTS else 2
    return [_row(line, name) for line in lines[: JOINTS * step : step]]


def _row(line: Line, name: str) -> list[float]:
    if len(line.words) != 4:
        there = f"{len(line.words)} number{'s'[: len(line.words) != 1]}"
        raise _fault(name, line, f"{there}, wanted 4: a point and its confidence")
    row = list(map(_number, line.words))
    if not all(map(math.isfinite, row)):
        wrong = next(word for word in line.words if not math.isfinite(_number(word)))
        raise _fault(name, line, f"'{_shown(wrong)}' stands where a finite number should")
    return row


def _number(word: bytes) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


def _count(line: Line, word: bytes, name: str) -> int:
    if not word.isdigit() or len(word) > 9:
        raise _fault(name, line, f"'{_shown(word)}' stands where a whole number should")
    return int(word)


def _shown(word: bytes) -> str:
    return word[:40].decode(errors="replace")


def _fault(name: str, line: Line, problem: str) -> ValueError:
    return ValueError(f"{name}, line {line.number}: {problem}")
