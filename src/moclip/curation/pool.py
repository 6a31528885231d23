"""Work shared out to processes, of this machine or of a Ray cluster."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Literal, TypeVar

import joblib
from joblib.externals import loky

from moclip.processes import ended_at_once, join_ray, stay

Item = TypeVar("Item")
Result = TypeVar("Result")
Backend = Literal["loky", "ray"]

_AHEAD = 2
"""Items that wait for each process, so that none is idle while this one works itself."""
_AT_ONCE = 8
"""Items of each process of a cluster, whose results come all together."""
_PR_SET_PDEATHSIG = 1
"""Of Linux's ``prctl``: which signal a process gets when its parent has ended."""


@contextmanager
def shared_out(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    jobs: int | None,
    backend: Backend,
    address: str | None = None,
) -> Iterator[Iterator[Result]]:
    """What ``work`` gives for each item, as it comes; all cores if ``jobs`` is ``None``.

    ``address`` is that of a Ray cluster; Ray looks for one, or starts its own, where it is absent.
    No process is at work any more once the block is left. Raises ``ValueError`` for a backend that
    is not installed, and what ``work`` raises.
    """
    count = min(jobs or joblib.cpu_count(), len(items))
    if backend == "ray":
        yield _by_ray(work, items, jobs, address)
    elif count > 1:
        with _others(count - 1) as pool:
            yield _together(pool, work, items, ahead=_AHEAD * (count - 1))
    else:
        yield map(work, items)


def _together(
    pool: Executor, work: Callable[[Item], Result], items: Sequence[Item], *, ahead: int
) -> Iterator[Result]:
    """Others work from the front, at most so many items ahead; this process from the end."""
    waiting, running = deque(items), set[Future[Result]]()
    while waiting or running:
        while waiting and len(running) < ahead:
            running.add(pool.submit(work, waiting.popleft()))
        if waiting:
            yield work(waiting.pop())
        done, running = wait(running, 0 if waiting else None, FIRST_COMPLETED)
        yield from (future.result() for future in done)


def _others(count: int) -> AbstractContextManager[Executor]:
    return _copies(count) if _may_be_copied() else _fresh(count)


def _may_be_copied() -> bool:
    """Whether this process may: a lock that another thread holds would stay locked in the copy."""
    return sys.platform == "linux" and threading.active_count() == 1


@contextmanager
def _copies(count: int) -> Iterator[Executor]:
    """Copies of this process, which have nothing to import."""
    context = multiprocessing.get_context("fork")
    with ended_at_once(
        futures.ProcessPoolExecutor(count, context, _end_with, (os.getpid(),))
    ) as pool:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            # Python 3.12 counts the threads of BLAS, which puts them away before a fork.
            pool.submit(int)  # starts them all
        yield pool


def _end_with(parent: int) -> None:
    """However the parent ends, even by a kill; and control-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        os.kill(os.getpid(), signal.SIGKILL)


def _fresh(count: int) -> AbstractContextManager[Executor]:
    """New processes, which import while this one is at work already."""
    # A pool of our own: joblib keeps the reusable one for itself and expects it as it left it.
    return ended_at_once(
        loky.ProcessPoolExecutor(count, env={"OMP_NUM_THREADS": "1"}, initializer=stay)
    )


def _by_ray(
    work: Callable[[Item], Result], items: Sequence[Item], jobs: int | None, address: str | None
) -> Iterator[Result]:
    join_ray()
    if address is not None and not (ray := import_module("ray")).is_initialized():
        ray.init(address=address, logging_level="error")
    with joblib.parallel_config("ray", n_jobs=jobs or -1):
        step = _AT_ONCE * joblib.effective_n_jobs(jobs or -1)
        for at in range(0, len(items), step):
            yield from joblib.Parallel(batch_size=1)(
                map(joblib.delayed(work), items[at : at + step])
            )
