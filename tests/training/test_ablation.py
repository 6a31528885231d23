"""Arms of MotionCLIP's ablation: what each leaves out, what is measured, what is not done twice."""

from pathlib import Path

import pytest
import small_runs
import torch
from small_motionclip import recipe_of

from moclip.motion import Motion
from moclip.training.motionclip import ablation, run
from moclip.training.motionclip.recipe import Recipe
from moclip.training.run import Clips


@pytest.fixture
def recipe(text_tower: Path) -> Recipe:
    return recipe_of(text_tower, schedule={"epochs": 1}, loss={"contrastive": 0.1})


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> None:
    clips = small_runs.clips()
    monkeypatch.setattr(ablation.Clips, "of", lambda *_: Clips(clips.train, clips.val))
    monkeypatch.setattr(ablation, "split_of", lambda *_: small_runs.walks(4))


def test_arms_are_those_that_differ(recipe: Recipe) -> None:
    assert ablation.arms(recipe) == ["whole", "no text loss", "no velocities"]
    seen = recipe.with_(loss={"image": 0.1, "velocities": 0.0})
    assert ablation.arms(seen) == ["whole", "no text loss", "no image loss"]
    blind = recipe.with_(loss=ablation.PARTS["no text loss"])
    assert (blind.loss.text, blind.loss.contrastive) == (0.0, 0.0)


@pytest.mark.usefixtures("data")
def test_every_arm_and_bridge_has_its_row(recipe: Recipe, tmp_path: Path) -> None:
    rows = ablation.ablate(recipe, tmp_path, seeds=(0, 1), device="cpu")
    assert [(row.arm, row.bridge, row.seed) for row in rows[:5]] == [
        ("whole", "prior", 0),
        ("whole", "centre", 0),
        ("whole", "none", 0),
        ("no text loss", "prior", 0),
        ("no velocities", "prior", 0),
    ]
    assert len(rows) == 10
    lines = ablation.table(rows)
    assert [line["seeds"] for line in lines] == ["2"] * 5
    assert {"pose cm", "R@1", "speed"} <= lines[0].keys()
    assert (tmp_path / "ablation.json").exists()


@pytest.mark.usefixtures("data")
def test_what_is_trained_is_not_trained_again(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ablation.ablate(recipe, tmp_path, seeds=(0,), device="cpu")
    monkeypatch.setattr(run.AutoencoderTask, "step", None)
    again = ablation.ablate(recipe, tmp_path, seeds=(0,), device="cpu")
    assert again == first


def test_speed_is_metres_a_second() -> None:
    walk = small_runs.walks(1)[0].motion
    ahead = torch.zeros_like(walk.joints)
    ahead[..., 2] = torch.arange(len(walk))[:, None] / walk.fps * 1.5
    sliding = Motion(walk.joints[:1] + ahead, walk.fps, walk.skeleton)
    assert ablation.speed(sliding) == pytest.approx(1.5, rel=1e-4)
