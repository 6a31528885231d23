"""What pools of processes need beside what their libraries do."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module

from joblib.externals.loky import process_executor


@contextmanager
def ended_at_once(pool: Executor) -> Iterator[Executor]:
    """Of a pool that has no process yet: all are ended when the block is left by an error.

    loky's own way to kill looks up work that it has just put away, and raises in its thread.
    """
    before = multiprocessing.active_children()
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()).difference(before):
            process.terminate()
        pool.shutdown()
        raise
    pool.shutdown()


def stay() -> None:
    """At the start of a process of a loky pool: it may keep as much as it likes.

    loky takes 300 MB more than at first for a leak and ends the process: what it had read is read
    again by the next one, and the pool was seen to wait for ever.
    """
    process_executor._USE_PSUTIL = False


def join_ray() -> None:
    """Makes Ray a backend of joblib. Raises ``ValueError`` where it is not installed."""
    try:
        import_module("ray.util.joblib").register_ray()
    except ImportError:
        raise ValueError("backend 'ray' needs a package: pip install 'moclip[ray]'") from None
