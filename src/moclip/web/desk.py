"""Work in order, in one thread, behind a bounded queue; like requests are done in one pass."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any


class BusyError(Exception):
    """The queue is full."""


@dataclass(frozen=True, eq=False)
class _Job:
    run: Callable[[list[Any]], Sequence[Any]]
    key: Hashable
    item: Any
    answer: "Future[Any]"

    def is_like(self, other: "_Job") -> bool:
        return self.run == other.run and self.key == other.key


class Desk:
    """One thread that works through what is asked."""

    def __init__(self, name: str, *, waiting: int, together: int) -> None:
        self._waiting, self._together = waiting, together
        self._jobs: deque[_Job] = deque()
        self._change = threading.Condition()
        self._is_open = True
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def ask(
        self, run: Callable[[list[Any]], Sequence[Any]], item: Any, *, key: Hashable = None
    ) -> Any:
        """What ``run`` makes of the item; waiting items of the same run and key go along with it.

        Raises :class:`BusyError` when too many wait, and what ``run`` raises for this item.
        """
        job = _Job(run, key, item, Future())
        with self._change:
            if not self._is_open or len(self._jobs) >= self._waiting:
                raise BusyError("too many requests are waiting; try again in a second")
            self._jobs.append(job)
            self._change.notify()
        return await asyncio.wrap_future(job.answer)

    async def do(self, run: Callable[..., Any], *arguments: Any) -> Any:
        """What ``run(*arguments)`` gives, done alone."""
        return await self.ask(_alone, (run, arguments), key=object())

    def close(self) -> None:
        """Nothing more is taken; what waits is cancelled, what is at work is finished."""
        with self._change:
            self._is_open = False
            for job in self._jobs:
                job.answer.cancel()
            self._jobs.clear()
            self._change.notify()
        self._thread.join(timeout=30)

    def _work(self) -> None:
        while jobs := self._next():
            _settle([job for job in jobs if job.answer.set_running_or_notify_cancel()])

    def _next(self) -> list[_Job]:
        """The first job and those like it; none when the desk is closed."""
        with self._change:
            self._change.wait_for(lambda: self._jobs or not self._is_open)
            if not self._jobs:
                return []
            alike = [job for job in self._jobs if job.is_like(self._jobs[0])][: self._together]
            self._jobs = deque(job for job in self._jobs if job not in alike)
            return alike


def _alone(items: list[Any]) -> list[Any]:
    ((run, arguments),) = items
    return [run(*arguments)]


def _settle(jobs: list[_Job]) -> None:
    """One pass for all; where it fails, each alone, so that nobody pays for another's mistake."""
    if not jobs:
        return
    try:
        answers = jobs[0].run([job.item for job in jobs])
    except Exception as error:
        if len(jobs) == 1:
            jobs[0].answer.set_exception(error)
            return
        for job in jobs:
            _settle([job])
        return
    for job, answer in zip(jobs, answers, strict=True):
        job.answer.set_result(answer)
