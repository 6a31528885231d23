"""A run as a whole: its folder, what it may not open, what it refuses; and it is repeatable."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import doubles
import pytest
import small_runs
import torch

from moclip import datasets, formats
from moclip.models.two_tower import MoCLIP
from moclip.motion import CaptionedMotion
from moclip.training import loop, run, start
from moclip.training.recipe import Recipe
from moclip.training.state import peek


@pytest.fixture
def recipe(text_tower: Path) -> Recipe:
    return small_runs.recipe(text_tower)


def train(recipe: Recipe, out: Path, **options: Any) -> Path:
    return run.train(recipe, out, clips=small_runs.clips(), device="cpu", **options)


def text_of(model: MoCLIP) -> list[torch.Tensor]:
    return [parameter.detach() for parameter in model.text.parameters()]


def test_the_first_phase_leaves_the_text_tower_to_the_bit(recipe: Recipe, tmp_path: Path) -> None:
    plain = text_of(run.new_model(recipe, small_runs.walks()))
    first = text_of(MoCLIP.from_pretrained(train(recipe, tmp_path, stop_after=2)))
    assert all(torch.equal(a, b) for a, b in zip(plain, first, strict=True))


def test_the_second_phase_changes_the_text_tower(recipe: Recipe, tmp_path: Path) -> None:
    plain = text_of(run.new_model(recipe, small_runs.walks()))
    only = recipe.with_(schedule={"frozen_epochs": 0, "unfrozen_epochs": 1})
    second = text_of(MoCLIP.from_pretrained(train(only, tmp_path)))
    changed = [not torch.equal(a, b) for a, b in zip(plain, second, strict=True)]
    assert sum(changed) > len(changed) / 2


def test_the_folder_holds_the_epoch_with_the_best_validation(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures of validation are planted, so that the second epoch of four is the best."""
    planted = iter((10.0, 40.0, 20.0, 30.0))
    after: list[dict[str, torch.Tensor]] = []

    def validated(self: run.Validation, model: MoCLIP) -> dict[str, float]:
        after.append({name: value.clone() for name, value in model.state_dict().items()})
        return {"R@1": next(planted), "text_norm_ratio": 1.0}

    monkeypatch.setattr(run.Validation, "__call__", validated)
    train(recipe, tmp_path)
    found = small_runs.weights(tmp_path)
    same = [all(torch.equal(state[n], found[n]) for n in found) for state in after]
    assert same == [False, True, False, False]
    assert (peek(tmp_path).best, peek(tmp_path).best_epoch) == (40, 2)
    assert "| R@1 | 40 |" in (tmp_path / "README.md").read_text()
    assert "| epoch | 2 |" in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize(("fine_tune", "best"), [(True, 3), (False, 2)])
def test_the_best_of_the_unfrozen_epochs_is_kept_where_there_are_any(
    monkeypatch: pytest.MonkeyPatch, recipe: Recipe, tmp_path: Path, fine_tune: bool, best: int
) -> None:
    planted = iter((10.0, 40.0, 30.0, 20.0))
    monkeypatch.setattr(
        run.Validation, "__call__", lambda _, __: {"R@1": next(planted), "text_norm_ratio": 1.0}
    )
    schedule = {"frozen_epochs": 2, "unfrozen_epochs": 2, "best_of": "unfrozen"}
    train(recipe.with_(schedule=schedule, text={"fine_tune": fine_tune}), tmp_path)
    assert peek(tmp_path).best_epoch == best
    assert f"| epoch | {best} |" in (tmp_path / "README.md").read_text()


def test_the_best_figure_is_the_highest_row(finished: Path) -> None:
    measured = [row["val_R@1"] for row in small_runs.rows(finished)]
    assert peek(finished).best == max(measured)
    assert measured[peek(finished).best_epoch - 1] == max(measured)


