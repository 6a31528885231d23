"""Motions on disk that are found by words or by a motion.

A LanceDB table: what was added is there or not there, never half, even when the process is killed.
Below :data:`EXACT` clips every one is compared, in memory; from there on an inverted file (IVF)
finds nearly all of the nearest and looks at a small part.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.models.spaces import Space
from moclip.motion import Motion
from moclip.tasks._encoding import fingerprint, motion_vectors, text_vectors
from moclip.tasks.library import _table
from moclip.tasks.library._table import Facts
from moclip.tasks.library._table import is_library as is_library
from moclip.tasks.library.clips import EVERYTHING, Clip, Found, Where, of_json, quoted
from moclip.tasks.retrieval import Entry, Index

EXACT = 100_000
"""Clips; below, search compares the query with all of them."""
_PROBES = 8
"""Cells of the inverted file that a query looks into; vectors in them are whole, not codes."""


@dataclass(frozen=True, eq=False)
class _Seen:
    """A version of the table in memory: what exact search reads."""

    version: int
    clips: list[Clip]
    vectors: Float[Tensor, "clip dim"]


class Library:
    """A folder with clips, their vectors and the hash of the model that made these."""

    def __init__(self, path: Path, table: Any, facts: Facts) -> None:
        self.path, self.table, self.facts = path, table, facts
        self.probes = _PROBES
        self._seen: _Seen | None = None

    @classmethod
    def create(
        cls, path: str | Path, model: Space, *, source: str | None = None, window: float = 10.0
    ) -> "Library":
        """An empty one for the vectors of ``model``, which was opened from ``source``.

        Raises ``ValueError`` where there is one already.
        """
        if not 0 < window < math.inf:
            raise ValueError(f"window is {window} seconds, wanted a positive number")
        facts = Facts(
            model=fingerprint(model),
            model_source=source,
            dim=model.dim,
            fps=model.fps,
            window=window,
        )
        return cls(Path(path), _table.create(Path(path), facts), facts)

    @classmethod
    def open(cls, path: str | Path) -> "Library":
        """Raises ``FileNotFoundError`` or ``ValueError`` where there is none."""
        return cls(Path(path), *_table.open_table(Path(path)))

    def discard(self) -> None:
        """Takes it off the disk, and its folder where nothing else is in it."""
        _table.discard(self.path)

    def __len__(self) -> int:
        count: int = self.table.count_rows()
        return count

    def check(self, model: Space) -> None:
        """Raises ``ValueError`` for another model than the one that made the vectors."""
        if self.facts.model != (found := fingerprint(model)):
            source = f" (from {self.facts.model_source})" if self.facts.model_source else ""
            raise ValueError(
                f"{self.path} was made by model {self.facts.model[:12]}{source}, this one is "
                f"{found[:12]}; use that model, or build the index again with this one"
            )

    def search(
        self, model: Space, query: str | Motion, k: int = 5, where: Where = EVERYTHING
    ) -> list[Found]:
        """The ``k`` nearest clips that a filter lets through, the best first.

        Raises ``ValueError`` for an empty prompt and for another model.
        """
        self.check(model)
        if isinstance(query, Motion):
            return self.nearest(motion_vectors(model, [query])[0], k, where)
        return self.nearest(text_vectors(model, [query])[0], k, where)

    def nearest(
        self, vector: Float[Tensor, " dim"], k: int = 5, where: Where = EVERYTHING
    ) -> list[Found]:
        """As :meth:`search`, for a unit vector of the same model."""
        if k < 1:
            raise ValueError(f"k is {k}, wanted at least 1")
        if len(vector) != self.facts.dim:
            raise ValueError(f"the query has {len(vector)} dimensions, the index {self.facts.dim}")
        if self.way == "exact":
            return self._exactly(vector, k, where)
        return self._nearly(vector, k, where)

    @property
    def way(self) -> str:
        """How search goes about it: ``exact`` or ``ivf``."""
        return "exact" if len(self) < EXACT else "ivf"

    def _exactly(self, vector: Tensor, k: int, where: Where) -> list[Found]:
        seen = self._current()
        scores = seen.vectors @ vector
        if where != EVERYTHING:
            wanted = torch.tensor([where.holds(clip) for clip in seen.clips], dtype=torch.bool)
            scores[~wanted] = -torch.inf
            k = min(k, int(wanted.sum()))
        best = scores.topk(min(k, len(scores)))
        found = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return [Found(seen.clips[at], score) for at, score in found]

    def _nearly(self, vector: Tensor, k: int, where: Where) -> list[Found]:
        query = self.table.search(vector.numpy(), vector_column_name="vector")
        query = query.distance_type("dot").nprobes(self.probes).limit(k)
        if condition := where.sql():
            query = query.where(condition, prefilter=True)
        rows = query.select([_table.CLIP, "_distance"]).to_arrow().to_pylist()
        return [Found(of_json(row[_table.CLIP]), 1 - row["_distance"]) for row in rows]

    def clip(self, id: str) -> Clip:
        """Raises ``LookupError`` for an id that is not there."""
        return of_json(self._row(id, (_table.CLIP,))[_table.CLIP])

    def motion(self, id: str) -> Motion:
        """As it was encoded: HumanML3D's body at the model's frame rate, to a quarter millimetre.

        Raises ``LookupError`` for an id that is not there.
        """
        return _table.motion_of(self._row(id, ("frames", "step", "joints")), self.facts.fps)

    def vector(self, id: str) -> Float[Tensor, " dim"]:
        """Raises ``LookupError`` for an id that is not there."""
        return torch.tensor(self._row(id, ("vector",))["vector"])

    def _row(self, id: str, columns: Sequence[str]) -> dict[str, Any]:
        found = self.table.search().where(f"id = {quoted(id)}").select(list(columns)).limit(1)
        rows: list[dict[str, Any]] = found.to_arrow().to_pylist()
        if not rows:
            raise LookupError(f"the index has no clip '{id[:80]}'")
        return rows[0]

    def clips(
        self, where: Where = EVERYTHING, *, offset: int = 0, limit: int | None = None
    ) -> list[Clip]:
        """Clips in the order of the table."""
        query = self.table.search().select([_table.CLIP])
        if condition := where.sql():
            query = query.where(condition)
        count = len(self) if limit is None else limit
        found = query.offset(offset).limit(max(1, count)).to_arrow()[_table.CLIP]
        return [of_json(text) for text in found.to_pylist()][:count]

    def count(self, where: Where = EVERYTHING) -> int:
        """Clips that a filter lets through."""
        found: int = self.table.count_rows(where.sql())
        return found

    def folders(self) -> dict[str, int]:
        """How many clips lie in each folder, the fullest first."""
        return dict(Counter(self._column("folder")).most_common())

    def labels(self) -> dict[str, int]:
        """How many clips have each label, the most common first."""
        return dict(Counter(x for row in self._column("labels") for x in row).most_common())

    def seconds(self) -> float:
        """Of all clips together."""
        return float(sum(self._column("seconds")))

    def _column(self, name: str) -> list[Any]:
        query = self.table.search().select([name]).limit(max(1, len(self)))
        values: list[Any] = query.to_arrow()[name].to_pylist()
        return values

    def in_memory(self, limit: int = EXACT) -> Index:
        """The first ``limit`` clips as an index that tasks and attacks take."""
        clips, vectors = self._read(limit)
        entries = (Entry(c.id, c.path, c.start, c.end, c.captions) for c in clips)
        return Index(vectors, tuple(entries), self.facts.model)

    def _current(self) -> _Seen:
        """What is in memory, read again when another process has added to the table."""
        version = self.table.version
        if self._seen is None or self._seen.version != version:
            self._seen = _Seen(version, *self._read(EXACT))
        return self._seen

    def _read(self, limit: int) -> tuple[list[Clip], Tensor]:
        query = self.table.search().select([_table.CLIP, "vector"])
        read = query.limit(max(1, min(limit, len(self)))).to_arrow().combine_chunks()
        flat = read["vector"].combine_chunks().flatten().to_numpy()
        vectors = torch.from_numpy(flat.copy()).reshape(-1, self.facts.dim)
        return [of_json(text) for text in read[_table.CLIP].to_pylist()], vectors
