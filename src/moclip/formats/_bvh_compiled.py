"""The numbers of a MOTION block, compiled by numba (extra ``[fast]``).

Sixteen bytes are looked at at once, and eight digits, held in one 64-bit number, are joined in
three steps (Lemire, "Number Parsing at a Gigabyte per Second", 2021). A decimal's digits as an
integer below 2**53, divided by a power of ten up to 10**22, are what ``float`` gives: both are
exact doubles, and one division rounds once (Clinger, "How to Read Floating Point Numbers
Accurately", 1990). Other spellings are left to ``float``.
"""

from typing import Any, no_type_check

import numba
import numpy as np
from jaxtyping import Float64, Int64, UInt8
from numpy import ndarray

from moclip.formats._bvh_instructions import blanks, others, trailing_zeros

_compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy")
_inlined: Any = numba.njit(forceinline=True, error_model="numpy")

_U = np.uint64
"""A plain literal beside an unsigned number would make numba compute in doubles."""
_0, _1, _2, _3, _4, _5, _6, _7, _8 = map(_U, range(9))
_10, _15, _16, _18, _22, _24 = map(_U, (10, 15, 16, 18, 22, 24))
_32, _40, _48, _56, _255 = map(_U, (32, 40, 48, 56, 255))
_TAB, _LINE, _SPACE, _PLUS, _MINUS, _POINT, _E = b"\t\n +-.e"
_ZERO, _NINE = ord("0"), ord("9")
_ZEROS = _U(int.from_bytes(b"0" * 8, "little"))
_PAIRS, _QUADS = _U(0x00FF00FF00FF00FF), _U(0x0000FFFF0000FFFF)
_TO_PAIRS, _TO_QUADS, _TO_ALL = _U(2561), _U(6553601), _U(42949672960001)
"""10 * 2**8 + 1, 100 * 2**16 + 1, 10000 * 2**32 + 1: join neighbours of two, four, eight digits."""
_EXACT = _U(2**53)
_TENS = np.array([10**power for power in range(9)], dtype=np.uint64)
_POWERS = np.array([10.0**power for power in range(23)])
_SIGNS = np.array([1.0, -1.0])


def fill(
    values: Float64[ndarray, " number"],
    text: UInt8[ndarray, " byte"],
    start: int,
    channels: int,
    odd: Int64[ndarray, "word 3"],
) -> int:
    """Fills ``values`` with all numbers from ``start`` on; whether that is all there is.

    Returns how many words are left to ``float``, each a row of ``odd`` (which number, first byte,
    end), or -1 where the text is not ``channels`` plain numbers a line, as many as ``values``.
    """
    return int(_fill(values, text, start, channels, odd))


@_compiled
@no_type_check
def _fill(values, text, start, channels, odd):
    size, count, column, left = _U(len(text)), 0, 0, 0
    at, _ = _next_word(text, _U(start))
    while at < size:
        if count == len(values):
            return -1
        stop = _0
        if at + _24 <= size:
            number, stop = _short(text, at)
        if stop == _0:
            number, stop = _long(text, at)
        if stop == _0:
            if left == len(odd):
                return -1
            stop = _word_end(text, at)
            odd[left, 0], odd[left, 1], odd[left, 2] = count, at, stop
            left += 1
        values[count] = number
        count += 1
        column += 1
        at = stop + _1
        if at < size and text[stop] == _SPACE and text[at] > _SPACE:
            continue
        at, is_new_line = _next_word(text, stop)
        if is_new_line or at >= size:
            if column != channels:
                return -1
            column = 0
    return left if count == len(values) else -1


@_compiled
@no_type_check
def _next_word(text, at):
    """Where it begins, and whether a line ended before it."""
    size = _U(len(text))
    is_new_line = False
    while at < size and _is_blank(text[at]):
        is_new_line |= text[at] == _LINE
        at += _1
    return at, is_new_line


@_compiled
@no_type_check
def _word_end(text, at):
    size = _U(len(text))
    while at < size and not _is_blank(text[at]):
        at += _1
    return at


