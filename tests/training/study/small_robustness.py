"""A study of seconds: a CLIP of a few thousand weights, walks told in plain words."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import small_runs

from moclip.motion import CaptionedMotion
from moclip.training.study.robustness.recipe import Recipe

_HOW = ("slowly", "quickly", "forward", "backward", "to the left", "to the right")
_WHO = ("a person", "someone", "a man", "a woman")


def walks(count: int, *, start: int = 0) -> list[CaptionedMotion]:
    """Each in words that attacks and changes of meaning can take hold of."""
    return [
        replace(clip, captions=(f"{_WHO[i % 4]} walks {_HOW[i % 6]} {1 + i // 6} steps",))
        for i, clip in enumerate(small_runs.walks(count, start=start), start)
    ]


def load(name: str, split: str, **options: object) -> list[CaptionedMotion]:
    """In place of ``moclip.datasets.load``."""
    return {"train": walks(16), "val": walks(6, start=16), "test": walks(12, start=22)}[split]


def recipe(text_tower: Path, **sections: Any) -> Recipe:
    table: dict[str, Any] = {
        "name": "tiny",
        "study": "robustness",
        "data": {"name": "bundled"},
        "text": {"tower": "clip", "source": str(text_tower)},
        "motion": small_runs.SIZES,
        "optimiser": {"motion_lr": 1e-2, "text_lr": 1e-3, "text_projection_lr": 1e-3},
        "design": {
            "fractions": [0.3, 1.0],
            "arms": ["frozen", "tether", "consistency"],
            "budgets": ["steps", "epochs"],
            "seeds": [0],
        },
        "training": {"frozen_steps": 4, "text_steps": 4, "batch_size": 8},
        "measuring": {"captions": 8, "queries": 8, "steps": 2},
        "attacks": {
            "typos": [0.1],
            "synonyms": [0.5],
            "substitution": [0.5],
            "projected_gradient": [0.05],
            "random_noise": [0.05],
        },
    }
    return Recipe.of(table | sections)


GENERATION: dict[str, Any] = {
    "arms": ["tether", "consistency"],
    "fractions": [1.0],
    "seeds": [0],
    "attacks": {"synonyms": 0.5},
    "quantiser_epochs": 1,
    "token_epochs": 1,
    "evaluator_epochs": 1,
    "sizes": {
        "quantiser": {"width": 16, "code_dim": 8, "codes": 16, "layers": 2, "depth": 1},
        "masked": {"width": 16, "layers": 1, "heads": 2},
        "residual": {"width": 16, "layers": 1, "heads": 2},
        "evaluator": {"dim": 8, "width": 16, "layers": 1, "text_layers": 1, "heads": 2},
    },
}
