"""From a recipe to a folder with a generator: three stages, each of which can be resumed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from accelerate import Accelerator
from safetensors.torch import load, save
from torch import nn

from moclip.files import write_atomically
from moclip.models.generator.generator import MotionGenerator
from moclip.models.generator.quantiser import Quantiser
from moclip.models.text.base import TextTower
from moclip.motion import CaptionedMotion, MotionBatch
from moclip.training import card, start
from moclip.training.batches import Teacher
from moclip.training.generator.going_on import settled, text_tower
from moclip.training.generator.recipe import STAGES, Recipe
from moclip.training.generator.stages import QuantiserTask, StageTask, TokenTask
from moclip.training.generator.tokens import Tokens
from moclip.training.loop import Loop
from moclip.training.run import Clips
from moclip.training.state import has_state

_BEST = "best.safetensors"
_CHUNK = 64
_RULES = """\
The loss and errors of each stage on the clips of the validation split: joint errors in metres, the
share of codes in use, how many hidden tokens were told right."""


def train(
    recipe: Recipe,
    out: Path,
    *,
    resume: bool | Literal["if there"] = False,
    progress: bool = False,
    device: str | None = None,
    clips: Clips | None = None,
    stop_after: str | None = None,
) -> Path:
    """Trains a generator as the recipe says and returns ``out``, which then holds it.

    ``stop_after`` is a stage to leave off after. Raises ``ValueError`` when ``out`` holds another
    run.
    """
    text, name = text_tower(recipe)
    recipe = settled(recipe, name)
    _check_folder(recipe, out, resume)
    clips = clips or Clips.of(recipe, recipe.augment.mirror)
    accelerator = start.accelerator(recipe.precision, device)
    model = new_model(recipe, text, name, clips.train).to(accelerator.device)
    write_atomically(out / "recipe.toml", recipe.to_toml().encode())
    run = _Run(recipe, out, model, text, clips, accelerator, progress)
    measured: dict[str, float] = {}
    for stage in STAGES:
        measured |= run.stage(stage)
        if stage == stop_after:
            return out
    paper = card.paperwork(recipe, measured, kept="Of each stage its best epoch.", rules=_RULES)
    model.paperwork = paper
    model.save_pretrained(out, text)
    return out


def new_model(
    recipe: Recipe, text: TextTower, name: str, clips: Sequence[CaptionedMotion]
) -> MotionGenerator:
    """The one the recipe starts from, known as this tower's from now on; else one drawn anew."""
    if recipe.start is not None:
        model = MotionGenerator.from_pretrained(recipe.start)
        model.adopt(text, name)
        return model
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        quantiser = Quantiser(recipe.quantiser_config())
        model = MotionGenerator.create(
            text,
            name,
            quantiser=quantiser,
            masked_config=recipe.trunk_config("masked"),
            residual_config=recipe.trunk_config("residual"),
        )
    quantiser.fit_normalisation(_batches(clips))
    return model


@dataclass(eq=False)
class _Run:
    recipe: Recipe
    out: Path
    model: MotionGenerator
    text: TextTower
    clips: Clips
    accelerator: Accelerator
    progress: bool

    def stage(self, name: str) -> dict[str, float]:
        """Trains a stage, or takes up what it left; the model then has its best weights."""
        stage, place = self.recipe.stage(name), self.out / name
        if not stage.epochs:
            return {}
        network = self._network(name)
        task = self._task(name, network, place)
        loop = Loop(
            task=task,
            epochs=stage.epochs,
            pace=stage,
            seed=self.recipe.seed,
            clip=self.recipe.clip,
            out=place,
            accelerator=self.accelerator,
            show_progress=self.progress,
        )
        loop.run()
        network.load_state_dict(load((place / _BEST).read_bytes()))
        network.eval()
        with torch.inference_mode():
            return {f"{name}_{key}": value for key, value in task.validate().items()}

    def _network(self, name: str) -> nn.Module:
        if name == "quantiser":
            return self.model.quantiser
        parts: dict[str, nn.Module] = {"tokens": getattr(self.model, name)}
        return nn.ModuleDict(parts | ({"length": self.model.length} if name == "masked" else {}))

    def _task(self, name: str, network: nn.Module, place: Path) -> StageTask[Any]:
        common = {
            "stage": self.recipe.stage(name),
            "seed": self.recipe.seed,
            "save_best": lambda _: _save(network, place),
            "device": self.accelerator.device,
            "model": network,
        }
        if name == "quantiser":
            return QuantiserTask(
                **common,
                clips=_features(self.model.quantiser, self.clips.train),
                held_out=[b.to(self.accelerator.device) for b in _batches(self.clips.val)],
            )
        train, val = (self._tokens(clips) for clips in (self.clips.train, self.clips.val))
        return TokenTask(**common, train=train, held_out=val)

    def _tokens(self, clips: Sequence[CaptionedMotion]) -> Tokens:
        captions = [caption for clip in clips for caption in clip.captions]
        teacher = Teacher.of_tower(self.text, captions)
        self.model.quantiser.eval()
        return Tokens.of_clips(self.model.quantiser, clips, teacher)


def _save(network: nn.Module, place: Path) -> None:
    weights = {name: w.detach().cpu().contiguous() for name, w in network.state_dict().items()}
    write_atomically(place / _BEST, save(weights))


def _batches(clips: Sequence[CaptionedMotion]) -> list[MotionBatch]:
    """Like lengths together."""
    motions = sorted((clip.motion for clip in clips), key=len)
    return [MotionBatch.of(motions[at : at + _CHUNK]) for at in range(0, len(motions), _CHUNK)]


def _features(quantiser: Quantiser, clips: Sequence[CaptionedMotion]) -> list[torch.Tensor]:
    return [
        features[real]
        for batch in _batches(clips)
        for features, real in zip(
            quantiser.features(batch.to(quantiser.mean.device)).cpu(), batch.mask, strict=True
        )
    ]


def _check_folder(recipe: Recipe, out: Path, resume: bool | Literal["if there"]) -> None:
    """As :func:`moclip.training.start.check_folder`, the states being those of the stages."""
    begun = any(has_state(out / stage) for stage in STAGES)
    start.check_folder(recipe, out, resume, begun=begun)
