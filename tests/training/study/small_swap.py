"""A study of the swap in seconds: a CLIP of a few thousand weights, walks, everything tiny."""

from pathlib import Path
from typing import Any

import small_makers
import small_runs

from moclip import formats
from moclip.motion import CaptionedMotion
from moclip.training.study.swap.recipe import Recipe

_STAGE = {"epochs": 1, "batch_size": 4, "lr": 1e-3}


def load(name: str, split: str, **options: object) -> list[CaptionedMotion]:
    """In place of ``moclip.datasets.load``."""
    clips = small_makers.clips(36)
    return {"train": clips[:8], "val": clips[8:14], "test": clips[14:]}[split]


def recipe(text_tower: Path, **sections: Any) -> Recipe:
    table: dict[str, Any] = {
        "name": "tiny",
        "study": "swap",
        "seeds": [0, 1],
        "data": {"name": "bundled"},
        "moclip": {
            "text": {"tower": "clip", "source": str(text_tower)},
            "motion": small_runs.SIZES,
            "schedule": {"frozen_epochs": 1, "unfrozen_epochs": 1, "batch_size": 4},
            "optimiser": {"motion_lr": 1e-2, "text_lr": 1e-2, "text_projection_lr": 1e-2},
        },
        "generator": {
            "augment": {"mirror": "off"},
            "quantiser": {"width": 16, "code_dim": 8, "codes": 16, "layers": 2, "depth": 1},
            "masked": {"width": 16, "layers": 1, "heads": 2},
            "residual": {"width": 16, "layers": 1, "heads": 2},
            "train_quantiser": _STAGE,
            "train_masked": _STAGE,
            "train_residual": _STAGE,
        },
        "evaluator": {
            "epochs": 1,
            "sizes": {"dim": 8, "width": 16, "layers": 1, "text_layers": 1, "heads": 2},
        },
        "tuning": {"epochs": 1, "batch_size": 4, "lr": 1e-2},
        "measuring": {"repeats": 2, "prompts": 2, "generations": 2},
    }
    return Recipe.of(table | sections)


def on_disk(text_tower: Path, folder: Path) -> Recipe:
    """The same of files, which other processes can read; one seed."""
    folder.mkdir(exist_ok=True)
    lines = ["file,caption,split,action"]
    for split in ("train", "val", "test"):
        for clip in load("", split):
            formats.write(clip.motion, folder / f"{clip.id}.npz")
            lines.append(f"{clip.id}.npz,{clip.captions[0]},{split},{clip.labels['content']}")
    (folder / "captions.csv").write_text("\n".join(lines) + "\n")
    return recipe(text_tower, data={"name": "folder", "root": str(folder)}, seeds=[0])
