"""``moclip evaluate``: a table and a file of figures from each, mistakes in a sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
import small_makers
from cli_support import Run

from moclip import datasets

DATA = ("--data", "bundled")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a generator, a MotionCLIP and an evaluator."""
    root = tmp_path_factory.mktemp("made")
    text = small_makers.tower(root / "clip")
    generator, motionclip = small_makers.generator(text), small_makers.motionclip(text)
    generator.model.save_pretrained(root / "generator", text)
    motionclip.model.save_pretrained(root / "motionclip")
    (root / "evaluator").mkdir()
    small_makers.evaluator().save(root / "evaluator", card="# A card\n")
    return root


@pytest.fixture(autouse=True)
def labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every data set has two dozen short walks with contents and styles."""
    monkeypatch.setattr(datasets, "load", lambda *_, **__: small_makers.clips())


@pytest.mark.parametrize("kind", ["generator", "motionclip"])
def test_generation(moclip: Run, made: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "figures.json"
    command = ("evaluate", "generation", made / kind, *DATA, "--evaluator", made / "evaluator")
    quick = ("--repeats", 1, "--prompts", 2, "--generations", 2, "--clips", 20)
    shown = moclip(*command, *quick, "-o", out)
    assert (shown.code, shown.err) == (0, "")
    assert "20 clips, 1 repeats, pools of 20" in shown.out
    found = json.loads(out.read_text())
    assert {"FID", "Top-1", "content accuracy", "MultiModality"} <= set(found["generated"])
    again = moclip(*command, *quick, "-o", out, "--json")
    assert json.loads(again.out)["rows"] == found["rows"]


def test_the_bridge_and_the_guidance_make_a_difference(moclip: Run, made: Path) -> None:
    command = ("evaluate", "generation", made / "motionclip", *DATA, "--json", "--prompts", 0)
    command += ("--evaluator", made / "evaluator", "--repeats", 1)

    def figure(*options: object) -> float:
        return float(json.loads(moclip(*command, *options).out)["generated"]["FID"]["value"])

    assert len({figure(), figure("--bridge", "none"), figure("--guidance", 5)}) == 3


def test_reconstruction(moclip: Run, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "rebuilt.json"
    shown = moclip("evaluate", "reconstruction", made / "generator", *DATA, "-o", out)
    assert (shown.code, shown.err) == (0, "")
    assert "codebook use, %" in shown.out
    assert "FID" not in shown.out
    figures: dict[str, Any] = json.loads(out.read_text())["figures"]
    assert figures["joint error, cm"]["value"] >= figures["pose error, cm"]["value"] / 2
    scored = moclip(
        "evaluate", "reconstruction", made / "motionclip", *DATA, "--evaluator", made / "evaluator"
    )
    assert "FID of real halves" in scored.out


def test_directions(moclip: Run, made: Path) -> None:
    command = ("evaluate", "directions", made / "generator", "--length", "1s", "--seeds", 1)
    shown = moclip(*command)
    assert (shown.code, shown.err) == (0, "")
    assert "a person walks and turns left" in shown.out
    found = json.loads(moclip(*command, "--json").out)
    assert set(found["answers"]["a person runs"]) == {"wanted", "right", "courses"}


def test_edits(moclip: Run, made: Path) -> None:
    command = ("evaluate", "edits", made / "motionclip", *DATA, "--evaluator", made / "evaluator")
    shown = moclip(*command)
    assert (shown.code, shown.err) == (0, "")
    assert all(row in shown.out for row in ("rebuilt clips", "target style", "base content"))
    found = json.loads(moclip(*command, "--most", 1, "--json").out)
    assert found["sums"] == 1
    assert set(found["real clips"]) == {"content", "style", "both"}
    refused = moclip("evaluate", "edits", made / "generator", *DATA, "--evaluator", "e")
    assert refused.code == 2
    assert "holds a model of kind 'generator', wanted motionclip" in refused.err


def test_recognition(moclip: Run, made: Path, tmp_path: Path) -> None:
    command = ("evaluate", "recognition", made / "motionclip", *DATA, "--kind", "content")
    shown = moclip(*command)
    assert (shown.code, shown.err) == (0, "")
    assert all(name in shown.out for name in ("2 classes of 'content'", "segment", "any-label"))
    labels = tmp_path / "labels.txt"
    labels.write_text("walk\nfly\n")
    found = json.loads(moclip(*command, "--labels", labels, "--json").out)
    assert found["classes"] == ["walk", "fly"]
    assert found["segment"]["clips"]["value"] == 12
    refused = moclip("evaluate", "recognition", made / "motionclip", *DATA, "--kind", "mood")
    assert (refused.code, refused.out) == (2, "")
    assert "no clip has a label 'mood'; there are: content, style" in refused.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--first", 0), "--first is 0, wanted at least 1"),
        (("--first", -1), "--first is -1, wanted at least 1"),
        (("--template", "nothing"), "the template 'nothing' has no {} where the label goes"),
    ],
)
def test_recognition_by_options_that_mean_nothing_is_refused(
    moclip: Run, made: Path, tmp_path: Path, options: tuple[object, ...], told: str
) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("walk\nfly\n")
    command = ("evaluate", "recognition", made / "motionclip", *DATA, "--kind", "content")
    shown = moclip(*command, "--labels", labels, *options)
    assert (shown.code, shown.out, shown.err) == (2, "", f"moclip: {told}\n")


def test_recognition_by_the_first_of_a_file_needs_the_file(moclip: Run, made: Path) -> None:
    command = ("evaluate", "recognition", made / "motionclip", *DATA, "--kind", "content")
    shown = moclip(*command, "--first", 1)
    assert (shown.code, shown.out) == (2, "")
    assert "--first takes classes of a file, wanted --labels too" in shown.err


@pytest.mark.parametrize("name", ["./nowhere", "runs/none", "/no/such/folder"])
def test_a_model_that_is_not_there_is_taken_for_no_command(moclip: Run, name: str) -> None:
    shown = moclip("evaluate", name, *DATA)
    assert (shown.code, shown.out, shown.err.count("\n")) == (2, "", 1)
    assert f"there is no model folder {name}" in shown.err


def test_a_model_without_a_command_is_asked_for_retrieval(moclip: Run, model: Path) -> None:
    shown = moclip("evaluate", model, *DATA, "--protocol", "all")
    assert (shown.code, shown.err) == (0, "")
    assert "motion->text" in shown.out


@pytest.mark.parametrize("way", ["retrieval", "recognition"])
def test_options_that_a_data_set_does_not_have_are_told(moclip: Run, model: Path, way: str) -> None:
    for setting in ("split=x", "name=y", "nothing=1"):
        shown = moclip("evaluate", way, model, *DATA, "--set", setting)
        assert (shown.code, shown.out, shown.err.count("\n")) == (2, "", 1)
        assert f"has no option '{setting.partition('=')[0]}'; there are: " in shown.err


def test_a_folder_named_as_a_command_does_not_hide_it(
    moclip: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("edits").mkdir()
    shown = moclip("evaluate", "edits", "nowhere", "--data", "bundled", "--evaluator", "neither")
    assert shown.code == 2
    assert "Unrecognized" not in shown.err
    assert "nowhere" in shown.err or "neither" in shown.err


def test_a_command_that_is_not_there_is_told_with_those_that_are(moclip: Run) -> None:
    shown = moclip("evaluate", "everything")
    assert shown.code == 2
    assert "no command of `moclip evaluate` 'everything'; there are: directions, edits" in shown.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--evaluator", "nowhere"), "nowhere holds no evaluator"),
        (("--evaluator", "guo:nowhere"), "which HumanML3D has in its folder 'texts'"),
        (("--clips", 0), "--clips is 0"),
        (("--clips", 3), "3 clips came, an evaluation takes at least 20"),
        (("--repeats", 0), "0 repeats came"),
    ],
)
def test_mistakes_are_one_sentence(
    moclip: Run, made: Path, options: tuple[object, ...], told: str
) -> None:
    command = ("evaluate", "generation", made / "generator", *DATA)
    given = () if "--evaluator" in options else ("--evaluator", made / "evaluator")
    shown = moclip(*command, *given, *options)
    assert (shown.code, shown.out, len(shown.err.strip().splitlines())) == (2, "", 1)
    assert told in shown.err
