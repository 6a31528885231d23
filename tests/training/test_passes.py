"""A batch that goes through the towers piece by piece has the gradients of the whole."""

from dataclasses import replace
from pathlib import Path

import pytest
import small_clip
import small_runs
import torch
from torch import Tensor

from moclip.models.motion import limbs
from moclip.models.text.clip import Encoder
from moclip.models.two_tower import MoCLIP
from moclip.motion import MotionBatch
from moclip.training import objectives, run
from moclip.training.batches import Batches, Teacher, runs
from moclip.training.objectives import Batch
from moclip.training.passes import Passes, recompute, rows
from moclip.training.recipe import Defence, Loss


@pytest.fixture
def text(tmp_path: Path) -> Encoder:
    return Encoder.from_pretrained(str(small_clip.write_text_tower(tmp_path / "clip")))


def made(text: Encoder, dropout: float) -> tuple[MoCLIP, Batch]:
    torch.manual_seed(3)
    config = limbs.Config(**small_runs.SIZES | {"dropout": dropout})
    model = MoCLIP(text, limbs.Encoder(config, dim=text.dim), text_name="clip")
    clips = small_runs.walks(11)
    model.motion.fit_normalisation([MotionBatch.of([clip.motion for clip in clips])])
    teacher = Teacher.of(model, [caption for clip in clips for caption in clip.captions])
    model.unfreeze_text()
    model.train()
    model.text.eval()
    return model, next(Batches(clips, teacher, 11, 0).epoch(0))


def gradients(
    model: MoCLIP, batch: Batch, passes: Passes, defence: Defence = objectives.OFF
) -> dict[str, Tensor]:
    model.zero_grad()
    torch.manual_seed(5)
    step = objectives.moclip(
        model, batch, Loss(), text_is_frozen=False, defence=defence, passes=passes
    )
    step.loss(Loss(), defence).backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def assert_same(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    """To 1e-5 of the largest: some are nought but for rounding, such as those of key biases."""
    assert one.keys() == other.keys()
    largest = max(float(gradient.abs().max()) for gradient in one.values())
    for name, gradient in one.items():
        torch.testing.assert_close(other[name], gradient, rtol=0, atol=1e-5 * largest)


@pytest.mark.parametrize("cache", [1, 2, 3, 100])
def test_the_cache_has_the_gradients_of_the_whole_batch(text: Encoder, cache: int) -> None:
    model, batch = made(text, dropout=0.0)
    whole = gradients(model, batch, Passes())
    assert_same(whole, gradients(model, batch, Passes(cache)))
    assert any(name.startswith("text.") for name in whole)


@pytest.mark.parametrize("cache", [1, 2])
def test_dropout_is_drawn_again_as_it_was(text: Encoder, cache: int) -> None:
    """The whole is cut into the same pieces, since their shapes decide what is drawn."""
    model, batch = made(text, dropout=0.4)
    pieces = [
        rows(part, range(at, min(at + cache, len(part))))
        for part in batch.motions
        for at in range(0, len(part), cache)
    ]
    whole = gradients(model, replace(batch, motions=tuple(pieces)), Passes())
    assert_same(whole, gradients(model, batch, Passes(cache)))
    torch.manual_seed(6)
    other = objectives.moclip(model, batch, Loss(), text_is_frozen=False)
    torch.manual_seed(5)
    same = objectives.moclip(model, batch, Loss(), text_is_frozen=False)
    assert other.terms["contrastive"] != same.terms["contrastive"]


def test_blocks_computed_again_change_nothing(text: Encoder) -> None:
    model, batch = made(text, dropout=0.4)
    names = list(model.state_dict())
    whole = gradients(model, batch, Passes())
    recompute(model)
    assert list(model.state_dict()) == names
    assert_same(whole, gradients(model, batch, Passes()))


def test_less_is_kept_for_the_way_back(text: Encoder) -> None:
    """Counted in numbers that autograd keeps between the two ways."""

    def kept(passes: Passes) -> int:
        numbers = 0

        def pack(tensor: Tensor) -> Tensor:
            nonlocal numbers
            numbers += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            objectives.moclip(model, batch, Loss(), text_is_frozen=False, passes=passes)
        return numbers

    model, batch = made(text, dropout=0.0)
    whole = kept(Passes())
    assert kept(Passes(2)) < whole / 10
    recompute(model)
    assert kept(Passes()) < whole / 2


def test_defences_go_through_the_cache_too(text: Encoder) -> None:
    defence = Defence(consistency=0.5, adversarial=0.5, tries=2)
    model, batch = made(text, dropout=0.0)
    ways = tuple((f"{caption} now", f"now {caption}") for caption in batch.captions)
    batch = replace(batch, variants=ways)
    whole = gradients(model, batch, Passes(), defence)
    assert_same(whole, gradients(model, batch, Passes(2), defence))


def test_runs_hold_no_more_frames_than_they_may() -> None:
    motions = sorted((clip.motion for clip in small_runs.walks(11)), key=len)
    for budget in (1, 30, 40, 1000):
        found = runs(motions, 0.9, frames=budget)
        assert [motion for run in found for motion in run] == motions
        assert all(len(run) == 1 or len(run) * max(map(len, run)) <= budget for run in found)
    assert len(runs(motions, 0.9, frames=40)) > len(runs(motions, 0.9))


def test_a_recipe_without_these_keys_reads_as_before(text_tower: Path) -> None:
    """A run is taken up only if its recipe is the same text."""
    plain = small_runs.recipe(text_tower).to_toml()
    assert not {"cache", "recompute", "frames"} & {
        line.split(" = ")[0] for line in plain.split("\n")
    }
    saving = small_runs.recipe(text_tower, schedule={"cache": 2, "recompute": True, "frames": 30})
    assert "cache = 2\nrecompute = true\nframes = 30" in saving.to_toml()


def test_a_run_that_saves_memory_learns_the_same(text_tower: Path, tmp_path: Path) -> None:
    plain = small_runs.recipe(text_tower, motion={"dropout": 0.0}, optimiser={"precision": "fp32"})
    saving = plain.with_(schedule={"cache": 2, "recompute": True, "frames": 30})
    folders = [
        run.train(recipe, tmp_path / name, clips=small_runs.clips(), device="cpu")
        for name, recipe in (("plain", plain), ("saving", saving))
    ]
    one, other = (small_runs.rows(folder) for folder in folders)
    assert [row["loss"] for row in other] == pytest.approx([row["loss"] for row in one], rel=1e-4)
