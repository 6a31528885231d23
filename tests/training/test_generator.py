"""Training of a generator: its stages, runs that stop and go on, another tower's fine-tuning."""

from pathlib import Path
from typing import Any

import pytest
import small_clip
import small_runs
import torch

from moclip.models.generator.generator import MotionGenerator, load_text_tower
from moclip.models.text import clip as clip_text
from moclip.motion import CaptionedMotion
from moclip.tasks.generation import TextToMotion
from moclip.training import kinds
from moclip.training.batches import Teacher
from moclip.training.generator import run
from moclip.training.generator.going_on import settled
from moclip.training.generator.recipe import STAGES, Recipe
from moclip.training.generator.stages import QuantiserTask
from moclip.training.generator.tokens import Tokens
from moclip.training.metrics import read_metrics
from moclip.training.run import Clips

SIZES: dict[str, Any] = {
    "quantiser": {"width": 16, "code_dim": 8, "codes": 16, "layers": 3, "depth": 1},
    "masked": {"width": 16, "layers": 1, "heads": 2},
    "residual": {"width": 16, "layers": 1, "heads": 2},
}
SHORT = {"epochs": 2, "batch_size": 4, "lr": 1e-3}


def clips() -> Clips:
    """Long enough for a token or two."""
    return Clips(small_runs.walks(9), small_runs.walks(4, start=2))


def recipe_of(text: Path, **sections: Any) -> Recipe:
    table: dict[str, Any] = {
        "name": "tiny",
        "model": "generator",
        "data": {"name": "bundled"},
        "text": {"tower": "clip", "source": str(text)},
        "augment": {"mirror": "off"},
        **SIZES,
        **{f"train_{stage}": SHORT for stage in STAGES},
    }
    return Recipe.of(table).with_(**sections)


def trained(recipe: Recipe, out: Path, **options: Any) -> Path:
    return run.train(recipe, out, clips=clips(), device="cpu", **options)


