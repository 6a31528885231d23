"""When the compiled reader of numbers is used, and what it leaves to ``float``."""

import math
from functools import cache
from importlib.util import find_spec

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

_WORTH_IT = 50_000_000
"""Bytes a process must have read before the second that importing numba takes pays."""
_ODD = 1000
"""Words left to ``float`` before the plain way is as fast."""


_bytes_read = 0
"""By this process; the compiled way gives the same numbers, so that no result depends on it."""


def read_numbers(
    text: bytes, start: int, frames: int, channels: int
) -> Float64[ndarray, "frame channel"] | None:
    """The numbers from ``start`` on, or ``None`` where there is anything that wants a closer look.

    ``None`` too without numba, and as long as little was read.
    """
    global _bytes_read
    _bytes_read += len(text)
    count = frames * channels
    if not 0 < 2 * count <= len(text) - start + 1 or not _is_worth_it():
        return None
    from moclip.formats import _bvh_compiled

    values = np.empty(count)
    odd = np.empty((min(_ODD, count), 3), np.int64)
    left = _bvh_compiled.fill(values, np.frombuffer(text, np.uint8), start, channels, odd)
    for number, first, end in odd[: max(left, 0)].tolist():
        values[number] = _float(text[first:end])
    is_whole = left >= 0 and np.isfinite(values[odd[:left, 0]]).all()
    return values.reshape(frames, channels) if is_whole else None


def _is_worth_it() -> bool:
    return _bytes_read >= _WORTH_IT and _has_numba()


@cache
def _has_numba() -> bool:
    return find_spec("numba") is not None


def _float(word: bytes) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan
