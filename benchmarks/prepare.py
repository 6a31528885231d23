"""``moclip data prepare`` with two processes against one, files to shards.

Each runs in a Python of its own, as the command does; both ways must write the same bytes. What
Python and torch take to start is alike for both, and is in the second row alone: it weighs less in
a larger set.
"""

import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._clips import Mix
from benchmarks._timing import Row
from moclip.formats import bvh

_FILES, _FEW = 3000, 40
_BAR = 1.7
_PROGRAM = """
import sys, time
from pathlib import Path
from moclip.curation.prepare import prepare

source, out, jobs = sys.argv[1:]
started = time.perf_counter()
prepare("files", Path(out), options={"root": source}, jobs=int(jobs))
print(time.perf_counter() - started)
"""


def preparing(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """The clips as BVH files, over and over until they are as many as a real set has."""
    count = _FEW if quick else _FILES
    with _files(mix, count) as (source, out):
        turns = [
            [_seconds(source, out / str(jobs), jobs) for jobs in (1, 2)]
            for _ in range(1 if quick else repeats)
        ]
        _check_same(out / "1", out / "2")
    rows = []
    for at, (name, bar) in enumerate((("prepare", _BAR), ("prepare, start and all", None))):
        alone, together = (statistics.median(turn[way][at] for turn in turns) for way in (0, 1))
        name = f"{name}, two processes"
        rows.append(Row(name, "one process", count, "files", together, alone, bar))
    return rows


@contextmanager
def _files(mix: Mix, count: int) -> Iterator[tuple[Path, Path]]:
    """A folder of motion files, and one to write to."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "in"
        source.mkdir()
        texts = itertools.cycle([bvh.encode(clip.motion) for clip in mix.clips])
        for number, text in zip(range(count), texts, strict=False):
            (source / f"{number:05d}.bvh").write_bytes(text)
        yield source, Path(folder)


def _seconds(source: Path, out: Path, jobs: int) -> tuple[float, float]:
    """Of the preparation, and of the process as a whole."""
    command = [sys.executable, "-c", _PROGRAM, str(source), str(out), str(jobs)]
    started = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout), time.perf_counter() - started


def _check_same(one: Path, other: Path) -> None:
    """A ratio of two ways that differ would say nothing."""
    for path in one.iterdir():
        if path.read_bytes() != (other / path.name).read_bytes():
            raise ValueError(f"{path.name} depends on the number of processes")
