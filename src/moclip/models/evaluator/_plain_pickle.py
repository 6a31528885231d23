"""Lists and dictionaries of text and numbers out of a pickle, without running it.

GloVe's word lists come as pickles, which can hold any program. Python's own list of their
instructions is gone through here, and those that build plain values are followed; the first of
another kind is refused, so nothing in the file is ever called or imported.
"""

import pickletools
from collections.abc import Iterator
from typing import Any

_MARK = object()
_VALUES = {
    "BININT",
    "BININT1",
    "BININT2",
    "BINUNICODE",
    "BINUNICODE8",
    "INT",
    "LONG",
    "LONG1",
    "SHORT_BINUNICODE",
    "UNICODE",
}
_PASSED_OVER = {"PROTO", "FRAME"}
_PUT = {"PUT", "BINPUT", "LONG_BINPUT"}
_GET = {"GET", "BINGET", "LONG_BINGET"}


def read(data: bytes, name: str = "file") -> Any:
    """The value. Raises ``ValueError`` for a damaged file and for one that holds anything else."""
    stack: list[Any] = []
    kept: dict[int, Any] = {}
    try:
        for code, argument in _instructions(data):
            _follow(code, argument, stack, kept)
        value = _pop(stack)
        if stack:
            raise ValueError(f"it holds {len(stack) + 1} values, not one")
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, UnicodeError) as error:
        raise ValueError(f"{name} is no pickle of plain words and numbers: {error}") from None
    return value


def _instructions(data: bytes) -> Iterator[tuple[str, Any]]:
    for code, argument, _ in pickletools.genops(data):
        if code.name not in _PASSED_OVER and code.name != "STOP":
            yield code.name, argument


def _follow(code: str, argument: Any, stack: list[Any], kept: dict[int, Any]) -> None:
    """One instruction."""
    if code in _VALUES:
        stack.append(argument)
    elif code == "MARK":
        stack.append(_MARK)
    elif code in ("EMPTY_LIST", "EMPTY_DICT"):
        stack.append([] if code == "EMPTY_LIST" else {})
    elif code in ("LIST", "DICT"):
        values = _to_mark(stack)
        stack.append(values if code == "LIST" else _paired(values))
    elif code in ("APPEND", "APPENDS"):
        values = [_pop(stack)] if code == "APPEND" else _to_mark(stack)
        _top(stack, list).extend(values)
    elif code in ("SETITEM", "SETITEMS"):
        values = [_pop(stack), _pop(stack)][::-1] if code == "SETITEM" else _to_mark(stack)
        _top(stack, dict).update(_paired(values))
    elif code in _PUT or code == "MEMOIZE":
        kept[len(kept) if code == "MEMOIZE" else argument] = stack[-1]
    elif code in _GET:
        stack.append(kept[argument])
    else:
        raise ValueError(f"it holds the instruction {code}, which is not followed")


def _pop(stack: list[Any]) -> Any:
    value = stack.pop()
    if value is _MARK:
        raise ValueError("a mark stands where a value is wanted")
    return value


def _to_mark(stack: list[Any]) -> list[Any]:
    """Takes the values above the last mark, and the mark."""
    at = max(i for i, value in enumerate(stack) if value is _MARK)
    values = stack[at + 1 :]
    del stack[at:]
    return values


def _paired(values: list[Any]) -> dict[Any, Any]:
    return dict(zip(values[::2], values[1::2], strict=True))


def _top(stack: list[Any], kind: type) -> Any:
    if not isinstance(stack[-1], kind):
        raise ValueError(
            f"something is put into a {type(stack[-1]).__name__}, not a {kind.__name__}"
        )
    return stack[-1]
