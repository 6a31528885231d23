"""Work shared out to processes of this machine, or of a Ray cluster."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Literal, TypeVar

import joblib
from joblib.externals import loky

from moclip.processes import ended_at_once, join_ray, stay

Item = TypeVar("Item")
Backend = Literal["loky", "ray"]

_LOOK = 0.5
"""Seconds after which a process looks again whether its parent is there."""


@contextmanager
def each(
    work: Callable[[Item], None],
    items: Sequence[Item],
    *,
    jobs: int,
    backend: Backend,
    address: str | None,
) -> Iterator[Iterator[None]]:
    """Does the work for all items, and tells of each as it is done.

    No process of this machine is at work any more once the block is left. Raises ``ValueError`` for
    a backend that is not installed and fewer than one job, and what ``work`` raises.
    """
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}, wanted at least 1")
    if not items:
        yield iter(())
    elif backend == "ray":
        yield _by_ray(work, items, jobs, address)
    elif jobs > 1:
        with _fresh(min(jobs, len(items))) as pool:
            futures = [pool.submit(work, item) for item in items]
            yield (future.result() for future in as_completed(futures))
    else:
        yield map(work, items)


def _fresh(count: int) -> AbstractContextManager[Executor]:
    """New processes: a copy of this one would wait for torch's threads, which are not copied."""
    return ended_at_once(
        loky.ProcessPoolExecutor(
            count, env={"OMP_NUM_THREADS": "1"}, initializer=_begin, initargs=(os.getpid(),)
        )
    )


def _begin(parent: int) -> None:
    """Control-C is the parent's to answer, and this process ends with it, even by a kill."""
    stay()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os._exit(1)


def _by_ray(
    work: Callable[[Item], None], items: Sequence[Item], jobs: int, address: str | None
) -> Iterator[None]:
    join_ray()
    ray = import_module("ray")
    if not ray.is_initialized():
        ray.init(address=address, num_cpus=None if address else jobs, logging_level="error")
    with joblib.parallel_config("ray", n_jobs=jobs):
        for at in range(0, len(items), jobs):
            yield from joblib.Parallel(batch_size=1)(
                map(joblib.delayed(work), items[at : at + jobs])
            )
