"""``moclip search --index``: folders as ``index remove`` takes them, and mistakes are told."""

import json
import shutil
from pathlib import Path

import pytest
from cli_support import Run, stick_figure

from moclip import formats

pytest.importorskip("lancedb")


@pytest.fixture
def index(
    moclip: Run, model: Path, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(clips, tmp_path / "my_clips" / "old")
    formats.write(stick_figure(speed=0.5), tmp_path / "my_clips" / "top.npz")
    formats.write(stick_figure(speed=4.0), tmp_path / "new_clips" / "new.npz")
    built = moclip("index", "build", "my_clips", "-o", "my.index", "--model", model)
    added = moclip("index", "add", "my.index", "new_clips")
    assert (built.code, added.code) == (0, 0)
    return Path("my.index")


@pytest.mark.parametrize(
    ("folder", "count"),
    [("my_clips", 4), ("new_clips", 1), (".", 5), ("./old", 3), ("my_clips/old/", 3), ("old", 3)],
)
def test_folders_are_spelled_as_for_remove(
    moclip: Run, index: Path, folder: str, count: int
) -> None:
    shown = moclip("search", "--index", index, "a walk", "--folder", folder, "--json", "-k", 9)
    assert (shown.code, len(json.loads(shown.out))) == (0, count)


def test_unknown_folders_and_labels_are_told(moclip: Run, index: Path) -> None:
    shown = moclip("search", "--index", index, "a walk", "--folder", "nosuch")
    assert (shown.code, shown.err.count("\n")) == (2, 1)
    assert "has no folder 'nosuch'; in " in shown.err
    assert shown.err.endswith("/new_clips there are: old, .\n")
    shown = moclip("search", "--index", index, "a walk", "--label", "nosuch")
    assert (shown.code, shown.err.count("\n")) == (2, 1)
    assert "has no label 'nosuch'; its clips have none" in shown.err
