"""The benchmark of a large index: exact search finds all of the truth, cells most of it."""

import sys
from pathlib import Path

import doubles
import pytest

pytest.importorskip("lancedb")
sys.path.append(str(Path(__file__).parents[1]))

from benchmarks import index
from benchmarks.index import Large
from moclip.tasks.library import changing, store
from moclip.tasks.library.store import Library


def test_exact_search_finds_all(tmp_path: Path) -> None:
    large = Large.make(tmp_path / "a.index", 300, dim=32, queries=20)
    told = large.measure(1)
    assert (large.library.way, told["recall@10"]) == ("exact", 1)
    assert 0 < told["p50 ms"] <= told["p99 ms"]


def test_more_cells_find_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "EXACT", 500)
    large = Large.make(tmp_path / "a.index", 20_000, dim=32, queries=20)
    assert large.library.way == "ivf"
    little, much = large.measure(1), large.measure(1000)
    assert little["recall@10"] < much["recall@10"]
    assert much["recall@10"] == 1  # every cell


def test_words_are_timed(tmp_path: Path) -> None:
    model = doubles.model()
    library = Library.create(tmp_path / "a.index", model)
    changing.add_data(library, model, "bundled")
    told = index.by_words(library, model)
    assert told["clips"] == len(library)
    assert 0 < told["p50 ms"] <= told["p99 ms"]
