"""``moclip train-evaluator`` from a folder of clips to a folder that can be opened."""

import json
import shutil
from pathlib import Path

import pytest
from cli_support import Run

from moclip.models.evaluator.own import Evaluator


@pytest.fixture
def data(clips: Path, tmp_path: Path) -> Path:
    """Three clips to train on, and pieces of them to validate and test on."""
    folder = Path(shutil.copytree(clips, tmp_path / "data"))
    files = sorted(path.name for path in folder.iterdir())
    lines = [
        f"{file},{start},{start + 0.45},a walk like {file.partition('.')[0]},{split},{number % 2}"
        for split, start in (("train", 0.0), ("val", 0.5), ("test", 1.0))
        for number, file in enumerate(files)
    ]
    header = "file,start,end,caption,split,action"
    (folder / "captions.csv").write_text("\n".join((header, *lines)) + "\n")
    return folder


def test_a_run_leaves_an_evaluator_and_says_its_worth(
    moclip: Run, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "evaluator"
    shown = moclip("train-evaluator", f"folder:{data}", "-o", out, "--epochs", 1)
    assert (shown.code, shown.err) == (0, "")
    assert "3 clips" in shown.out
    assert "a judge who never errs" in shown.out
    found = json.loads((out / "quality.json").read_text())
    assert found["test"]["clips"] == 3
    assert found["options"]["epochs"] == 1
    assert "root" not in found["data"]
    assert "of the test split" in (out / "README.md").read_text().replace("\n", " ")
    assert Evaluator.from_pretrained(out).labels == {"action": ("0", "1")}


def test_json_is_the_measured_report(moclip: Run, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "evaluator"
    shown = moclip("train-evaluator", f"folder:{data}", "-o", out, "--epochs", 1, "--json")
    found = json.loads((out / "quality.json").read_text())
    assert json.loads(shown.out) == {"test": found["test"], "ceiling": found["ceiling"]}


def test_what_is_there_is_not_overwritten(moclip: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "notes.txt").write_text("mine")
    shown = moclip("train-evaluator", f"folder:{data}", "-o", tmp_path / "kept")
    assert shown.code == 2
    assert "holds something already" in shown.err
    assert (tmp_path / "kept" / "notes.txt").read_text() == "mine"


def test_a_wrong_option_is_one_sentence(moclip: Run, data: Path, tmp_path: Path) -> None:
    command = ("train-evaluator", f"folder:{data}", "-o", tmp_path / "e")
    for options, told in ((("--set", "mood=1"), "no option 'mood'"), (("--epochs", 0), "epochs")):
        shown = moclip(*command, *options)
        assert (shown.code, len(shown.err.strip().splitlines())) == (2, 1)
        assert told in shown.err
    assert not (tmp_path / "e").exists()
