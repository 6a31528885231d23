"""Two phases, their figures, and runs that are stopped anywhere and go on as if they had not."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import small_runs
import torch

from moclip.models.two_tower import MoCLIP
from moclip.training import metrics, objectives, run
from moclip.training.batches import Batches
from moclip.training.objectives import Batch
from moclip.training.recipe import Recipe
from moclip.training.state import peek


@pytest.fixture
def recipe(text_tower: Path) -> Recipe:
    return small_runs.recipe(text_tower)


def train(recipe: Recipe, out: Path, **options: bool | int) -> Path:
    return run.train(recipe, out, clips=small_runs.clips(), device="cpu", **options)


def stopped_at_batch(monkeypatch: pytest.MonkeyPatch, epoch: int, step: int) -> None:
    """Ctrl-C while the batch ``step`` of ``epoch`` is being made."""
    whole = Batches.epoch

    def some(self: Batches, number: int, *, skip: int = 0) -> Iterator[Batch]:
        for at, batch in enumerate(whole(self, number, skip=skip), start=skip):
            if (number, at) == (epoch, step):
                raise KeyboardInterrupt
            yield batch

    monkeypatch.setattr(Batches, "epoch", some)


def stopped_in(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, call: int) -> None:
    """Ctrl-C after ``owner.name`` did its work for the ``call``-th time."""
    whole: Callable[..., object] = getattr(owner, name)
    calls = iter(range(10**6))

    def some(*arguments: object, **options: object) -> object:
        result = whole(*arguments, **options)
        if next(calls) == call:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(owner, name, some)


@pytest.mark.parametrize(
    ("epoch", "step"), [(0, 0), (0, 1), (1, 2), (2, 0), (2, 1), (3, 0), (3, 2)]
)
def test_a_run_stopped_between_steps_ends_like_an_undisturbed_one(
    recipe: Recipe, tmp_path: Path, finished: Path, epoch: int, step: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stopped_at_batch(patch, epoch, step)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tmp_path)
    where = peek(tmp_path)
    assert (where.epoch, where.step) == (epoch, step)
    train(recipe, tmp_path, resume=True)
    assert small_runs.without_times(tmp_path) == small_runs.without_times(finished)
    small_runs.assert_same_state(tmp_path, finished)


def test_a_run_torn_inside_a_step_goes_back_to_the_last_state(
    recipe: Recipe, tmp_path: Path, finished: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stopped_in(patch, objectives, "moclip", 4)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tmp_path)
    assert (peek(tmp_path).epoch, peek(tmp_path).step) == (0, 0)
    train(recipe, tmp_path, resume=True)
    assert small_runs.without_times(tmp_path) == small_runs.without_times(finished)
    small_runs.assert_same_state(tmp_path, finished)


@pytest.mark.parametrize(
    ("owner", "name"),
    [(run.Validation, "__call__"), (run, "_save"), (metrics, "append")],
    ids=["validation", "saving", "writing"],
)
@pytest.mark.parametrize("call", [0, 1, 2])
def test_a_run_stopped_at_the_end_of_an_epoch_loses_no_figures(
    recipe: Recipe, tmp_path: Path, finished: Path, owner: object, name: str, call: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stopped_in(patch, owner, name, call)
        try:
            train(recipe, tmp_path)
        except KeyboardInterrupt:
            train(recipe, tmp_path, resume=True)
        else:  # the best model is not saved in every epoch
            assert name == "_save"
    assert [row["epoch"] for row in small_runs.rows(tmp_path)] == [1, 2, 3, 4]
    assert small_runs.without_times(tmp_path) == small_runs.without_times(finished)
    small_runs.assert_same_state(tmp_path, finished)


def test_a_run_that_leaves_off_after_each_epoch_is_the_same_run(
    recipe: Recipe, tmp_path: Path, finished: Path
) -> None:
    for epochs in (1, 2, 3):
        train(recipe, tmp_path, stop_after=epochs, resume=epochs > 1)
        assert len(small_runs.rows(tmp_path)) == epochs
    train(recipe, tmp_path, resume=True)
    assert small_runs.without_times(tmp_path) == small_runs.without_times(finished)
    small_runs.assert_same_state(tmp_path, finished)


def test_rows_written_after_the_last_state_are_not_doubled(
    recipe: Recipe, tmp_path: Path, finished: Path
) -> None:
    """A kill leaves metrics of epochs that no state holds, the last of them cut short."""
    train(recipe, tmp_path, stop_after=1)
    state = (tmp_path / "state.safetensors").read_bytes()
    train(recipe, tmp_path, resume=True, stop_after=3)
    (tmp_path / "state.safetensors").write_bytes(state)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 4, "lo')
    train(recipe, tmp_path, resume=True)
    assert small_runs.without_times(tmp_path) == small_runs.without_times(finished)


def test_a_row_holds_what_is_promised(finished: Path) -> None:
    found = small_runs.rows(finished)
    assert [row["phase"] for row in found] == [1, 1, 2, 2]
    for row in found:
        wanted = {"loss", "contrastive", "tether", "align", "grad_norm", "scale", "seconds"}
        wanted |= {"data_wait", "lr_motion", "lr_text", "lr_text_projection", "lr_temperature"}
        wanted |= {"val_R@1", "val_motion->text R@5", "val_text_norm_ratio"}
        assert wanted <= row.keys()
        assert ("gradient_ratio" in row) == (row["phase"] == 2)
        assert all(value is None or math.isfinite(value) for value in row.values())
        assert 0 < row["data_wait"] < 1
    first, second = found[:2], found[2:]
    assert {row["tether"] for row in first} == {0.0}
    assert {row["lr_text"] for row in first} == {0.0}
    assert {row["val_text_norm_ratio"] for row in first} == {1.0}
    assert all(row["tether"] > 0 and row["gradient_ratio"] > 0 for row in second)
    assert all(row["val_text_norm_ratio"] != 1 for row in second)


def test_the_row_is_the_mean_of_the_losses(recipe: Recipe, finished: Path) -> None:
    weights = recipe.loss
    for row in small_runs.rows(finished):
        total = weights.contrastive * row["contrastive"] + weights.align * row["align"]
        assert row["loss"] == pytest.approx(total + weights.tether * row["tether"], rel=1e-5)


def test_times_of_a_stopped_epoch_are_added(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stopped_at_batch(patch, 0, 2)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tmp_path)
    before = peek(tmp_path).sums["seconds"]
    train(recipe, tmp_path, resume=True, stop_after=1)
    assert before > 0
    assert small_runs.rows(tmp_path)[0]["seconds"] > before
    assert peek(tmp_path).seconds == pytest.approx(small_runs.rows(tmp_path)[0]["seconds"])


def test_validation_comes_as_often_as_asked_and_at_the_end(recipe: Recipe, tmp_path: Path) -> None:
    train(recipe.with_(schedule={"validate_every": 3}), tmp_path)
    validated = [row["epoch"] for row in small_runs.rows(tmp_path) if "val_R@1" in row]
    assert validated == [3, 4]


def test_twenty_steps_lower_the_loss(recipe: Recipe, tmp_path: Path) -> None:
    longer = recipe.with_(
        schedule={"frozen_epochs": 7, "unfrozen_epochs": 0}, motion={"dropout": 0.0}
    )
    losses = [row["loss"] for row in small_runs.rows(train(longer, tmp_path))]
    assert losses[-1] < 0.8 * losses[0]


def test_a_loss_that_is_no_number_ends_the_run_in_a_sentence(
    recipe: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="lower the learning rate"):
        train(recipe.with_(optimiser={"motion_lr": 1e30}), tmp_path)


def test_a_temperature_above_its_bound_comes_back(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above it, there is no gradient that would bring it back."""
    make = run.new_model

    def hot(*arguments: object) -> MoCLIP:
        model = make(*arguments)
        model.logit_scale.data.fill_(math.log(100) + 0.5)
        return model

    monkeypatch.setattr(run, "new_model", hot)
    train(recipe, tmp_path, stop_after=2)
    first, second = (row["scale"] for row in small_runs.rows(tmp_path))
    assert second < first < 100
    assert dict(small_runs.all_states(tmp_path))["weight.logit_scale"] < math.log(second) + 1e-5


def test_a_text_tower_that_is_not_fine_tuned_stays_as_it_was(
    recipe: Recipe, tmp_path: Path
) -> None:
    frozen = recipe.with_(text={"fine_tune": False})
    made = MoCLIP.from_pretrained(train(frozen, tmp_path))
    plain = run.new_model(frozen, small_runs.walks()).text.state_dict()
    assert all(torch.equal(plain[name], value) for name, value in made.text.state_dict().items())
    assert {row["phase"] for row in small_runs.rows(tmp_path)} == {1}


def test_the_bar_goes_from_where_the_run_stood_to_its_end(
    recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(recipe, tmp_path, stop_after=1)
    assert capsys.readouterr().err == ""
    train(recipe, tmp_path, resume=True, progress=True)
    shown = capsys.readouterr().err
    assert "3/12" in shown
    assert "12/12" in shown


def test_the_loop_leaves_the_random_state_of_its_caller_alone(
    recipe: Recipe, tmp_path: Path
) -> None:
    before = torch.get_rng_state()
    train(recipe, tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