def test_the_model_of_the_folder_gives_the_validation_that_was_written(finished: Path) -> None:
    model = MoCLIP.from_pretrained(finished)
    clips = small_runs.clips()
    row = small_runs.rows(finished)[peek(finished).best_epoch - 1]
    with torch.no_grad():
        measured = run.Validation(model, clips.val)(model)
    assert measured["R@1"] == row["val_R@1"]


def test_the_same_recipe_gives_the_same_model(
    recipe: Recipe, tmp_path: Path, finished: Path
) -> None:
    torch.rand(7)
    train(recipe, tmp_path)
    one, other = small_runs.weights(tmp_path), small_runs.weights(finished)
    assert all(torch.equal(one[name], other[name]) for name in other)
    assert small_runs.without_times(tmp_path) == small_runs.without_times(finished)


def test_another_seed_gives_another_model(recipe: Recipe, tmp_path: Path, finished: Path) -> None:
    train(recipe.with_(seed=1), tmp_path, stop_after=1)
    assert small_runs.rows(tmp_path)[0]["loss"] != small_runs.rows(finished)[0]["loss"]


def test_training_never_opens_the_test_split(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def load(name: str, split: str, **options: object) -> list[CaptionedMotion]:
        opened.append(split)
        return small_runs.walks() if split == "train" else small_runs.walks(3)

    monkeypatch.setattr(datasets, "load", load)
    run.train(recipe, tmp_path, device="cpu")
    assert sorted(opened) == ["train", "val"]


def test_a_split_of_one_clip_is_refused(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        datasets, "load", lambda _, split: small_runs.walks(9 if split == "train" else 1)
    )
    with pytest.raises(ValueError, match="'bundled' has 1 clips to val on, at least 2"):
        run.train(recipe, tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_a_run_killed_in_its_first_minutes_can_be_resumed(
    recipe: Recipe, tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed, not interrupted: nothing is written at the end; the last state is the first."""
    with monkeypatch.context() as patch:
        whole = loop.Loop._epoch

        def killed(self: loop.Loop, epoch: int) -> None:
            if epoch == 2:
                raise SystemExit
            whole(self, epoch)

        patch.setattr(loop.Loop, "_epoch", killed)
        with pytest.raises(SystemExit):
            train(recipe, tmp_path)
    assert (peek(tmp_path).epoch, peek(tmp_path).step) == (0, 0)
    train(recipe, tmp_path, resume=True)
    assert small_runs.without_times(tmp_path) == small_runs.without_times(finished)
    small_runs.assert_same_state(tmp_path, finished)


def test_a_damaged_state_is_told_in_a_sentence(recipe: Recipe, tmp_path: Path) -> None:
    train(recipe, tmp_path, stop_after=1)
    (tmp_path / "state.safetensors").write_bytes(b"\x08\x00\x00")
    with pytest.raises(ValueError, match=r"state\.safetensors is damaged") as caught:
        train(recipe, tmp_path, resume=True)
    assert "\n" not in str(caught.value)


def test_a_finished_run_taken_up_again_stays_as_it_is(recipe: Recipe, tmp_path: Path) -> None:
    train(recipe, tmp_path)
    names = ("model.safetensors", "metrics.jsonl")
    before = [(tmp_path / name).read_bytes() for name in names]
    train(recipe, tmp_path, resume=True)
    assert [(tmp_path / name).read_bytes() for name in names] == before


@pytest.mark.parametrize(("device", "wanted"), [("cpu", {"no", "bf16"}), ("mps", {"no"})])
def test_automatic_precision_asks_the_device_at_hand(
    recipe: Recipe, device: str, wanted: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object, **__: object) -> bool:
        raise AssertionError("CUDA was asked")

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", asked)
    assert start.precision(recipe.optimiser.precision, device) in wanted


def test_automatic_precision_is_half_where_the_processor_multiplies_it(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fast, wanted in ((True, "bf16"), (False, "no")):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda fast=fast: fast)
        assert start.precision(recipe.optimiser.precision, "cpu") == wanted
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda fast=fast, **_: fast)
        assert start.precision(recipe.optimiser.precision, "cuda") == wanted
    for name, wanted in (("fp32", "no"), ("bf16", "bf16")):
        assert start.precision(name, "cpu") == wanted


def test_runs_of_one_process_each_have_their_own_precision(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    make = start.accelerator

    def noted(wanted: start.Precision, device: str | None, **options: bool) -> object:
        accelerator = make(wanted, device, **options)
        seen.append(accelerator.mixed_precision)
        return accelerator

    monkeypatch.setattr(start, "accelerator", noted)
    for number, name in enumerate(("fp32", "bf16", "fp32")):
        other = recipe.with_(optimiser={"precision": name})
        train(other, tmp_path / str(number), stop_after=1)
    assert seen == ["no", "bf16", "no"]
    losses = [small_runs.rows(tmp_path / str(n))[0]["loss"] for n in range(3)]
    assert losses[0] == losses[2] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_the_norm_ratio_is_student_by_teacher() -> None:
    model = doubles.model()
    measure = run.Validation(model, doubles.clips(4))
    assert measure.norm_ratio(model) == 1
    model.unfreeze_text()
    with torch.no_grad():
        model.text.words.weight.mul_(1.5)
    assert measure.norm_ratio(model) == pytest.approx(1.5)
    with torch.no_grad():
        assert measure(model)["text_norm_ratio"] == pytest.approx(1.5)


def interrupt_after(out: Path, process: "subprocess.Popen[str]", *, epochs: int) -> None:
    """Ctrl-C once so many epochs are written; gives up after five minutes."""
    deadline = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline:
        if (out / "metrics.jsonl").exists() and len(small_runs.rows(out)) >= epochs:
            process.send_signal(signal.SIGINT)
            return
        time.sleep(0.05)


@pytest.mark.usefixtures("interruptible")
def test_control_c_leaves_a_folder_that_is_resumed(text_tower: Path, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "run"
    data.mkdir()
    lines = ["file,caption,split"]
    for number, clip in enumerate(small_runs.walks(6)):
        formats.write(clip.motion, data / f"{number}.npz")
        lines.append(f"{number}.npz,{clip.captions[0]},{'val' if number > 3 else 'train'}")
    (data / "captions.csv").write_text("\n".join(lines) + "\n")
    endless = small_runs.recipe(text_tower, schedule={"frozen_epochs": 10**5}).with_(
        data={"name": "folder", "root": str(data)}
    )
    (tmp_path / "endless.toml").write_text(endless.to_toml())
    command = [sys.executable, "-m", "moclip", "train", "endless.toml", "--out", "run"]
    environment = os.environ | {"MOCLIP_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [*command, "--device", "cpu"],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            interrupt_after(out, process, epochs=3)
            _, told = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130, told
    assert "--resume" in told
    assert "Traceback" not in told
    stood = peek(out)
    assert stood.epoch >= 3
    run.train(endless, out, resume=True, device="cpu", stop_after=stood.epoch + 2)
    assert [row["epoch"] for row in small_runs.rows(out)] == list(range(1, stood.epoch + 3))


def test_a_processor_takes_as_many_frames_together_as_its_cache_holds(recipe: Recipe) -> None:
    clips = small_runs.walks()
    model = run.new_model(recipe, clips)
    loose = recipe.with_(schedule={"slack": 0.9})

    def most(recipe: Recipe) -> list[int]:
        batch = next(run.batches_of(recipe, model, clips).epoch(0))
        return [part.mask.numel() for part in batch.motions]

    model.motion.frames_in_cache = 50
    assert len(most(loose)) > 1
    assert max(most(loose)) <= 50
    assert len(most(loose.with_(schedule={"frames": 10_000}))) == 1
    model.motion.frames_in_cache = None
    assert len(most(loose)) == 1