@_inlined
@no_type_check
def _is_blank(byte):
    return byte in (_SPACE, _TAB, _LINE)


@_inlined
@no_type_check
def _short(text, at):
    """A word of up to seven digits, a point and seven more; its end is 0 for any other.

    There is no branch in here for the processor to guess, and the end is found apart from the
    digits, so that the next word is begun while this one is still computed.
    """
    stop = trailing_zeros(blanks(text, at))
    is_negative = _U(text[at] == _MINUS)
    rest = others(text, at) & ~is_negative
    whole = trailing_zeros(rest)
    has_point = _U(text[at + (whole & _15)] == _POINT)
    end = trailing_zeros(rest & (rest - has_point))
    part = end - whole - has_point
    is_plain = (stop == end) & (end < _16) & (whole <= _7) & (part <= _7)
    is_plain &= end - has_point > is_negative  # a digit at least
    before = (_eight(text, at) ^ _ZEROS) & ~(is_negative * _255)
    after = _eight(text, at + ((whole + has_point) & _15)) ^ _ZEROS
    digits = _joined(before, whole & _7) * _TENS[part & _7] + _joined(after, part & _7)
    number = np.float64(np.int64(digits)) / _POWERS[part & _7] * _SIGNS[is_negative]
    return number, (at + stop) * _U(is_plain)


@_compiled
@no_type_check
def _long(text, at):
    """Any spelling with up to 18 digits that is exact; the end is 0 for others."""
    is_negative = _U(_byte(text, at) == _MINUS)
    at += _U(_byte(text, at) == _MINUS or _byte(text, at) == _PLUS)
    digits, stop = _digits(text, at, _0)
    count, power = stop - at, _0
    at = stop
    if _byte(text, at) == _POINT:
        digits, stop = _digits(text, at + _1, digits)
        power = stop - at - _1
        at = stop
        count += power
    if (_byte(text, at) | _32) == _E:
        shift, at = _exponent(text, at + _1)
        power -= shift
    is_exact = _0 < count <= _18 and digits <= _EXACT and power <= _22
    if not is_exact or not _is_blank(_byte(text, at)):
        return 0.0, _0
    return np.float64(np.int64(digits)) / _POWERS[power] * _SIGNS[is_negative], at


@_compiled
@no_type_check
def _exponent(text, at):
    """Its value, modulo 2**64, and its end; one without digits ends where no word can end."""
    is_negative = _byte(text, at) == _MINUS
    at += _U(is_negative or _byte(text, at) == _PLUS)
    power, stop = _digits(text, at, _0)
    if not _0 < stop - at <= _3:
        return _0, at - _1
    return (_0 - power if is_negative else power), stop


@_compiled
@no_type_check
def _digits(text, at, number):
    while _ZERO <= _byte(text, at) <= _NINE:
        number = number * _10 + _byte(text, at) - _U(_ZERO)
        at += _1
    return number, at


@_compiled
@no_type_check
def _byte(text, at):
    return _U(text[at]) if at < _U(len(text)) else _10


@_inlined
@no_type_check
def _eight(text, at):
    """Bytes as one number, the first the lowest; the compiler makes it a single load."""
    return (
        _U(text[at])
        | _U(text[at + _1]) << _8
        | _U(text[at + _2]) << _16
        | _U(text[at + _3]) << _24
        | _U(text[at + _4]) << _32
        | _U(text[at + _5]) << _40
        | _U(text[at + _6]) << _48
        | _U(text[at + _7]) << _56
    )


@_inlined
@no_type_check
def _joined(digits, count):
    """The number that the first ``count`` bytes spell: pushed to the end, joined two by two."""
    half = (_8 - count) * _4  # twice: a shift by all 64 bits is not defined
    digits = (digits << half) << half
    digits = (digits * _TO_PAIRS >> _8) & _PAIRS
    digits = (digits * _TO_QUADS >> _16) & _QUADS
    return digits * _TO_ALL >> _32
