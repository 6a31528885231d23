"""The recipe beside its controls: the same first phase, one table, and a stop in between."""

import json
from pathlib import Path

import pytest
import small_runs
import torch
from safetensors.torch import load_file

from moclip import datasets
from moclip.evaluation.figures import Report
from moclip.models.two_tower import MoCLIP
from moclip.motion import CaptionedMotion
from moclip.training import controls, loop, run
from moclip.training.controls import Row
from moclip.training.recipe import Recipe
from moclip.training.state import peek


def load(name: str, split: str, **options: object) -> list[CaptionedMotion]:
    """Splits of one set of walks."""
    whole = small_runs.walks(18)
    return {"train": whole[:10], "val": whole[10:14], "test": whole[14:], "all": whole}[split]


@pytest.fixture(autouse=True)
def walks_for_bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "load", load)


@pytest.fixture
def recipe(text_tower: Path) -> Recipe:
    return small_runs.recipe(text_tower)


def text_of(folder: Path) -> dict[str, torch.Tensor]:
    return dict(MoCLIP.from_pretrained(folder).text.state_dict())


def is_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_a_comparison_from_start_to_table(recipe: Recipe, tmp_path: Path) -> None:
    rows = controls.compare(recipe, tmp_path, seeds=(0, 1), device="cpu")
    assert [(row.arm, row.seed) for row in rows] == [
        (arm, seed) for seed in (0, 1) for arm in controls.ARMS
    ]
    table = json.loads((tmp_path / "controls.json").read_text())
    assert [row["arm"] for row in table["rows"]] == [row.arm for row in rows]
    for row in rows:
        assert row.report.clips == 4
        assert 0 <= row.figures["R@1"] <= 100
        is_plain = row.arm in ("untrained", "frozen text")
        text = text_of(tmp_path / row.folder)
        plain = run.new_model(recipe.with_(seed=row.seed), load("bundled", "train"))
        assert not is_plain or is_same(text, dict(plain.text.state_dict()))
        assert not is_plain or row.figures["text_norm_ratio"] == 1
    seeds = [text_of(tmp_path / f"seed-{seed}" / "untrained") for seed in (0, 1)]
    assert is_same(*seeds)


def test_the_arms_share_the_first_phase_to_the_bit(recipe: Recipe, tmp_path: Path) -> None:
    clips = run.Clips.of(recipe, recipe.augment.mirror)
    folders = controls.train_arms(recipe, tmp_path, clips, device="cpu")
    first = small_runs.without_times(tmp_path / "first-phase")
    assert len(first) == 2
    trained = [folders[arm] for arm in controls.ARMS[1:]]
    second = []
    for folder in trained:
        found = small_runs.without_times(folder)
        assert found[:2] == first
        assert [row["epoch"] for row in found] == [1, 2, 3, 4]
        second.append([row["loss"] for row in found[2:]])
    assert len({tuple(losses) for losses in second}) == 3
    alone = run.train(recipe, tmp_path / "alone", clips=clips, device="cpu")
    small_runs.assert_same_state(alone, folders["tether"])
    assert peek(tmp_path / "first-phase").epoch == 2


def test_what_was_trained_is_not_trained_again(recipe: Recipe, tmp_path: Path) -> None:
    clips = run.Clips.of(recipe, recipe.augment.mirror)
    folders = controls.train_arms(recipe, tmp_path, clips, device="cpu")
    files = [folder / "model.safetensors" for folder in folders.values()]
    before = [file.stat().st_mtime_ns for file in files]
    controls.train_arms(recipe, tmp_path, clips, device="cpu")
    assert [file.stat().st_mtime_ns for file in files] == before


@pytest.mark.parametrize("call", [1, 3, 4, 7])
def test_a_comparison_that_was_interrupted_goes_on(
    recipe: Recipe, tmp_path: Path, call: int
) -> None:
    clips = run.Clips.of(recipe, recipe.augment.mirror)
    whole = controls.train_arms(recipe, tmp_path / "whole", clips, device="cpu")
    calls = iter(range(10**6))
    epoch = loop.Loop._epoch

    def interrupted(self: loop.Loop, number: int) -> None:
        if next(calls) == call:
            raise KeyboardInterrupt
        epoch(self, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.Loop, "_epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            controls.train_arms(recipe, tmp_path / "again", clips, device="cpu")
    again = controls.train_arms(recipe, tmp_path / "again", clips, device="cpu")
    for arm in controls.ARMS:
        one, other = (load_file(folders[arm] / "model.safetensors") for folders in (whole, again))
        assert is_same(one, other)


def test_a_fork_cut_short_is_made_anew(recipe: Recipe, tmp_path: Path) -> None:
    clips = run.Clips.of(recipe, recipe.augment.mirror)
    folder = tmp_path / "tether"
    folder.mkdir()
    (folder / "state.safetensors").write_bytes(b"half a")
    controls.train_arms(recipe, tmp_path, clips, device="cpu")
    assert peek(folder).epoch == 4


def test_the_table_is_means_and_deviations_over_seeds() -> None:
    def row(arm: str, seed: int, **figures: float) -> Row:
        return Row(arm, seed, "", figures, Report("all", 4, 8, retrieval={}))

    rows = [row("a", 0, top=10.0, norm_ratio=1.0), row("b", 0, top=5.0, norm_ratio=2.0)]
    single = controls.mean_over_seeds(rows, ("top", "norm_ratio"))
    assert single == {
        "a": {"top": "10.0", "norm_ratio": "1.000"},
        "b": {"top": "5.0", "norm_ratio": "2.000"},
    }
    rows += [row("a", 1, top=20.0, norm_ratio=1.5), row("b", 1, top=5.0, norm_ratio=2.0)]
    assert controls.mean_over_seeds(rows, ("top",)) == {
        "a": {"top": "15.0 ± 7.1"},
        "b": {"top": "5.0 ± 0.0"},
    }
