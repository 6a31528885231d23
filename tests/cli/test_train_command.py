"""``moclip train`` from a recipe to a folder that the other commands open."""

import json
import shlex
import shutil
from functools import partial
from pathlib import Path

import pytest
from cli_support import Run

from moclip import cli
from moclip.training import kinds, start
from moclip.training.loop import Loop


@pytest.fixture
def recipe(clips: Path, text_tower: Path, tmp_path: Path) -> Path:
    """One epoch of each phase on three clips, with the smallest towers."""
    data = Path(shutil.copytree(clips, tmp_path / "data"))
    files = sorted(path.name for path in data.iterdir())
    lines = [
        f"{file},{start},{start + 0.5},walk number {number},{split}"
        for split, start in (("train", 0.0), ("val", 0.5))
        for number, file in enumerate(files)
    ]
    (data / "captions.csv").write_text("\n".join(("file,start,end,caption,split", *lines)) + "\n")
    file = tmp_path / "tiny.toml"
    file.write_text(f"""
name = "tiny"
data = {{ name = "folder", root = "{data}" }}
text = {{ source = "{text_tower}" }}
motion = {{ limb_width = 8, limb_layers = 1, limb_heads = 1, width = 16, layers = 1, heads = 2 }}
schedule = {{ frozen_epochs = 1, unfrozen_epochs = 1, batch_size = 2 }}
""")
    return file


def test_a_run_leaves_a_model_with_its_recipe_and_figures(
    moclip: Run, recipe: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    shown = moclip("train", recipe, "--set", "seed=3", "loss.tether=0.2", "--out", out)
    assert (shown.code, shown.err) == (0, "")
    found = json.loads(moclip("info", out, "--json").out)
    assert "seed = 3" in found["recipe"]
    assert "tether = 0.2" in found["recipe"]
    assert "val_R@1" in found["metrics"]
    assert moclip("encode", out, "a walk", "-o", tmp_path / "v.npz").code == 0


def test_a_folder_that_holds_a_run_is_not_overwritten(
    moclip: Run, recipe: Path, tmp_path: Path
) -> None:
    train = ("train", recipe, "--out", tmp_path / "run")
    assert moclip(*train).code == 0
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    shown = moclip(*train)
    assert shown.code == 2
    assert str(tmp_path / "run") in shown.err
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before


def test_an_interrupted_run_says_how_to_go_on_and_does(
    moclip: Run, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = ("train", recipe, "--out", tmp_path / "run")
    epoch = Loop._epoch

    def interrupted(self: Loop, number: int) -> None:
        if number == 1:
            raise KeyboardInterrupt
        epoch(self, number)

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "_epoch", interrupted)
        shown = moclip(*train)
    assert shown.code == 130
    assert f"--out {tmp_path / 'run'} --resume" in shown.err
    assert moclip(*train, "--resume").code == 0
    epochs = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in epochs] == [1, 2]


@pytest.mark.parametrize("stopped", ["before its first state", "after it"])
def test_the_line_to_go_on_with_is_the_command_again(
    moclip: Run,
    recipe: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stopped: str,
) -> None:
    """Words with spaces and quotes come back as they were; --resume only where there is a state."""
    out = tmp_path / "a run's"
    words = ["train", recipe, "--set", "name=a walk's", "seed=3", "--out", out, "--device", "cpu"]
    owner, name = (Loop, "_epoch") if stopped == "after it" else (start, "accelerator")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, interrupted)
        shown = moclip(*words)
    assert shown.code == 130
    (line,) = (line for line in shown.err.splitlines() if "go on with: " in line)
    _, again = line.split("go on with: moclip ")
    bound = cli.parsed("train", shlex.split(again)[1:])
    first = cli.parsed("train", [str(word) for word in words[1:]])
    assert isinstance(bound, partial)
    assert isinstance(first, partial)
    assert bound.args == first.args
    resumes = stopped == "after it"
    assert told(bound) == told(first) | {"resume": resumes}
    assert moclip(*shlex.split(again)).code == 0


def told(bound: "partial[None]") -> dict[str, object]:
    """Options of a command, groups of settings as one."""
    options = dict(bound.keywords)
    return options | {"overrides": [word for group in options["overrides"] for word in group]}


def test_the_line_to_go_on_with_keeps_shards(
    moclip: Run, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(kinds, "train", interrupted)
    shown = moclip("train", recipe, "--out", tmp_path / "run", "--shard")
    again = shlex.split(shown.err.split("go on with: moclip ")[1].splitlines()[0])
    assert again == ["train", str(recipe), "--out", str(tmp_path / "run"), "--shard"]


def test_a_generators_state_lies_in_its_stages(
    moclip: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"

    def interrupted(*_: object, **__: object) -> None:
        (out / "quantiser").mkdir(parents=True)
        (out / "quantiser" / "state.safetensors").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(kinds, "train", interrupted)
    shown = moclip("train", "generator_swap", "--out", out)
    assert shown.err.splitlines()[0].endswith(f"moclip train generator_swap --out {out} --resume")


@pytest.mark.parametrize("kind", ["motionclip", "generator"])
def test_shards_of_other_models_are_refused(
    moclip: Run, recipe: Path, tmp_path: Path, kind: str
) -> None:
    name = {"motionclip": "motionclip_demo", "generator": "generator_swap"}[kind]
    shown = moclip("train", name, "--out", tmp_path / "run", "--shard")
    assert shown.code == 2
    assert shown.err == f"moclip: --shard is for moclip only, this recipe is of kind '{kind}'\n"
    assert not (tmp_path / "run").exists()
