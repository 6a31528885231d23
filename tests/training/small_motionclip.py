"""Runs of MotionCLIP of a second or two."""

from pathlib import Path
from typing import Any

import small_runs

from moclip.training.motionclip import run
from moclip.training.motionclip.recipe import Recipe

SIZES = {"width": 16, "layers": 1, "heads": 2, "prior_width": 16, "prior_layers": 1}
PLAIN: dict[str, Any] = {
    "name": "tiny",
    "model": "motionclip",
    "data": {"name": "bundled"},
    "schedule": {"epochs": 1, "batch_size": 4},
    "augment": {"mirror": "off"},
}


def recipe_of(text: Path, **sections: Any) -> Recipe:
    """Three epochs of two steps with this CLIP, clips cut and vectors turned."""
    table: dict[str, Any] = {
        "text": {"tower": "clip", "source": str(text)},
        "autoencoder": SIZES,
        "schedule": {"epochs": 3, "batch_size": 4},
        "optimiser": {"lr": 1e-2},
        "augment": {"mirror": "off", "crop": 0.5, "shortest": 0.2, "noise": 0.1},
    }
    return Recipe.of(PLAIN | table).with_(**sections)


def trained(recipe: Recipe, out: Path, **options: Any) -> Path:
    return run.train(recipe, out, clips=small_runs.clips(), device="cpu", **options)
