"""The folder of a run: what it may hold before, who may train into it, what is refused."""

import re
from pathlib import Path
from typing import Any

import pytest
import small_runs

from moclip.files import held
from moclip.training import kinds, loop, run
from moclip.training.recipe import Recipe
from moclip.training.state import has_state, peek


@pytest.fixture
def recipe(text_tower: Path) -> Recipe:
    return small_runs.recipe(text_tower)


def train(recipe: Recipe, out: Path, **options: Any) -> Path:
    return run.train(recipe, out, clips=small_runs.clips(), device="cpu", **options)


def test_a_folder_that_holds_a_run_is_refused(recipe: Recipe, finished: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*")}
    with pytest.raises(ValueError, match="holds a run already; resume it \\(--resume\\) or name"):
        train(recipe, finished)
    with pytest.raises(ValueError, match="holds a run of another recipe"):
        train(recipe.with_(seed=9), finished, resume=True)
    with pytest.raises(ValueError, match="holds a run of another recipe"):
        train(recipe.with_(seed=9), finished, resume="if there")
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*")} == before


@pytest.mark.parametrize("text", ['name = "theirs"\n', 'name = "a"\ndata.name = "bundled"\n', "?"])
def test_a_recipe_written_by_hand_is_not_overwritten(
    recipe: Recipe, tmp_path: Path, text: str
) -> None:
    (tmp_path / "recipe.toml").write_text(text)
    with pytest.raises(ValueError, match=r"recipe\.toml was not written by a run; move it or"):
        train(recipe, tmp_path)
    assert (tmp_path / "recipe.toml").read_text() == text


def test_a_start_that_fails_before_the_first_step_leaves_nothing(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "batches_of", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(recipe, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("resume", [False, "if there"])
def test_a_start_that_failed_is_begun_anew_with_a_better_recipe(
    recipe: Recipe, tmp_path: Path, resume: bool | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(loop.Loop, "run", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train(recipe.with_(seed=1), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.toml"]
    with pytest.raises(ValueError, match="holds no run to resume"):
        train(recipe, tmp_path, resume=True)
    train(recipe, tmp_path, resume=resume, stop_after=1)
    assert (tmp_path / "recipe.toml").read_text() == recipe.to_toml()


def test_a_generator_that_is_half_trained_keeps_its_recipe(recipe: Recipe, tmp_path: Path) -> None:
    theirs = kinds.load("generator_bandai").to_toml()
    (tmp_path / "recipe.toml").write_text(theirs)
    (tmp_path / "masked").mkdir()
    (tmp_path / "masked" / "state.safetensors").touch()
    with pytest.raises(ValueError, match="holds a run already"):
        train(recipe, tmp_path)
    assert (tmp_path / "recipe.toml").read_text() == theirs


def test_a_folder_that_another_process_trains_into_is_refused(
    recipe: Recipe, tmp_path: Path
) -> None:
    train(recipe, tmp_path, stop_after=1)
    before = small_runs.rows(tmp_path), (tmp_path / "state.safetensors").read_bytes()
    with held(tmp_path):
        with pytest.raises(ValueError, match=f"^{re.escape(str(tmp_path))} is being trained by an"):
            train(recipe, tmp_path, resume=True)
        after = small_runs.rows(tmp_path), (tmp_path / "state.safetensors").read_bytes()
    assert after == before
    train(recipe, tmp_path, resume=True, stop_after=2)


def test_a_folder_is_held_as_long_as_it_is_trained_into(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = []

    def validated(*_: object) -> dict[str, float]:
        with held(tmp_path) as is_free:
            free.append(is_free)
        return {"R@1": 1.0, "text_norm_ratio": 1.0}

    monkeypatch.setattr(run.Validation, "__call__", validated)
    train(recipe, tmp_path, stop_after=1)
    assert free == [False]
    with held(tmp_path) as is_free:
        assert is_free


def test_there_is_nothing_to_resume_in_an_empty_folder(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no run to resume"):
        train(recipe, tmp_path / "none", resume=True)


@pytest.mark.parametrize("resume", [False, "if there"])
def test_a_run_killed_before_its_first_state_can_start_again(
    recipe: Recipe, tmp_path: Path, resume: bool | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(loop.Loop, "run", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tmp_path)
    assert (tmp_path / "recipe.toml").exists()
    assert not has_state(tmp_path)
    train(recipe, tmp_path, resume=resume, stop_after=1)
    assert peek(tmp_path).epoch == 1
