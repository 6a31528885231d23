"""The MOTION block of a BVH file: one line of numbers a frame."""

import math
import re
from decimal import Decimal

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from moclip.formats import _bvh_fast

_SETTINGS = re.compile(
    rb"\s*Frames[ \t]*:[ \t]*(\S+)[ \t]*\n\s*Frame[ \t]*Time[ \t]*:[ \t]*(\S+)[ \t]*(?:\n|\Z)",
    re.IGNORECASE,
)
_IS_SPACE = np.isin(np.arange(256), list(b" \t\n\r\v\f"))
_BLOCK = 2**20
"""Bytes of whole lines that are taken apart at once: a word costs many times its letters."""


def read_frames(
    text: bytes, at: int, *, channels: int, name: str
) -> tuple[Float64[ndarray, "frame channel"], float]:
    """The numbers after the word MOTION, which ends at ``at``, and the frame rate.

    Each number is what ``float`` makes of its word. Nothing is allocated by what the header
    promises unless the file is long enough to hold it. Raises ``ValueError`` with the line.
    """
    settings = _SETTINGS.match(text, at)
    if settings is None:
        wanted = "'Frames: COUNT' and 'Frame Time: SECONDS' on the lines after it"
        raise _fault(name, text, at, f"MOTION wants {wanted}")
    fps = _fps(text, settings, name)
    promised = settings[1]
    frames = int(promised) if promised.isdigit() and len(promised) <= 18 else -1
    values = _bvh_fast.read_numbers(text, settings.end(), frames, channels)
    if values is None:  # a line at a time, to tell what is wrong in which
        values = _read_lines(text, settings.end(), channels, name)
        if frames != len(values):
            count = f"'{_shown(promised)}'" if frames < 0 else f"{frames:,}"
            problem = f"{count} frames are promised, the file holds {len(values):,}"
            raise _fault(name, text, settings.start(1), problem)
    if not len(values):
        raise _fault(name, text, settings.start(1), "the file holds no frames")
    return values, fps


def _fault(name: str, text: bytes, at: int, problem: str) -> ValueError:
    line = text.count(b"\n", 0, at) + 1
    return ValueError(f"{name}, line {line}: {problem}")


def _shown(word: bytes) -> str:
    return word[:40].decode(errors="replace")


def _fps(text: bytes, settings: re.Match[bytes], name: str) -> float:
    """Frame times are rounded (0.0333333, 0.01667): a rate within 0.05 % of a whole one is that."""
    try:
        seconds = float(settings[2])
    except ValueError:
        seconds = math.nan
    if not 1e-6 <= seconds <= 1e6:
        problem = f"the frame time is {_shown(settings[2])}, wanted a positive number of seconds"
        raise _fault(name, text, settings.start(2), problem)
    fps = float(1 / Decimal(settings[2].decode()))  # of all digits: a float's would be off a bit
    return float(round(fps)) if abs(fps - round(fps)) < 5e-4 * fps else fps


def _read_lines(
    text: bytes, start: int, channels: int, name: str
) -> Float64[ndarray, "frame channel"]:
    blocks = [np.empty((0, channels))]
    line = 1 + text.count(b"\n", 0, start)
    while start < len(text):
        end = text.find(b"\n", start + _BLOCK) + 1 or len(text)
        body = text[start:end]
        lines, words = _count_words(body)
        wrong = np.flatnonzero(words != channels)
        if len(wrong):
            is_last = wrong[0] == len(lines) - 1 and not text[end:].strip()
            problem = f"{words[wrong[0]]:,} numbers, wanted {channels:,}"
            problem += ", and the file ends here" if is_last else ""
            raise ValueError(f"{name}, line {line + lines[wrong[0]]}: {problem}")
        numbers = _numbers(body, line + lines, name)
        blocks.append(numbers.reshape(len(lines), channels))
        line += body.count(b"\n")
        start = end
    return np.concatenate(blocks)


def _count_words(body: bytes) -> tuple[Int64[ndarray, " frame"], Int64[ndarray, " frame"]]:
    """Which lines are not blank, and how many words each of them has."""
    letters = np.frombuffer(body, np.uint8)
    is_space = np.concatenate(([True], _IS_SPACE[letters]))
    starts = np.flatnonzero(is_space[:-1] & ~is_space[1:])
    ends = np.flatnonzero(letters == ord("\n"))
    counts = np.diff(np.searchsorted(starts, ends), prepend=0, append=len(starts))
    lines = np.flatnonzero(counts)
    return lines, counts[lines]


def _numbers(
    body: bytes, lines: Int64[ndarray, " frame"], name: str
) -> Float64[ndarray, " number"]:
    words = body.split()
    try:
        values = np.array(words, dtype=np.float64)
    except ValueError:
        values = np.array([_or_nan(word) for word in words])
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        line = lines[bad[0] * len(lines) // len(words)]
        problem = f"'{_shown(words[bad[0]])}' stands where a finite number should"
        raise ValueError(f"{name}, line {line}: {problem}")
    return values


def _or_nan(word: bytes) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan
