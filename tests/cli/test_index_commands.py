"""``moclip index`` and ``moclip search --index`` with a tiny model."""

import json
import shutil
import socket
from pathlib import Path

import pytest
from cli_support import Run

pytest.importorskip("lancedb")


@pytest.fixture
def index(moclip: Run, model: Path, clips: Path, tmp_path: Path) -> Path:
    folder = shutil.copytree(clips, tmp_path / "mine")
    (folder / "broken.bvh").write_text("nonsense")
    built = moclip("index", "build", folder, "-o", tmp_path / "my.index", "--model", model)
    assert built.code == 0
    assert "3 clips of 3 files added, 1 unreadable; 3 clips in all" in built.out
    assert built.err.startswith("moclip: passed over ")
    return tmp_path / "my.index"


def test_an_index_answers_as_its_folder(moclip: Run, model: Path, clips: Path, index: Path) -> None:
    search = ("search", "--json", "--index", index)
    found = json.loads(moclip(*search, "a person walks").out)
    plain = json.loads(moclip("search", model, "a person walks", "--in", clips, "--json").out)
    assert [row["score"] for row in found] == pytest.approx([r["score"] for r in plain], abs=1e-4)
    assert [row["clip"] for row in found] == [Path(row["clip"]).name for row in plain]
    best = json.loads(moclip(*search, clips / "fast.npz", "-k", 1).out)[0]
    assert (best["clip"], best["score"]) == ("fast.npz", pytest.approx(1, abs=1e-4))
    assert json.loads(moclip(*search, "a walk", "--longer", 60).out) == []


def test_clips_come_and_go(moclip: Run, clips: Path, index: Path) -> None:
    again = moclip("index", "add", index, clips)
    assert "0 clips of 0 files added, 3 duplicates; 3 clips in all" in again.out
    assert "1 clips removed; 2 left" in moclip("index", "remove", index, "fast.npz").out
    assert "1 clips of 1 files added" in moclip("index", "add", index, clips / "fast.npz").out
    assert "all is well" in moclip("index", "verify", index).out
    assert json.loads(moclip("index", "info", index, "--json").out)["clips"] == 3


def test_filters_without_an_index_are_refused(moclip: Run, model: Path) -> None:
    shown = moclip("search", model, "a walk", "--label", "walk")
    assert (shown.code, "need --index" in shown.err) == (2, True)


def test_a_query_alone_is_told(moclip: Run) -> None:
    shown = moclip("search", "a walk")
    assert (shown.code, shown.err.count("\n")) == (2, 1)


def test_serving_others_needs_a_token(moclip: Run) -> None:
    shown = moclip("serve", "--host", "0.0.0.0")
    assert (shown.code, "needs a --token" in shown.err) == (2, True)


def test_a_port_in_use_is_told_before_anything_is_loaded(moclip: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        shown = moclip("serve", "--model", "nowhere", "--port", port)
    assert (shown.code, shown.err.count("\n")) == (2, 1)
    assert f"port {port}: address already in use; try another --port" in shown.err
