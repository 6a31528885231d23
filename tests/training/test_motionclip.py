"""Training of MotionCLIP: what a step counts, what is cut, runs that stop and go on, pictures."""

import logging
from pathlib import Path

import pytest
import small_runs
import torch
import whole_clip
from small_motionclip import recipe_of, trained

from moclip import losses
from moclip.models.autoencoder.frames import FPS, Frames
from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.image import ImageTower
from moclip.training import kinds
from moclip.training.motionclip import going_on, objective, pictures, run
from moclip.training.motionclip.batches import Batch, Batches, posed_clips
from moclip.training.motionclip.recipe import Augment, Loss, Recipe
from moclip.training.state import peek


def batch_of(model: MotionCLIP, count: int = 4) -> Batch:
    clips = posed_clips(small_runs.walks(count))
    frames = Frames.of([clip.motion for clip in clips])
    text = model.encode_text([clip.captions[0] for clip in clips])
    whole = torch.ones(count, dtype=torch.bool)
    return Batch((frames,), text, None, torch.arange(count), whole)


@pytest.fixture
def recipe(text_tower: Path) -> Recipe:
    return recipe_of(text_tower)


@pytest.fixture
def model(recipe: Recipe) -> MotionCLIP:
    return run.new_model(recipe, posed_clips(small_runs.walks())).eval()


def test_the_shipped_recipes_are_of_this_kind() -> None:
    for name in ("motionclip_bandai", "motionclip_demo", "motionclip_paper"):
        assert isinstance(kinds.load(name), Recipe)
    paper = kinds.load("motionclip_paper")
    assert isinstance(paper, Recipe)
    weights, sizes = paper.loss, paper.config()
    assert (weights.text, weights.image, weights.velocities) == (0.01, 0.01, 1.0)
    assert (sizes.layers, sizes.width, sizes.heads, sizes.mlp * sizes.width) == (8, 512, 4, 1024)


def test_a_run_goes_on_from_a_trained_model(recipe: Recipe, tmp_path: Path) -> None:
    first = MotionCLIP.from_pretrained(trained(recipe, tmp_path / "first"))
    plan = recipe.with_(start=tmp_path / "first", optimiser={"lr": 1e-9}, schedule={"epochs": 1})
    begun = run.new_model(plan, posed_clips(small_runs.walks(2)))
    torch.testing.assert_close(dict(begun.state_dict()), dict(first.state_dict()))
    assert begun.encoder.embed.weight.requires_grad
    assert not any(weight.requires_grad for weight in begun.text.parameters())
    after = MotionCLIP.from_pretrained(trained(plan, tmp_path / "second"))
    near = {"atol": 1e-5, "rtol": 0}
    torch.testing.assert_close(
        after.encoder.embed.weight,
        first.encoder.embed.weight,
        **near,  # type: ignore[arg-type]
    )
    torch.testing.assert_close(after.deviation, first.deviation)


def test_terms_are_what_their_names_say(model: MotionCLIP) -> None:
    batch = batch_of(model)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        terms = objective.motionclip(model, batch, Loss())
    vectors = model.encode_frames(batch.runs[0])
    torch.testing.assert_close(terms["text"], losses.align(vectors, batch.text))
    made = model.decode_frames(vectors, batch.runs[0].lengths)
    off = made.joints - batch.runs[0].joints
    off = off - torch.tensor([1.0, 0.0, 1.0]) * off[:, :, :1]
    off = off.norm(dim=-1).mean(dim=-1)
    torch.testing.assert_close(
        terms["positions"], off[batch.runs[0].mask].mean(), atol=1e-4, rtol=0
    )
    weights = Loss(text=0.5, prior=0.0, contacts=2.0)
    wanted = terms["orientations"] + terms["positions"] + terms["path"] + terms["velocities"]
    wanted = wanted + 2 * terms["contacts"] + 0.5 * terms["text"]
    torch.testing.assert_close(objective.weighted(terms, weights), wanted)


def test_how_clips_are_padded_makes_no_difference(model: MotionCLIP) -> None:
    batch = batch_of(model)
    frames = batch.runs[0]
    ones = [
        Frames(
            frames.features[i : i + 1, :n], frames.joints[i : i + 1, :n], frames.mask[i : i + 1, :n]
        )
        for i, n in enumerate(frames.lengths.tolist())
    ]
    apart = Batch(tuple(ones), batch.text, None, batch.numbers, batch.whole)
    one, other = (objective.motionclip(model, b, Loss()) for b in (batch, apart))
    torch.testing.assert_close(one["text"], other["text"])
    torch.testing.assert_close(one["contrastive"], other["contrastive"])


def test_clips_that_were_cut_are_not_aligned(model: MotionCLIP) -> None:
    batch = batch_of(model)
    cut = Batch(
        batch.runs, batch.text, None, batch.numbers, torch.tensor([True, False, True, True])
    )
    vectors = model.encode_frames(batch.runs[0])
    kept = [0, 2, 3]
    terms = objective.motionclip(model, cut, Loss())
    torch.testing.assert_close(terms["text"], losses.align(vectors[kept], batch.text[kept]))
    none = Batch(batch.runs, batch.text, None, batch.numbers, torch.zeros(4, dtype=torch.bool))
    assert float(objective.motionclip(model, none, Loss())["text"]) == 0


def test_the_prior_teaches_the_bridge_alone(model: MotionCLIP) -> None:
    model.train()
    objective.motionclip(model, batch_of(model), Loss())["prior"].backward()
    learned = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    assert learned == {"bridge"}


