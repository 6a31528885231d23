"""A study of sums, quick enough to be killed and taken up again."""

import os
import signal
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from joblib.externals.loky import process_executor

from moclip.training.study.engine import Cell, Study


class Sum(Cell):
    arm: str
    number: int


def measure(cell: Sum, place: Path, *, log: Path, weight: int = 1) -> Mapping[str, Any]:
    """Tells in ``log`` that it was called; negative numbers leave no files."""
    with log.open("a") as file:
        file.write(f"{cell.arm} {cell.number}\n")
    if cell.number >= 0:
        (place / "number.txt").write_text(str(cell.number))
    return {"total": weight * cell.number / 3, "parts": [cell.number, weight]}


def study(log: Path, *, count: int = 4, version: int = 1, **options: Any) -> Study[Sum]:
    cells = [Sum(arm=arm, number=n) for arm in ("a", "b") for n in range(count // 2)]
    return Study("sums", cells, partial(measure, log=log, **options), {"version": version})


def calls(log: Path) -> list[str]:
    return sorted(log.read_text().splitlines()) if log.exists() else []


def slow(cell: Sum, place: Path, *, log: Path) -> Mapping[str, Any]:
    """Long enough to be stopped in."""
    time.sleep(0.3)
    return measure(cell, place, log=log)


_KEPT: list[bytes] = []


def greedy(cell: Sum, place: Path, *, log: Path) -> Mapping[str, Any]:
    """Keeps more from call to call than loky lets a process; tells which process it is."""
    process_executor._MAX_MEMORY_LEAK_SIZE = 2**20
    _KEPT.append(b"x" * 2**24)
    time.sleep(1.1)  # loky looks once a second
    with log.open("a") as file:
        file.write(f"{os.getpid()}\n")
    return {}


def deadly(cell: Sum, place: Path, *, log: Path) -> Mapping[str, Any]:
    """The third call kills the whole process, as a power cut would."""
    if len(calls(log)) == 2:
        (place / "half").write_text("half of a file")
        os.kill(os.getpid(), signal.SIGKILL)
    return measure(cell, place, log=log)
