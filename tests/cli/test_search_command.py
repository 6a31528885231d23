"""``moclip search`` and ``moclip evaluate retrieval`` with a tiny model."""

import json
from pathlib import Path

import pytest
from cli_support import Run

from moclip import MoCLIP, read_motion


def test_a_motion_finds_itself_first(moclip: Run, model: Path, clips: Path) -> None:
    shown = moclip("search", model, clips / "fast.npz", "--in", clips, "-k", 2, "--json")
    rows = json.loads(shown.out)
    assert (shown.code, shown.err, len(rows)) == (0, "", 2)
    assert rows[0]["clip"] == str(clips / "fast.npz")
    assert rows[0]["score"] == pytest.approx(1, abs=1e-4)


def test_scores_of_a_prompt_are_the_models_cosines(moclip: Run, model: Path, clips: Path) -> None:
    rows = json.loads(moclip("search", model, "a person walks", "--in", clips, "--json").out)
    assert len(rows) == 3
    towers = MoCLIP.from_pretrained(model)
    for row in rows:
        cosine = towers.similarity(read_motion(row["clip"]), "a person walks").item()
        assert row["score"] == pytest.approx(cosine, abs=1e-4)


def test_an_index_answers_as_its_folder(
    moclip: Run, model: Path, clips: Path, tmp_path: Path
) -> None:
    index = tmp_path / "clips.index"
    search = ("search", model, "a walk", "--json")
    from_folder = moclip(*search, "--in", clips, "--save", index).out
    assert moclip(*search, "--in", index).out == from_folder


def test_files_that_cannot_be_read_are_named(moclip: Run, model: Path, clip: Path) -> None:
    (clip.parent / "bad.bvh").write_text("HIERARCHY\n")
    shown = moclip("search", model, "a walk", "--in", clip.parent)
    assert shown.code == 0
    assert "clip.bvh" in shown.out
    assert shown.err.startswith(f"moclip: passed over {clip.parent / 'bad.bvh'}: ")


def test_without_a_place_the_bundled_clips_are_searched(moclip: Run, model: Path) -> None:
    rows = json.loads(moclip("search", model, "a walk", "-k", 3, "--json").out)
    assert len(rows) == 3
    assert all(row["caption"] for row in rows)


def test_evaluate_prints_both_directions(moclip: Run, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    shown = moclip("evaluate", "retrieval", model, "--data", "bundled", "--out", out)
    assert (shown.code, shown.err) == (0, "")
    assert "motion->text" in shown.out
    assert "text->motion" in shown.out
    figures = json.loads(out.read_text())
    assert (figures["split"], figures["protocol"]) == ("test", "all-identical")
    assert 0 <= figures["summary"]["R@1"] <= 100


def test_the_whole_set_makes_a_larger_gallery(moclip: Run, model: Path) -> None:
    evaluate = ("evaluate", "retrieval", model, "--data", "bundled", "--json")
    of_split, of_set = (
        json.loads(moclip(*evaluate, "--gallery", gallery).out) for gallery in ("split", "set")
    )
    assert of_set["clips"] == of_split["clips"]
    assert of_set["captions"] > of_split["captions"]


def test_evaluate_names_the_options_there_are(moclip: Run, model: Path) -> None:
    shown = moclip("evaluate", "retrieval", model, "--data", "bundled", "--set", "rot=1")
    assert shown.code == 2
    assert "no option 'rot'; there are: root" in shown.err


def test_evaluate_names_the_data_sets_there_are(moclip: Run, model: Path) -> None:
    shown = moclip("evaluate", "retrieval", model, "--data", "bundeld")
    assert shown.code == 2
    assert "bundled" in shown.err
