"""Validation of MotionCLIP sees all clips held out, in one order whatever the seed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import small_runs
import torch
from small_motionclip import recipe_of

from moclip.models.autoencoder.model import MotionCLIP
from moclip.training.motionclip import run
from moclip.training.motionclip.batches import Batches, posed_clips
from moclip.training.motionclip.recipe import Augment
from moclip.training.motionclip.task import AutoencoderTask

HELD_OUT = posed_clips(small_runs.walks(7))


@pytest.fixture(scope="module")
def model(text_tower: Path) -> MotionCLIP:
    return run.new_model(recipe_of(text_tower), HELD_OUT).eval()


def held_out(model: MotionCLIP, text: Path, *, size: int, seed: int = 0) -> Batches:
    recipe = recipe_of(text, seed=seed, schedule={"batch_size": size})
    return run._batches(recipe, model, HELD_OUT, Augment())


def measured(model: MotionCLIP, text: Path, *, size: int, seed: int = 0) -> dict[str, float]:
    batches = held_out(model, text, size=size, seed=seed)
    cpu = torch.device("cpu")
    task = AutoencoderTask(model, recipe_of(text, seed=seed), batches, batches, lambda _: None, cpu)
    with torch.inference_mode():
        return task.validate()


def numbers(batches: Batches) -> Iterator[list[int]]:
    """Of each batch's captions, the first of their clips."""
    return (sorted(batch.numbers.tolist()) for batch in batches.in_order())


@pytest.mark.parametrize(("size", "parts"), [(2, 4), (3, 3), (4, 2), (7, 1), (128, 1)])
def test_every_clip_is_measured_once(
    model: MotionCLIP, text_tower: Path, size: int, parts: int
) -> None:
    batches = held_out(model, text_tower, size=size)
    seen = list(numbers(batches))
    wanted = sorted(batches.teacher.number[clip.captions[0]] for clip in HELD_OUT)
    assert len(seen) == parts
    assert max(map(len, seen)) <= size
    assert sorted(number for part in seen for number in part) == wanted


def test_the_seed_makes_no_difference(model: MotionCLIP, text_tower: Path) -> None:
    assert measured(model, text_tower, size=3, seed=1) == measured(model, text_tower, size=3)


def test_a_clip_counts_the_same_in_any_batch(model: MotionCLIP, text_tower: Path) -> None:
    """The term of captions is a mean over clips, so batches of any size give the same."""
    together, apart = (measured(model, text_tower, size=size)["text"] for size in (7, 3))
    assert apart == pytest.approx(together, rel=1e-5)
