"""A large library on disk: how fast it answers, how much of the truth it finds, what it takes.

``python -m benchmarks.index --rows 1000000`` makes clips out of nothing: unit vectors that lie in
clusters, as those of motions do, with a motion of one frame each. Queries are members of the
clusters that are not in the library. The truth is a product with all vectors.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from moclip import skeletons
from moclip.motion import Motion
from moclip.tasks.library import _table, changing
from moclip.tasks.library.clips import Clip
from moclip.tasks.library.store import Library

_BLOCK = 10_000
_CLUSTERS = 2000
_SPREAD = 0.6
"""Length of what sets a member apart from the middle of its cluster, which has length 1."""


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


def measure(rows: int, *, dim: int, queries: int, seed: int = 0) -> dict[str, float]:
    """Recall at 10, milliseconds of a search, gibibytes of memory, minutes to build."""
    clusters = Clusters(dim, seed)
    with tempfile.TemporaryDirectory() as folder:
        facts = _table.Facts(model="none", dim=dim, fps=20.0, window=10.0)
        place = Path(folder, "large.index")
        library = Library(place, _table.create(place, facts), facts)
        start = time.perf_counter()
        asked = clusters.draw(queries)
        best = torch.full((queries, 10), -torch.inf)
        for vectors in fill(library, clusters, rows):
            best = torch.cat((best, asked @ vectors.T), dim=1).topk(10, dim=1).values
        changing.tidy(library)
        built = time.perf_counter() - start
        library = Library.open(place)
        found, spent = [], []
        for query in asked:
            start = time.perf_counter()
            hits = library.nearest(query, 10)
            spent.append(time.perf_counter() - start)
            found.append([hit.score for hit in hits])
    right = [
        sum(score >= float(least) - 1e-4 for score in scores)
        for scores, least in zip(found, best[:, -1], strict=True)
    ]
    return {
        "rows": rows,
        "recall@10": sum(right) / (10 * queries),
        "p50 ms": 1000 * statistics.median(spent),
        "p99 ms": 1000 * statistics.quantiles(spent, n=100)[-1],
        "most memory GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "built in min": built / 60,
    }


def _clip(content: str) -> Clip:
    names = {"id": f"{content}-0", "content": content, "source": "none", "path": content}
    return Clip(
        **names, part=0, parts=1, start=0, end=0.05, captions=(), labels=(), frames=1, seconds=0.05
    )


def _unit(vectors: Tensor) -> Tensor:
    return torch.nn.functional.normalize(vectors, dim=-1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--queries", type=int, default=200)
    given = parser.parse_args()
    for name, value in measure(given.rows, dim=given.dim, queries=given.queries).items():
        print(f"{name:<18}{value:g}")
