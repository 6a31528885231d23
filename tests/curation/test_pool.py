"""Work shared out to copies of a process, or to new ones: all done, errors told, none left over."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from moclip.curation import pool
from moclip.curation.pool import shared_out

linux = pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux alone")


@pytest.fixture(
    params=[pytest.param(True, marks=linux, id="copies"), pytest.param(False, id="new")]
)
def copied(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whichever of the two this process, which may have threads, would take by itself."""
    monkeypatch.setattr(pool, "_may_be_copied", lambda: request.param)
    return bool(request.param)


def process_of(number: int) -> tuple[int, int]:
    time.sleep(0.02)
    return number, os.getpid()


def test_every_item_is_done_by_this_process_or_another(copied: bool) -> None:
    with shared_out(process_of, range(20), jobs=2, backend="loky") as results:
        done = dict(results)
    assert sorted(done) == list(range(20))
    assert os.getpid() in done.values()
    assert len(set(done.values())) == 2 or not copied  # a new one may still be importing


def fail_at_three(number: int) -> int:
    if number == 3:
        raise ValueError("three is wrong")
    return number


@pytest.mark.usefixtures("copied")
def test_what_goes_wrong_in_any_process_is_raised_here() -> None:
    with (
        pytest.raises(ValueError, match="three is wrong"),
        shared_out(fail_at_three, range(10), jobs=2, backend="loky") as results,
    ):
        list(results)


def be_stopped_here(here: int) -> None:
    if os.getpid() == here:
        raise KeyboardInterrupt
    time.sleep(60)


@pytest.mark.usefixtures("copied")
def test_none_is_at_work_after_the_block_is_left() -> None:
    started = time.perf_counter()
    with (
        pytest.raises(KeyboardInterrupt),
        shared_out(be_stopped_here, [os.getpid()] * 9, jobs=3, backend="loky") as results,
    ):
        list(results)
    assert time.perf_counter() - started < 30


def die_elsewhere(here: int) -> int:
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return here


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as POSIX does")
@pytest.mark.usefixtures("copied")
def test_a_process_that_is_killed_is_an_error_and_no_endless_wait() -> None:
    with (
        pytest.raises(BrokenExecutor),
        shared_out(die_elsewhere, [os.getpid()] * 4, jobs=2, backend="loky") as results,
    ):
        list(results)


PARENT = """
import os, time
from moclip.curation.pool import shared_out

def work(here):
    if os.getpid() != here:
        print(os.getpid(), flush=True)
    time.sleep(60)

with shared_out(work, [os.getpid()] * 4, jobs=2, backend="loky") as results:
    list(results)
"""


@linux
def test_copies_end_with_a_parent_that_is_killed() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        copy = int(parent.stdout.readline())
        assert is_alive(copy)
        parent.kill()
    deadline = time.perf_counter() + 10
    while is_alive(copy) and time.perf_counter() < deadline:
        time.sleep(0.02)
    assert not is_alive(copy)


def is_alive(process: int) -> bool:
    """Neither gone nor a zombie."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