@pytest.fixture(scope="session")
def whole(text_tower: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(recipe_of(text_tower), tmp_path_factory.mktemp("generator") / "whole")


def test_the_shipped_recipes_are_of_this_kind() -> None:
    for name in ("generator_bandai", "generator_humanml3d", "generator_swap"):
        assert isinstance(kinds.load(name), Recipe)
    swap = kinds.load("generator_swap")
    assert isinstance(swap, Recipe)
    assert {swap.stage(name).lr for name in STAGES[1:]} == {1e-6}
    assert {swap.stage(name).warmup for name in STAGES[1:]} == {0.0}
    assert swap.stage("quantiser").epochs == 0


def test_a_recipe_makes_a_generator_that_makes_motion(whole: Path) -> None:
    made = TextToMotion.open(whole)
    (motion,) = made.motions(["walk 1 a"], seconds=1.05, seed=3)
    assert len(motion) == 21
    again = made.motions(["walk 2 a", "walk 1 a"], seconds=[0.6, 1.05], seed=3)[1]
    torch.testing.assert_close(motion.joints, again.joints, atol=1e-4, rtol=0)
    for stage in STAGES:
        rows = small_runs.rows(whole / stage)
        assert [row["epoch"] for row in rows] == [1, 2]
        assert all("val_loss" in row for row in rows)
    assert "| quantiser_joint_error |" in (whole / "README.md").read_text()


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_that_leaves_off_after_a_stage_goes_on(
    text_tower: Path, whole: Path, tmp_path: Path, stage: str
) -> None:
    recipe = recipe_of(text_tower)
    trained(recipe, tmp_path, stop_after=stage)
    assert not (tmp_path / "config.json").exists()
    trained(recipe, tmp_path, resume=True)
    one, other = (
        MotionGenerator.from_pretrained(folder).state_dict() for folder in (whole, tmp_path)
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_stage_that_is_interrupted_goes_on_as_if_it_had_not(
    text_tower: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Codebooks and random numbers are part of the state."""
    recipe = recipe_of(text_tower)
    step, calls = QuantiserTask.step, iter(range(100))

    def some(self: QuantiserTask, batch: Any, *, is_last: bool) -> Any:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return step(self, batch, is_last=is_last)

    with monkeypatch.context() as patch:
        patch.setattr(QuantiserTask, "step", some)
        with pytest.raises(KeyboardInterrupt):
            trained(recipe, tmp_path)
    trained(recipe, tmp_path, resume=True)
    one, other = (
        MotionGenerator.from_pretrained(folder).state_dict() for folder in (whole, tmp_path)
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_after_the_forward_pass_of_a_step_makes_no_difference(
    text_tower: Path, whole: Path, tmp_path: Path
) -> None:
    """The pass has moved the codebooks by then."""
    recipe = recipe_of(text_tower)
    with pytest.MonkeyPatch.context() as patch:
        small_runs.ctrl_c_in_backward(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            trained(recipe, tmp_path)
    trained(recipe, tmp_path, resume=True)
    small_runs.assert_same_state(tmp_path / "quantiser", whole / "quantiser")


def test_a_start_that_failed_is_begun_anew_with_a_better_recipe(
    text_tower: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of(text_tower)
    with monkeypatch.context() as patch:
        patch.setattr(QuantiserTask, "optimiser", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            trained(recipe.with_(seed=1), tmp_path)
    assert (tmp_path / "recipe.toml").exists()
    trained(recipe, tmp_path, stop_after="quantiser")
    assert (tmp_path / "recipe.toml").read_text() == settled(recipe, "clip").to_toml()


def test_folders_of_other_runs_are_refused(text_tower: Path, whole: Path, tmp_path: Path) -> None:
    recipe = recipe_of(text_tower)
    with pytest.raises(ValueError, match="holds a run already"):
        trained(recipe, whole)
    with pytest.raises(ValueError, match="holds a run of another recipe"):
        trained(recipe.with_(seed=1), whole, resume=True)
    with pytest.raises(ValueError, match="holds no run to resume"):
        trained(recipe, tmp_path, resume=True)


def test_another_tower_is_fine_tuned_and_known_from_then_on(whole: Path, tmp_path: Path) -> None:
    """The quantiser stays to the bit, both transformers move, the old tower is refused."""
    other = small_clip.write_text_tower(tmp_path / "clip", seed=5)
    stage = {"epochs": 1, "batch_size": 4, "lr": 1e-3, "warmup": 0.0}
    swapped = recipe_of(
        other,
        start=whole,
        train_quantiser={"epochs": 0},
        train_masked=stage,
        train_residual=stage,
    )
    out = trained(swapped, tmp_path / "swapped")
    before, after = (MotionGenerator.from_pretrained(folder) for folder in (whole, out))
    one, two = before.state_dict(), after.state_dict()
    same = {name for name in one if torch.equal(one[name], two[name])}
    assert {name for name in one if name.startswith("quantiser.")} <= same
    assert "masked.embed.weight" not in same
    assert "residual.tables" not in same
    assert before.tower.hash != after.tower.hash
    with pytest.raises(ValueError, match=f"{after.tower.hash[:12]}.*{before.tower.hash[:12]}"):
        after.check_tower(load_text_tower(whole))
    after.check_tower(clip_text.Encoder.from_pretrained(str(other)))


def test_nothing_to_start_from_is_told(text_tower: Path) -> None:
    with pytest.raises(ValueError, match="a stage of 0 epochs needs 'start'"):
        recipe_of(text_tower, train_masked={"epochs": 0})


def test_tokens_of_clips_are_those_of_each_alone(text_tower: Path, whole: Path) -> None:
    model = MotionGenerator.from_pretrained(whole)
    made: list[CaptionedMotion] = small_runs.walks(5)
    tower = clip_text.Encoder.from_pretrained(str(text_tower))
    teacher = Teacher.of_tower(tower, [caption for clip in made for caption in clip.captions])
    tokens = Tokens.of_clips(model.quantiser, made, teacher)
    for number, clip in enumerate(made):
        alone = model.encode(clip.motion)
        assert torch.equal(tokens.tokens[number], alone.tokens[0])
    codes, text = tokens.of([3, 1], torch.Generator().manual_seed(0))
    assert codes.frames.tolist() == [len(made[3].motion), len(made[1].motion)]
    assert codes.mask.sum(dim=1).tolist() == [len(tokens.tokens[3]), len(tokens.tokens[1])]
    raw = tower.encode(made[3].captions)
    assert min(float((raw - text[0]).norm(dim=-1).min()), 1) < 1e-5


@pytest.mark.parametrize("term", ["joints", "velocities"])
def test_terms_of_joints_weigh_what_the_recipe_says(
    term: str, text_tower: Path, tmp_path: Path
) -> None:
    """The same first epoch, judged with and without: 100 of a term of about this size more."""
    found = []
    for weight in (0.0, 100.0):
        stage = SHORT | {"epochs": 1, "lr": 1e-9, term: weight}
        folder = trained(recipe_of(text_tower, train_quantiser=stage), tmp_path / f"{weight:g}")
        found.append(read_metrics(folder / "quantiser" / "metrics.jsonl")[0])
    without, with_term = found
    assert with_term["val_loss"] - without["val_loss"] > 25 * without[term]
