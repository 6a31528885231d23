"""Which tower and sizes a generator is trained with: the recipe's, or those of its start."""

from moclip import catalog
from moclip.models import checkpoint, interop
from moclip.models.generator._folder import Settings
from moclip.models.generator.generator import load_text_tower
from moclip.models.text.base import TextTower
from moclip.training.generator.recipe import Recipe
from moclip.training.sections import PLAIN_TOWER


def text_tower(recipe: Recipe) -> tuple[TextTower, str]:
    """The tower whose vectors are read, and its name in ``models.text``.

    Raises ``ValueError`` where the recipe names another.
    """
    asked = recipe.text.tower
    if recipe.text.source is not None:
        tower, origin = interop.read(recipe.text.source), f"text.source '{recipe.text.source}'"
    elif recipe.start is not None:
        tower, origin = load_text_tower(recipe.start), f"'start' ({recipe.start})"
    else:
        asked = asked or PLAIN_TOWER
        return catalog.load("models.text", asked, "Encoder").from_pretrained(), asked
    name = type(tower).__module__.rpartition(".")[2]
    if asked not in (None, name):
        raise ValueError(f"text.tower is '{asked}', but {origin} has '{name}'")
    return tower, name


def settled(recipe: Recipe, tower: str) -> Recipe:
    """With the text tower and the sizes that are trained, where the recipe leaves them open.

    Raises ``ValueError`` where it asks for other sizes than ``start`` has.
    """
    start = None
    if recipe.start is not None:
        start = checkpoint.read_settings(checkpoint.find(recipe.start), Settings)
    sizes = {
        part: getattr(recipe, part).settled(start and getattr(start, part), f"[{part}]")
        for part in ("quantiser", "masked", "residual")
    }
    text = recipe.text.model_copy(update={"tower": tower})
    return recipe.model_copy(update={"text": text, **sizes})
