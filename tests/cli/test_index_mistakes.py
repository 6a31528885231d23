"""Mistakes in ``moclip index`` leave nothing in the way of the right command."""

import json
from pathlib import Path

import pytest
from cli_support import Run

pytest.importorskip("lancedb")

MISTAKES = {
    "missing": (["{clips}", "nowhere"], [], "there is no file or folder nowhere"),
    "no data": (["{clips}", "folder:nowhere"], [], "there is nothing at nowhere"),
    "no root": (["{clips}", "folder"], [], "data set 'folder' needs root=PATH"),
    "undescribed": (["files:{clips}"], [], "nobody has described it"),
    "no workers": (["{clips}"], ["--workers", "0"], "--workers is 0, wanted"),
    "no end": (["{clips}"], ["--window", "inf"], "window is inf seconds, wanted"),
    "no body": (["{clips}"], ["--skeleton-file", "nowhere.json"], "nowhere.json"),
    "no motion": (["{broken}"], [], "none of the files of "),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_leaves_no_index(
    moclip: Run, model: Path, clips: Path, tmp_path: Path, mistake: str
) -> None:
    sources, options, sentence = MISTAKES[mistake]
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "x.bvh").write_text("nonsense")
    places = [source.format(clips=clips, broken=tmp_path / "broken") for source in sources]
    out = tmp_path / "my.index"
    shown = moclip("index", "build", *places, "-o", out, "--model", model, *options)
    assert (shown.code, out.exists()) == (2, False)
    last = shown.err.splitlines()[-1]
    assert last.startswith("moclip: ")
    assert sentence in last


def test_an_index_that_was_there_is_left_alone(
    moclip: Run, model: Path, clips: Path, tmp_path: Path
) -> None:
    out = tmp_path / "my.index"
    assert moclip("index", "build", clips, "-o", out, "--model", model).code == 0
    assert moclip("index", "remove", out, clips).code == 0
    for wrong in ((clips, "nowhere"), (clips, "--workers", "0")):
        assert moclip("index", "build", *wrong, "-o", out, "--model", model).code == 2
        assert moclip("index", "add", out, *wrong).code == 2
        assert json.loads(moclip("index", "info", out, "--json").out)["clips"] == 0
    shown = moclip("search", "--index", out, "a walk", "--json")
    assert (shown.code, json.loads(shown.out)) == (0, [])
    for attack in ((), ("--attack", "typos")):
        shown = moclip("attack", model, "a person walks", "--in", out, *attack)
        assert (shown.code, shown.err) == (2, "moclip: the index holds no clip\n")


def test_files_and_clips_of_a_data_set_have_the_same_columns(
    moclip: Run, model: Path, clips: Path, tmp_path: Path
) -> None:
    folder, out = tmp_path / "described", tmp_path / "my.index"
    folder.mkdir()
    (folder / "walk.npz").write_bytes((clips / "fast.npz").read_bytes())
    (folder / "captions.csv").write_text("file,caption\nwalk.npz,a fast walk\n")
    build = ("index", "build", clips, f"folder:{folder}", "-o", out)
    assert moclip(*build, "--model", model).code == 0
    shown = moclip("search", model, "a walk", "--in", out)
    assert (shown.code, shown.err) == (0, "")
    rows = json.loads(moclip("search", model, "a walk", "--in", out, "--json").out)
    assert sorted(row["caption"] for row in rows) == ["", "", "", "a fast walk"]
