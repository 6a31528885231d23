"""A user's mistake is one sentence on stderr and exit code 2; only ours show a traceback."""

import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

WRONG, INTERRUPTED = 2, 130
_FAULT = 1
"""What Python ends with after a traceback."""


def guarded(command: Callable[[], None]) -> int:
    """Runs a command and turns the ways it can end into an exit code."""
    try:
        with _library_speaks():
            command()
            sys.stdout.flush()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except KeyboardInterrupt:
        print("moclip: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has left (`moclip ... | head`): Python would flush into the pipe at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        sentence = None if os.environ.get("MOCLIP_TRACEBACK") else explained(error)
        if sentence is None:
            raise
        print(f"moclip: {sentence}", file=sys.stderr)
        return WRONG
    return 0


def ended(program: Callable[[], int]) -> NoReturn:
    """Runs the program and ends the process with its exit code.

    One among several that a launcher has started goes at once: at Python's usual end one that
    failed would part from the others in order, and they may be gone, or wait for it; and now and
    then one that did well was aborted there ("terminate called without an active exception").
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        sys.exit(program())
    try:
        code = program()
    except Exception:
        traceback.print_exc()
        code = _FAULT
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def explained(error: Exception) -> str | None:
    """A user's mistake in one line; ``None`` for a fault of ours, which deserves its traceback.

    ``KeyError`` and ``IndexError`` are lookup errors to Python, but slips of a programmer.
    """
    if type(error).__name__ == "ValidationError" and hasattr(error, "errors"):
        return _first_fault(error.errors()[0])
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    if isinstance(error, ValueError | OSError) or type(error) is LookupError:
        return " ".join(str(error).split()) or type(error).__name__
    return None


def _first_fault(fault: dict[str, object]) -> str:
    """Pydantic's first complaint in a sentence: which key, what came, what is wanted."""
    location = fault["loc"]
    assert isinstance(location, tuple)
    key = ".".join(map(str, location)) or "value"
    if fault["type"] == "extra_forbidden":
        return f"unknown key '{key}'"
    if fault["type"] == "missing":
        return f"key '{key}' is missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"'{key}' is {fault['input']!r}: {message[:1].lower()}{message[1:]}"


@contextmanager
def _library_speaks() -> Iterator[None]:
    """While a command runs, what the library logs goes to stderr; other libraries stay silent."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    logger, handler = logging.getLogger("moclip"), logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("moclip: %(message)s"))
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
