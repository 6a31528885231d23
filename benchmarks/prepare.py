"""``moclip data prepare`` with two processes against one, files to shards.

The second process starts anew each time, so what it spends on its imports is counted; both ways
must write the same bytes. A small set gains less than a large one.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._clips import Mix
from benchmarks._timing import Row, alternate
from moclip.curation.prepare import prepare
from moclip.formats import bvh

_FILES, _FEW = 3000, 40


def preparing(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """The clips as BVH files, over and over until they are as many as a real set has."""
    count = _FEW if quick else _FILES
    with _files(mix, count) as (source, out):

        def one() -> None:
            prepare("files", out / "one", options={"root": source}, jobs=1)

        def two() -> None:
            prepare("files", out / "two", options={"root": source}, jobs=2)

        alone, together = alternate([one, two], repeats=1 if quick else repeats, warm_up=False)
        _check_same(out / "one", out / "two")
    return [
        Row(
            "prepare, two processes",
            "one process",
            count,
            "files",
            together,
            alone,
            None if quick else 1.7,
        )
    ]


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


def _check_same(one: Path, other: Path) -> None:
    """A ratio of two ways that differ would say nothing."""
    for path in one.iterdir():
        if path.read_bytes() != (other / path.name).read_bytes():
            raise ValueError(f"{path.name} depends on the number of processes")
