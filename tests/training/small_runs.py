"""Runs of a second or two: a CLIP of a few thousand weights, the smallest limbs, a dozen walks."""

import json
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import doubles
import pytest
import torch
from accelerate import Accelerator
from torch import Tensor

from moclip.models.two_tower import MoCLIP
from moclip.motion import CaptionedMotion, Motion
from moclip.training import run
from moclip.training.batches import Batches, Teacher
from moclip.training.objectives import Batch
from moclip.training.recipe import Recipe
from moclip.training.sections import Augment
from moclip.training.state import peek

SIZES = {"limb_width": 8, "limb_heads": 1, "width": 16, "layers": 1, "heads": 2, "dropout": 0.2}


def walks(count: int = 11, *, start: int = 0) -> list[CaptionedMotion]:
    """Walks that differ in speed, reach and length."""
    return [
        CaptionedMotion(
            f"clip-{i}",
            doubles.walk(0.2 * i, frames=12 + (7 * i) % 10, lean=0.02 * i),
            (f"walk {i} a", f"person {i} walks b"),
            {"action": f"walk-{i % 3}"},
        )
        for i in range(start, start + count)
    ]


def clips(val: Sequence[int] = ()) -> run.Clips:
    """``val``: lengths of the clips to validate on, in frames."""
    held_out = [
        CaptionedMotion(f"val-{i}", doubles.walk(0.2 * i, frames=frames), (f"walk {i} a",))
        for i, frames in enumerate(val)
    ]
    return run.Clips(walks(), held_out or walks(4, start=2))


def recipe(text_tower: Path, **sections: Any) -> Recipe:
    """Two epochs of three steps in each phase."""
    table: dict[str, Any] = {
        "name": "tiny",
        "data": {"name": "bundled"},
        "text": {"tower": "clip", "source": str(text_tower)},
        "motion": SIZES,
        "schedule": {"frozen_epochs": 2, "unfrozen_epochs": 2, "batch_size": 4},
        "optimiser": {"motion_lr": 1e-2, "text_lr": 1e-3, "text_projection_lr": 1e-3},
    }
    return Recipe.of(table).with_(**sections)


def batches(size: int = 4, *, count: int = 11, seed: int = 0, **augment: Any) -> Batches:
    made = walks(count)
    model = doubles.model()
    teacher = Teacher.of(model, [caption for clip in made for caption in clip.captions])
    return Batches(made, teacher, size, seed, Augment(**augment))


def motions(batch: Batch) -> list[Motion]:
    """One for each pair."""
    return [motion for part in batch.motions for motion in part.motions()]


def weights(folder: Path) -> dict[str, Tensor]:
    return dict(MoCLIP.from_pretrained(folder).state_dict())


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def without_times(folder: Path) -> list[dict[str, Any]]:
    timed = ("seconds", "data_wait")
    return [{k: v for k, v in row.items() if k not in timed} for row in rows(folder)]


def ctrl_c_in_backward(patch: pytest.MonkeyPatch, call: int, *, times: int = 1) -> None:
    """As the system sends it, once the forward pass of a step is done."""
    whole, calls = Accelerator.backward, iter(range(10**6))

    def some(self: Accelerator, loss: Tensor, **options: Any) -> None:
        if next(calls) == call:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        whole(self, loss, **options)

    patch.setattr(Accelerator, "backward", some)


def all_states(folder: Path) -> Iterator[tuple[str, Tensor]]:
    """Weights, moments and random state of a run, sorted by name."""
    from safetensors.torch import load_file

    yield from sorted(load_file(folder / "state.safetensors").items())


def assert_same_state(one: Path, other: Path) -> None:
    first, second = dict(all_states(one)), dict(all_states(other))
    assert first.keys() == second.keys()
    different = [name for name in first if not torch.equal(first[name], second[name])]
    assert different == []
    here, there = peek(one), peek(other)
    assert (here.epoch, here.step, here.best, here.best_epoch) == (
        there.epoch,
        there.step,
        there.best,
        there.best_epoch,
    )
