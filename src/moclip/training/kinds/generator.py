"""A residual quantiser and two transformers over its tokens (arXiv 2312.00063)."""

from pathlib import Path
from typing import Any

from moclip.training.generator.recipe import Recipe

__all__ = ["Recipe", "train"]


def train(recipe: Recipe, out: Path, **options: Any) -> Path:
    """See :func:`moclip.training.generator.run.train`."""
    from moclip.training.generator import run

    return run.train(recipe, out, **options)
