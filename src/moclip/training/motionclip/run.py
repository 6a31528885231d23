"""From a recipe to a folder with a MotionCLIP: clips, pictures, loop, model card."""

import logging
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from moclip import catalog
from moclip.files import write_atomically
from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.two_tower import unit
from moclip.motion import CaptionedMotion
from moclip.training import card, start
from moclip.training.batches import Teacher
from moclip.training.loop import Loop
from moclip.training.motionclip import going_on, pictures
from moclip.training.motionclip.batches import Batches, posed_clips
from moclip.training.motionclip.recipe import Augment, Recipe
from moclip.training.motionclip.task import AutoencoderTask
from moclip.training.run import Clips
from moclip.training.sections import PLAIN_TOWER

_log = logging.getLogger(__name__)

_RULES = """\
Terms of the loss on the clips of the validation split, which are put through the encoder and the
decoder whole. `path_error` is how far the root strays within two seconds, in metres."""


def train(
    recipe: Recipe,
    out: Path,
    *,
    resume: bool | Literal["if there"] = False,
    progress: bool = False,
    device: str | None = None,
    clips: Clips | None = None,
    stop_after: int | None = None,
) -> Path:
    """Trains MotionCLIP as the recipe says and returns ``out``, which then holds the best model.

    Takes what :func:`moclip.training.run.train` takes, and raises what it raises.
    """
    recipe = going_on.settled(recipe)
    start.check_folder(recipe, out, resume)
    clips = clips or Clips.of(recipe, recipe.augment.mirror)
    train, val = posed_clips(clips.train), posed_clips(clips.val)
    accelerator = start.accelerator(recipe.optimiser.precision, device)
    model = new_model(recipe, train).to(accelerator.device)
    write_atomically(out / "recipe.toml", recipe.to_toml().encode())
    task = AutoencoderTask(
        model=model,
        recipe=recipe,
        stream=_batches(recipe, model, train, recipe.augment),
        held_out=_batches(recipe, model, val, Augment()),
        save_best=lambda measured: _save(model, recipe, out, measured),
        device=accelerator.device,
    )
    loop = Loop(
        task=task,
        epochs=recipe.schedule.epochs,
        pace=recipe.schedule,
        seed=recipe.seed,
        clip=recipe.optimiser.clip,
        out=out,
        accelerator=accelerator,
        show_progress=progress,
    )
    loop.run(stop_after=stop_after)
    return out


def new_model(recipe: Recipe, clips: list[CaptionedMotion]) -> MotionCLIP:
    """Pre-trained text tower, the rest drawn from the recipe's seed and scaled to posed clips.

    Or all of the model the recipe starts from.
    """
    if recipe.start is not None:
        model = MotionCLIP.from_pretrained(recipe.start).requires_grad_(True)
        model.text.requires_grad_(False)
        going_on.check_source(recipe, model)
        return model
    name = recipe.text.tower or PLAIN_TOWER
    text = catalog.load("models.text", name, "Encoder")
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        tower = text.from_pretrained(recipe.text.source)
        model = MotionCLIP(tower, recipe.config(), text_name=name)
    model.fit_normalisation([clip.motion for clip in clips])
    return model


def _batches(
    recipe: Recipe, model: MotionCLIP, clips: list[CaptionedMotion], augment: Augment
) -> Batches:
    captions = [caption for clip in clips for caption in clip.captions]
    teacher = Teacher.of_tower(model.text, captions)
    schedule = recipe.schedule
    return Batches(
        clips=clips,
        teacher=Teacher(teacher.number, unit(teacher.raw).cpu()),
        images=_pictures(recipe, model, clips),
        size=min(schedule.batch_size, len(clips)),
        seed=recipe.seed,
        augment=augment,
        slack=schedule.slack,
    )


def _pictures(
    recipe: Recipe, model: MotionCLIP, clips: list[CaptionedMotion]
) -> Float[Tensor, "clip dim"] | None:
    """Unit vectors of a picture of each clip, where the recipe asks for them and they exist."""
    if not recipe.loss.image:
        return None
    if model.text_name != "clip":
        _log.warning("text tower '%s' has no image tower: no image loss", model.text_name)
        return None
    from moclip.models.image import ImageTower

    return pictures.vectors(ImageTower.from_pretrained(recipe.text.source), clips)


def _save(model: MotionCLIP, recipe: Recipe, out: Path, measured: dict[str, Any]) -> None:
    kept = f"Of {recipe.schedule.epochs} epochs the one with the lowest validation loss was kept."
    model.paperwork = card.paperwork(recipe, measured, kept=kept, rules=_RULES)
    model.save_pretrained(out)
