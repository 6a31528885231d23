"""A large library on disk: how fast it answers, how much of the truth it finds, what it takes.

Examples:
  python -m benchmarks.index
  python -m benchmarks.index --probes 4 8 16 -o build/index.json
  python -m benchmarks.index --rows 20000 --ivf-from 10000
  python -m benchmarks.index --library my.index --model runs/demo

Clips are made out of nothing: unit vectors that lie in clusters, as those of motions do, with a
motion of one frame each. Queries are members of the clusters that are not in the library. The truth
is a product with all vectors. The library is built once and searched with each of --probes. With
--library a real one is searched by words, whose encoding counts.
"""

import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from torch import Tensor

from benchmarks import _report
from benchmarks._timing import machine
from moclip import skeletons
from moclip.cli import _model
from moclip.files import write_atomically
from moclip.motion import Motion
from moclip.tasks._encoding import text_vectors
from moclip.tasks.library import _table, changing, store
from moclip.tasks.library.clips import Clip
from moclip.tasks.library.store import Library

_BLOCK = 10_000
_CLUSTERS = 2000
_SPREAD = 0.6
"""Length of what sets a member apart from the middle of its cluster, which has length 1."""


_K, _WARM = 10, 3
_ROUNDING = 1e-4
"""By which a cosine may differ and still be that of the tenth nearest."""
_WHAT = (
    "walks",
    "runs",
    "jumps",
    "waves",
    "kicks",
    "dances",
    "sits down",
    "turns",
    "bows",
    "falls",
)
_HOW = ("slowly", "fast", "to the left", "twice", "with both arms", "backwards")


class Clusters:
    """Unit vectors around drawn middles."""

    def __init__(self, dim: int, seed: int) -> None:
        self.random = torch.Generator().manual_seed(seed)
        self.middles = _unit(torch.randn(_CLUSTERS, dim, generator=self.random))

    def draw(self, count: int) -> Tensor:
        """So many members of clusters."""
        which = torch.randint(_CLUSTERS, (count,), generator=self.random)
        apart = _unit(torch.randn(count, self.middles.shape[1], generator=self.random))
        return _unit(self.middles[which] + _SPREAD * apart)


def fill(library: Library, clusters: Clusters, rows: int) -> Iterator[Tensor]:
    """Adds rows in blocks; yields the vectors of each."""
    body = skeletons.get("humanml3d")
    still = Motion(torch.zeros(1, len(body), 3), 20.0, body)
    for start in range(0, rows, _BLOCK):
        count = min(_BLOCK, rows - start)
        vectors = clusters.draw(count)
        clips = [_clip(f"{start + n:016x}") for n in range(count)]
        library.table.add(_table.rows(library.table.schema, clips, [still] * count, vectors))
        yield vectors


@dataclass(frozen=True, eq=False)
class Large:
    """A library that was made, and what exact search finds in it."""

    library: Library
    queries: Tensor
    least: Tensor
    """Of each query, the cosine of its tenth nearest."""
    minutes: float

    @classmethod
    def make(cls, place: Path, rows: int, *, dim: int, queries: int, seed: int = 0) -> "Large":
        clusters, start = Clusters(dim, seed), time.perf_counter()
        facts = _table.Facts(model="none", dim=dim, fps=20.0, window=10.0)
        library = Library(place, _table.create(place, facts), facts)
        asked = clusters.draw(queries)
        best = torch.full((queries, _K), -torch.inf)
        for vectors in fill(library, clusters, rows):
            best = torch.cat((best, asked @ vectors.T), dim=1).topk(_K, dim=1).values
        changing.tidy(library)
        minutes = (time.perf_counter() - start) / 60
        return cls(Library.open(place), asked, best[:, -1], minutes)

    def measure(self, probes: int) -> dict[str, Any]:
        """Recall at 10 and milliseconds of a search that looks so closely."""
        self.library.probes = probes
        self.library.nearest(self.queries[0], _K)  # opens what it needs
        found: list[list[float]] = []
        times = _times(
            list(self.queries),
            lambda query: found.append([hit.score for hit in self.library.nearest(query, _K)]),
        )
        right = sum(
            score >= float(least) - _ROUNDING
            for scores, least in zip(found, self.least, strict=True)
            for score in scores
        )
        recall = right / (_K * len(self.queries))
        return {"probes": probes, "recall@10": recall, **times}


def by_words(library: Library, model: Any) -> dict[str, float]:
    """Milliseconds from words to clips, their encoding included."""
    captions = [f"a person {what} {how}" for what in _WHAT for how in _HOW]

    def search(caption: str) -> None:
        library.nearest(text_vectors(model, [caption])[0], _K)

    for caption in captions[:_WARM]:
        search(caption)
    return {"clips": len(library), **_times(captions, search)}


def _times(items: Sequence[Any], search: Callable[[Any], object]) -> dict[str, float]:
    spent = []
    for item in items:
        start = time.perf_counter()
        search(item)
        spent.append(1000 * (time.perf_counter() - start))
    cuts = statistics.quantiles(spent, n=100, method="inclusive")
    return {"p50 ms": cuts[49], "p99 ms": cuts[98]}


def _most_memory() -> float:
    """GiB that this process has held at most, building included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _clip(content: str) -> Clip:
    names = {"id": f"{content}-0", "content": content, "source": "none", "path": content}
    return Clip(
        **names,
        part=0,
        parts=1,
        start=0.0,
        end=0.05,
        captions=(),
        labels=(),
        frames=1,
        seconds=0.05,
    )


def _unit(vectors: Tensor) -> Tensor:
    return torch.nn.functional.normalize(vectors, dim=-1)


def main(
    *,
    rows: int = 1_000_000,
    dim: int = 384,
    queries: int = 200,
    probes: tuple[int, ...] = (store._PROBES,),
    ivf_from: int = store.EXACT,
    seed: int = 0,
    library: Path | None = None,
    model: str = "runs/demo",
    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])] = Path("build/index.json"),
) -> None:
    """Measure a large library, or one that is given.

    Args:
        rows: clips to make
        dim: of their vectors
        queries: to ask
        probes: cells of the inverted file that a query looks into
        ivf_from: clips from which the inverted file is used
        seed: of vectors and queries
        library: one that is there, to be searched by words
        model: that made it
        out: JSON file to write
    """
    store.EXACT = ivf_from
    if library is not None:
        opened, towers = Library.open(library), _model.load(model, "auto")
        opened.check(towers)
        measured, facts = [by_words(opened, towers)], {"search": opened.way}
    else:
        measured, facts = _made(rows, dim, queries, probes, seed)
    lines = [[f"{value:.4g}" for value in row.values()] for row in measured]
    print(_report.aligned([list(measured[0]), *lines]))
    print(_report.told(facts))
    told = {"machine": machine(), "facts": facts, "rows": measured}
    write_atomically(out, json.dumps(told, indent=1).encode())


def _made(
    rows: int, dim: int, queries: int, probes: Sequence[int], seed: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "large.index")
        large = Large.make(place, rows, dim=dim, queries=queries, seed=seed)
        measured = [large.measure(wide) for wide in probes]
        way = large.library.way
    facts = {"clips": rows, "dim": dim, "search": way, "queries": queries, "seed": seed}
    return measured, facts | {"built in min": large.minutes, "most memory GiB": _most_memory()}


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)
