"""The MOTION block of a BVH file: one line of numbers a frame."""

import math
import re

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

_SETTINGS = re.compile(
    rb"\s*Frames[ \t]*:[ \t]*(\S+)[ \t]*\n\s*Frame[ \t]*Time[ \t]*:[ \t]*(\S+)[ \t]*(?:\n|\Z)",
    re.IGNORECASE,
)
_IS_SPACE = np.isin(np.arange(256), list(b" \t\n\r\v\f"))


def read_frames(
    text: bytes, at: int, *, channels: int, name: str
) -> tuple[Float64[ndarray, "frame channel"], float]:
    """The numbers after the word MOTION, which ends at ``at``, and the frame rate.

    Nothing is allocated by what the header promises: the words that are there are counted first.
    Raises ``ValueError`` with the line.
    """
    settings = _SETTINGS.match(text, at)
    if settings is None:
        wanted = "'Frames: COUNT' and 'Frame Time: SECONDS' on the lines after it"
        raise _fault(name, text, at, f"MOTION wants {wanted}")
    fps = _fps(text, settings, name)
    body = text[settings.end() :]
    filled = _filled_lines(body, channels, name, 1 + text.count(b"\n", 0, settings.end()))
    promised = settings[1]
    if not promised.isdigit() or len(promised) > 18 or int(promised) != len(filled):
        count = f"{int(promised):,}" if promised.isdigit() else f"'{_shown(promised)}'"
        problem = f"{count} frames are promised, the file holds {len(filled):,}"
        raise _fault(name, text, settings.start(1), problem)
    if not len(filled):
        raise _fault(name, text, settings.start(1), "the file holds no frames")
    return _numbers(body, filled, name).reshape(len(filled), channels), fps


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
    fps = 1 / seconds
    return float(round(fps)) if abs(fps - round(fps)) < 5e-4 * fps else fps


def _filled_lines(
    body: bytes, channels: int, name: str, first_line: int
) -> Int64[ndarray, " frame"]:
    """The number in the file of each line that is not blank, once each holds a word a channel."""
    letters = np.frombuffer(body, np.uint8)
    is_space = np.concatenate(([True], _IS_SPACE[letters]))
    starts = np.flatnonzero(is_space[:-1] & ~is_space[1:])
    ends = np.flatnonzero(letters == ord("\n"))
    counts = np.diff(np.searchsorted(starts, ends), prepend=0, append=len(starts))
    filled = np.flatnonzero(counts)
    wrong = filled[counts[filled] != channels]
    if len(wrong):
        last = ", and the file ends here" if wrong[0] == filled[-1] else ""
        problem = f"{counts[wrong[0]]:,} numbers, wanted {channels:,}{last}"
        raise ValueError(f"{name}, line {first_line + wrong[0]}: {problem}")
    return filled + first_line


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
