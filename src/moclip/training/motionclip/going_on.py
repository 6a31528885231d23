"""A run that goes on from a trained MotionCLIP: its recipe must agree with what that model is."""

from moclip import catalog
from moclip.models import checkpoint
from moclip.models.autoencoder.model import MotionCLIP, Settings
from moclip.models.identity import short, tower_hash
from moclip.training.motionclip.recipe import Recipe
from moclip.training.sections import PLAIN_TOWER


def settled(recipe: Recipe) -> Recipe:
    """With the text tower and the sizes that are trained, where the recipe leaves them open.

    Raises ``ValueError`` where it asks for others than ``start`` has.
    """
    tower, sizes = recipe.text.tower or PLAIN_TOWER, None
    if recipe.start is not None:
        start = checkpoint.read_settings(checkpoint.find(recipe.start), Settings)
        tower, sizes = start.text.tower, start.config
        if recipe.text.tower not in (None, tower):
            raise ValueError(
                f"text.tower is '{recipe.text.tower}', but the model of 'start' has '{tower}'"
            )
    text = recipe.text.model_copy(update={"tower": tower})
    autoencoder = recipe.autoencoder.settled(sizes, "[autoencoder]")
    return recipe.model_copy(update={"text": text, "autoencoder": autoencoder})


def check_source(recipe: Recipe, model: MotionCLIP) -> None:
    """Raises ``ValueError`` where ``text.source`` is not the tower of the ``model`` started from.

    Pictures are seen by the image tower of that source.
    """
    if recipe.text.source is None:
        return
    tower = catalog.load("models.text", model.text_name, "Encoder")
    named, own = (tower_hash(t) for t in (tower.from_pretrained(recipe.text.source), model.text))
    if named != own:
        raise ValueError(
            f"text.source '{recipe.text.source}' is text tower {short(named)}, the model of "
            f"'start' has {short(own)}: pictures lie where the words of their own CLIP do, not "
            "where another's or fine-tuned words do; name the CLIP whose words it has unchanged, "
            "or leave out text.source and loss.image"
        )
