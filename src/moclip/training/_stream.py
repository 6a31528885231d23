"""Batches made while the step before is computed, and steps that are taken whole or not at all."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def ahead(stream: Iterator[T]) -> Iterator[T]:
    """The same, the next one made by a thread while the last is in use."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, stream, None)
        while (one := coming.result()) is not None:
            coming = maker.submit(next, stream, None)
            yield one


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ctrl-C waits for the end of the block, so that a step is taken and counted, or neither.

    A second one does not.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def wait(number: int, _: object) -> None:
        came.append(number)
        signal.signal(signal.SIGINT, usual)

    usual = signal.getsignal(signal.SIGINT) or signal.default_int_handler
    signal.signal(signal.SIGINT, wait)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if came:
        signal.raise_signal(signal.SIGINT)
