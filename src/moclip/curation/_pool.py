"""Work shared out to processes, of this machine or of a Ray cluster."""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from importlib import import_module
from typing import Literal, TypeVar

import joblib
from joblib.externals.loky import ProcessPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")
Backend = Literal["loky", "ray"]

_AHEAD = 2
"""Items that wait for each process, so that none is idle while this one works itself."""
_AT_ONCE = 8
"""Items of each process of a cluster, whose results come all together."""


def shared_out(
    work: Callable[[Item], Result], items: Sequence[Item], *, jobs: int | None, backend: Backend
) -> Generator[Result, None, None]:
    """What ``work`` gives for each item, as it comes; all cores if ``jobs`` is ``None``.

    No process is at work any more once this is closed. Raises ``ValueError`` for a backend that is
    not installed, and what ``work`` raises.
    """
    if backend == "ray":
        return _by_ray(work, items, jobs)
    count = min(jobs or joblib.cpu_count(), len(items))
    return _by_processes(work, items, count) if count > 1 else (work(item) for item in items)


def _by_processes(
    work: Callable[[Item], Result], items: Sequence[Item], count: int
) -> Generator[Result, None, None]:
    """``count`` processes of which this is one.

    It starts at once, from the end of the items, while the others still import.
    """
    waiting, running = deque(items), set[Future[Result]]()
    # One of its own: joblib keeps the reusable one for itself and expects it as it left it.
    pool = ProcessPoolExecutor(count - 1, env={"OMP_NUM_THREADS": "1"})
    try:
        while waiting or running:
            while waiting and len(running) < _AHEAD * (count - 1):
                running.add(pool.submit(work, waiting.popleft()))
            if waiting:
                yield work(waiting.pop())
            done, running = wait(running, 0 if waiting else None, FIRST_COMPLETED)
            yield from (future.result() for future in done)
    except BaseException:
        pool.shutdown(kill_workers=True)
        raise
    pool.shutdown()


def _by_ray(
    work: Callable[[Item], Result], items: Sequence[Item], jobs: int | None
) -> Generator[Result, None, None]:
    try:
        import_module("ray.util.joblib").register_ray()
    except ImportError:
        raise ValueError("backend 'ray' needs a package: pip install 'moclip[ray]'") from None
    with joblib.parallel_config("ray", n_jobs=jobs or -1):
        step = _AT_ONCE * joblib.effective_n_jobs(jobs or -1)
        for at in range(0, len(items), step):
            yield from joblib.Parallel(batch_size=1)(
                map(joblib.delayed(work), items[at : at + step])
            )
