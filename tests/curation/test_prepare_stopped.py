"""Runs that are stopped, killed or out of disk: taken up where they were, nothing older lost."""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from whole_folders import contents

from moclip.curation import _assembly, _making, _place
from moclip.curation.prepare import prepare

pytestmark = pytest.mark.usefixtures("small_parts")

Write = Callable[[Path, bytes], None]


def stopping(real: Write, error: BaseException, *, after: int) -> tuple[Write, list[str]]:
    """A ``write_atomically`` that fails once so many files were written, and their names."""
    written: list[str] = []

    def write(path: Path, data: bytes) -> None:
        if len(written) == after:
            raise error
        written.append(path.name)
        real(path, data)

    return write, written


def test_control_c_leaves_what_is_taken_up_again(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare("files", tmp_path / "whole", options={"root": captures}, jobs=1)
    real = _making.write_atomically
    write, first = stopping(real, KeyboardInterrupt(), after=2)
    monkeypatch.setattr(_making, "write_atomically", write)
    with pytest.raises(KeyboardInterrupt):
        prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    assert sorted(contents(tmp_path / "out.work")) == sorted(first)
    assert not (tmp_path / "out").exists()
    write, rest = stopping(real, KeyboardInterrupt(), after=99)
    monkeypatch.setattr(_making, "write_atomically", write)
    prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    assert len(first) == 2
    assert len(rest) == 3
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_other_options_or_files_are_not_mixed_with_what_was_done(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare("files", tmp_path / "whole", options={"root": captures}, jobs=1, mirror=True)
    write, _ = stopping(_making.write_atomically, KeyboardInterrupt(), after=3)
    with monkeypatch.context() as patch:
        patch.setattr(_making, "write_atomically", write)
        with pytest.raises(KeyboardInterrupt):
            prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    prepare("files", tmp_path / "out", options={"root": captures}, jobs=1, mirror=True)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_damaged_part_is_made_anew(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare("files", tmp_path / "whole", options={"root": captures}, jobs=1)
    write, done = stopping(_making.write_atomically, KeyboardInterrupt(), after=3)
    with monkeypatch.context() as patch:
        patch.setattr(_making, "write_atomically", write)
        with pytest.raises(KeyboardInterrupt):
            prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    for name, damage in zip(done, (b"", b"no tensors", b"\xff" * 99), strict=True):
        (tmp_path / "out.work" / name).write_bytes(damage)
    prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


@pytest.mark.parametrize("room", [_making, _assembly], ids=["parts", "shards"])
def test_a_full_disk_is_one_sentence_and_leaves_what_was_there(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: object
) -> None:
    prepare("files", tmp_path / "whole", options={"root": captures}, jobs=1, mirror=True)
    prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    before = contents(tmp_path / "out")
    full = OSError(errno.ENOSPC, "No space left on device")
    write, _ = stopping(_making.write_atomically, full, after=1)
    with monkeypatch.context() as patch:
        patch.setattr(room, "write_atomically", write)
        with pytest.raises(OSError, match=r"the disk is full; what was done is kept in .*work"):
            prepare("files", tmp_path / "out", options={"root": captures}, jobs=1, mirror=True)
    assert contents(tmp_path / "out") == before
    prepare("files", tmp_path / "out", options={"root": captures}, jobs=1, mirror=True)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_kill_between_the_two_renames_loses_nothing(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    before = contents(tmp_path / "out")
    real = Path.rename

    def killed(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise KeyboardInterrupt
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    assert not (tmp_path / "out").exists()
    _place.Place.at(tmp_path / "out", "files", "captures")
    assert contents(tmp_path / "out") == before


RUNNER = """
import os, sys
from pathlib import Path
from moclip.curation import _parts
from moclip.curation.prepare import prepare

_parts.FILES = 2
for line in sys.stdin:
    out = line.strip()
    child = os.fork()
    if not child:
        prepare("files", Path(out), options={"root": sys.argv[1]}, jobs=1, mirror=True)
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Imports once, then prepares in a new process for each line."""


class Runner:
    """Starts preparations that can be killed without harm to the tests."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def start(self, out: Path) -> int:
        assert self._process.stdin
        self._process.stdin.write(f"{out}\n")
        self._process.stdin.flush()
        return self._read()

    def ended(self) -> int:
        """The exit code; below zero the signal it was killed by."""
        return self._read()

    def _read(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())


@pytest.fixture
def runner(captures: Path) -> Iterator[Runner]:
    command = [sys.executable, "-c", RUNNER, str(captures)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Runner(process)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as POSIX does")
def test_killed_five_times_and_run_again_gives_the_bytes_of_an_undisturbed_run(
    runner: Runner, tmp_path: Path
) -> None:
    runner.start(tmp_path / "imports")
    assert runner.ended() == 0
    started = time.perf_counter()
    runner.start(tmp_path / "whole")
    assert runner.ended() == 0
    took = time.perf_counter() - started
    draw, kills = random.Random(0), 0
    while kills < 5:
        process = runner.start(tmp_path / "out")
        time.sleep(draw.random() * took)
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        if runner.ended() == -signal.SIGKILL:
            kills += 1
        else:  # it was done before: another one begins
            shutil.rmtree(tmp_path / "out")
    runner.start(tmp_path / "out")
    assert runner.ended() == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.glob("*out*")) == ["out"]
