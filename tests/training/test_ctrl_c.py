"""Ctrl-C as the system sends it: a step is taken to its end, and a resumed run is the same run."""

import json
import signal
from dataclasses import asdict
from pathlib import Path

import pytest
import small_runs
import torch
from safetensors.torch import load_file, save_file

from moclip.training import run
from moclip.training.recipe import Recipe
from moclip.training.state import peek

pytestmark = pytest.mark.usefixtures("interruptible")


@pytest.fixture
def recipe(text_tower: Path) -> Recipe:
    return small_runs.recipe(text_tower)


def train(recipe: Recipe, out: Path, **options: bool) -> Path:
    return run.train(recipe, out, clips=small_runs.clips(), device="cpu", **options)


@pytest.mark.parametrize("call", [1, 4, 6, 8, 11])
def test_a_run_stopped_inside_a_step_takes_it_to_its_end(
    recipe: Recipe, tmp_path: Path, finished: Path, call: int
) -> None:
    """Dropout has drawn its numbers by then, and buffers may have changed."""
    with pytest.MonkeyPatch.context() as patch:
        small_runs.ctrl_c_in_backward(patch, call)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tmp_path)
    assert peek(tmp_path).epoch * 3 + peek(tmp_path).step == call + 1
    train(recipe, tmp_path, resume=True)
    assert small_runs.without_times(tmp_path) == small_runs.without_times(finished)
    small_runs.assert_same_state(tmp_path, finished)


@pytest.mark.parametrize("call", [1, 4, 8])
def test_a_second_ctrl_c_stops_inside_a_step_and_leaves_the_last_state(
    recipe: Recipe, tmp_path: Path, finished: Path, call: int
) -> None:
    often = recipe.with_(schedule={"state_minutes": 0.0})
    with pytest.MonkeyPatch.context() as patch:
        small_runs.ctrl_c_in_backward(patch, call, times=2)
        with pytest.raises(KeyboardInterrupt):
            train(often, tmp_path)
    assert (peek(tmp_path).epoch, peek(tmp_path).step) == (call // 3, 0)
    train(often, tmp_path, resume=True)
    assert small_runs.without_times(tmp_path) == small_runs.without_times(finished)
    small_runs.assert_same_state(tmp_path, finished)


def test_ctrl_c_in_the_middle_of_an_update_waits_for_its_end(
    recipe: Recipe, tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = torch.optim.AdamW.step
    calls = iter(range(10**6))

    def some(self: torch.optim.AdamW, *arguments: object) -> object:
        if next(calls) == 4:
            signal.raise_signal(signal.SIGINT)
        return whole(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", some)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tmp_path)
    assert (peek(tmp_path).epoch, peek(tmp_path).step) == (1, 2)
    train(recipe, tmp_path, resume=True)
    small_runs.assert_same_state(tmp_path, finished)


@pytest.mark.parametrize("older", [False, True])
def test_a_run_stopped_in_an_epoch_of_one_step_goes_on(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, older: bool
) -> None:
    """Its state holds the step's time too; ``older`` ones did not."""
    one_step = recipe.with_(schedule={"batch_size": 16})
    with monkeypatch.context() as patch:
        small_runs.ctrl_c_in_backward(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            train(one_step, tmp_path / "stopped")
    assert (peek(tmp_path / "stopped").epoch, peek(tmp_path / "stopped").step) == (1, 1)
    if older:
        without_sums(tmp_path / "stopped", "seconds", "data_wait")
    train(one_step, tmp_path / "stopped", resume=True)
    train(one_step, tmp_path / "whole")
    rows = [small_runs.without_times(tmp_path / name) for name in ("stopped", "whole")]
    assert rows[0] == rows[1]
    assert (small_runs.rows(tmp_path / "stopped")[1]["seconds"] > 0) is not older
    small_runs.assert_same_state(tmp_path / "stopped", tmp_path / "whole")


def without_sums(folder: Path, *names: str) -> None:
    """Takes running sums out of a state."""
    path = folder / "state.safetensors"
    progress = asdict(peek(folder))
    for name in names:
        del progress["sums"][name]
    save_file(load_file(path), path, {"progress": json.dumps(progress)})