def test_noise_turns_vectors_and_keeps_their_length() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(50, 16), dim=-1)
    made = objective.turned(vectors, 0.3)
    torch.testing.assert_close(made.norm(dim=-1), torch.ones(50))
    angles = (made * vectors).sum(dim=-1).clamp(-1, 1).acos()
    assert 0.1 < float(angles.max()) <= 0.301
    assert objective.turned(vectors, 0.0) is vectors


def test_cuts_begin_at_the_origin_and_last_long_enough(model: MotionCLIP) -> None:
    clips = posed_clips(small_runs.walks())
    captions = [caption for clip in clips for caption in clip.captions]
    teacher = run.Teacher.of_tower(model.text, captions)
    augment = Augment(crop=1.0, shortest=0.3)
    made = Batches(clips, teacher, None, 4, 0, augment, 1.0)
    seen = list(made.epoch(0))
    assert len(seen) == len(made) == 2
    for batch in seen:
        for frames in batch.runs:
            assert frames.joints[:, 0, 0, [0, 2]].abs().max() < 1e-4
            assert frames.lengths.min() >= 0.3 * FPS
        assert not batch.whole.all()
    again = list(made.epoch(0, skip=1))
    torch.testing.assert_close(again[0].runs[0].features, seen[1].runs[0].features)
    assert list(again[0].numbers) == list(seen[1].numbers)


def test_a_run_that_leaves_off_goes_on_as_if_it_had_not(recipe: Recipe, tmp_path: Path) -> None:
    """Running means of the bridge are part of the state, and validation draws nothing."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    trained(recipe, whole)
    trained(recipe, parts, stop_after=1)
    trained(recipe, parts, resume=True)
    assert small_runs.without_times(parts) == small_runs.without_times(whole)
    small_runs.assert_same_state(parts, whole)
    one, other = (MotionCLIP.from_pretrained(folder).state_dict() for folder in (whole, parts))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_after_the_forward_pass_of_a_step_makes_no_difference(
    recipe: Recipe, tmp_path: Path
) -> None:
    """The pass has moved the running means of the bridge by then."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    trained(recipe, whole)
    with pytest.MonkeyPatch.context() as patch:
        small_runs.ctrl_c_in_backward(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            trained(recipe, parts)
    trained(recipe, parts, resume=True)
    assert small_runs.without_times(parts) == small_runs.without_times(whole)
    small_runs.assert_same_state(parts, whole)


def test_a_start_that_failed_is_begun_anew_with_a_better_recipe(
    recipe: Recipe, tmp_path: Path
) -> None:
    """This tower's folder holds none for pictures."""
    with pytest.raises((OSError, ValueError)):
        trained(recipe.with_(loss={"image": 0.01}), tmp_path)
    assert (tmp_path / "recipe.toml").exists()
    trained(recipe, tmp_path, stop_after=1)
    assert (tmp_path / "recipe.toml").read_text() == going_on.settled(recipe).to_toml()


def test_the_folder_holds_the_epoch_with_the_lowest_loss(recipe: Recipe, tmp_path: Path) -> None:
    trained(recipe, tmp_path)
    rows = small_runs.rows(tmp_path)
    best = min(rows, key=lambda row: row["val_loss"])
    assert peek(tmp_path).best_epoch == best["epoch"]
    assert f"| epoch | {best['epoch']} |" in (tmp_path / "README.md").read_text()
    wanted = {"orientations", "positions", "velocities", "contacts", "text", "prior", "loss"}
    assert wanted | {"val_path_error", "lr_motion", "grad_norm"} <= rows[0].keys()


def test_training_makes_reconstructions_better(recipe: Recipe, tmp_path: Path) -> None:
    longer = recipe.with_(schedule={"epochs": 24}, augment={"crop": 0.0, "noise": 0.0})
    trained(longer, tmp_path)
    rows = small_runs.rows(tmp_path)
    losses_of = [row["val_velocities"] for row in rows]
    assert losses_of[-1] < 0.7 * losses_of[0]


def test_pictures_align_with_an_image_tower_and_without_one_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text_tower: Path
) -> None:
    folder = whole_clip.write_whole(tmp_path / "clip")
    clips = posed_clips(small_runs.walks(3))
    vectors = pictures.vectors(ImageTower.from_pretrained(str(folder)), clips)
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(3))
    recipe = recipe_of(folder, loss={"image": 0.5}, schedule={"epochs": 1})
    trained(recipe, tmp_path / "seen")
    assert small_runs.rows(tmp_path / "seen")[0]["image"] > 0
    blind = run.new_model(recipe, clips)
    blind.text_name = "minilm"
    with caplog.at_level(logging.WARNING):
        assert run._pictures(recipe, blind, clips) is None
    assert "text tower 'minilm' has no image tower: no image loss" in caplog.text


def test_the_whole_body_is_inside_the_picture() -> None:
    """Nothing of the body touches the border: it is as the empty backdrop there."""
    for clip in posed_clips(small_runs.walks(3)):
        seen = pictures.picture(clip.motion, 96).int()
        border = torch.cat((seen[0], seen[:, 0], seen[:, -1]))
        colourful = (border.amax(dim=-1) - border.amin(dim=-1)) > 60
        assert not colourful.any()
        inside = (seen.amax(dim=-1) - seen.amin(dim=-1)) > 60
        assert inside.float().mean() > 0.01
