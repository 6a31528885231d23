"""What can be trained: one file a kind of model, which a recipe names as ``model``.

Each has ``Recipe``, and ``train(recipe, out, *, resume, progress, device)`` that returns ``out``.
Recipes are light; what trains them is imported when it is called.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from moclip import catalog
from moclip.training import _recipe
from moclip.training._recipe import BaseRecipe


def load(name_or_path: str | Path, overrides: Iterable[str] = ()) -> BaseRecipe:
    """A recipe of any kind, by name or from a file; see :meth:`BaseRecipe.load`."""
    table, source = _recipe.read_table(name_or_path, overrides)
    kind = str(table.get("model", "moclip"))
    recipe: type[BaseRecipe] = catalog.load("training.kinds", kind, "Recipe")
    return recipe.of(table, source)


def train(recipe: BaseRecipe, out: Path, **options: Any) -> Path:
    """Trains the model a recipe describes into the folder ``out`` and returns it."""
    trained: Path = catalog.load("training.kinds", of(recipe), "train")(recipe, out, **options)
    return trained


def of(recipe: BaseRecipe) -> str:
    """Its kind of model."""
    return str(type(recipe).model_fields["model"].default)
