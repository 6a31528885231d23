"""The comparison of loss curves compares what it says: a plain way, and the same loss by it."""

import json
import sys
from pathlib import Path
from unittest import mock

import pytest
import small_runs
import torch

sys.path.append(str(Path(__file__).parents[2]))

from benchmarks import curves
from moclip.models._packing import Packing
from moclip.training.recipe import Recipe


@pytest.fixture
def recipe(text_tower: Path) -> Recipe:
    return small_runs.recipe(text_tower).with_(augment={"crop": 0.6, "speed": 0.2})


def test_the_plain_way_packs_nothing(recipe: Recipe) -> None:
    made: list[torch.Tensor | None] = []
    begin = Packing.__init__

    def noted(self: Packing, *given: object, **options: object) -> None:
        begin(self, *given, **options)
        if torch.is_grad_enabled():  # a step, not validation
            made.append(self.places)

    with mock.patch.object(Packing, "__init__", noted):
        curves.losses(recipe, curves.Plain)
        plain, made = made, []
        curves.losses(recipe, curves.Towers)
    assert plain
    assert all(places is None for places in plain)
    assert not all(places is None for places in made)


def test_both_ways_learn_the_same(
    recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "tiny.toml", tmp_path / "curves.json"
    path.write_text(recipe.to_toml())
    curves.main(recipe=str(path), seeds=(0, 1), out=out)
    found = json.loads(out.read_text())
    assert len(found["plain"][1]) == recipe.schedule.epochs
    assert found["no dropout, largest difference"] < 1e-4
    assert found["with dropout, largest difference of means"] > 1e-4
    assert "standard deviation over seeds" in capsys.readouterr().out
