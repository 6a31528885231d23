"""An auto-encoder whose vectors lie among those of a text tower (arXiv 2203.08063)."""

from pathlib import Path
from typing import Any

from moclip.training.motionclip.recipe import Recipe

__all__ = ["Recipe", "train"]


def train(recipe: Recipe, out: Path, **options: Any) -> Path:
    """See :func:`moclip.training.motionclip.run.train`."""
    from moclip.training.motionclip import run

    return run.train(recipe, out, **options)
