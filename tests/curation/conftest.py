"""A cache of the tests' own, and folders of real clips to prepare."""

from pathlib import Path

import pytest

from moclip import datasets, formats
from moclip.curation import _parts


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("MOCLIP_CACHE", str(folder))
    return folder


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files a part, so that a few clips make several."""
    monkeypatch.setattr(_parts, "FILES", 2)


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """A folder of ten real clips in two formats, without captions."""
    root = tmp_path / "captures"
    for number, clip in enumerate(datasets.load("bundled", "val")[:10]):
        suffix = "npz" if number % 2 else "npy"
        formats.write(clip.motion, root / clip.labels["action"] / f"{number}.{suffix}")
    return root
