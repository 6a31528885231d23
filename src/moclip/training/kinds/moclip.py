"""Text and motion towers with one space (arXiv 2505.10810)."""

from pathlib import Path
from typing import Any

from moclip.training.recipe import Recipe

__all__ = ["Recipe", "train"]


def train(recipe: Recipe, out: Path, **options: Any) -> Path:
    """See :func:`moclip.training.run.train`."""
    from moclip.training import run

    return run.train(recipe, out, **options)
