"""From a recipe to a folder with a model: data, towers, loop, model card."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F

from moclip import datasets
from moclip.evaluation import protocols
from moclip.evaluation.gallery import Gallery
from moclip.files import write_atomically
from moclip.models.two_tower import MoCLIP
from moclip.motion import CaptionedMotion, MotionBatch
from moclip.ranks import Ranks
from moclip.training import card, sharding, start
from moclip.training._recipe import BaseRecipe
from moclip.training.batches import Batches, Teacher, with_mirrored
from moclip.training.defences import Variants
from moclip.training.loop import Loop
from moclip.training.recipe import Recipe
from moclip.training.towers import Towers

_RULES = """\
{clips} clips of the validation split and their {captions} captions, protocol `all-identical`: among
all of them, a caption in the very words of one of the clip's own counts as found. R@k in percent,
`R@1` alone the mean of both directions; MedR is the median rank. `text_norm_ratio` is the mean
length of raw text vectors over that of the tower they began with."""


@dataclass(frozen=True, eq=False)
class Clips:
    """The two splits training may see; the test split is opened by evaluation alone."""

    train: list[CaptionedMotion]
    val: list[CaptionedMotion]

    @classmethod
    def of(cls, recipe: BaseRecipe, mirror: str = "off") -> "Clips":
        """Reads the recipe's data set; ``mirror`` as :func:`with_mirrored` takes it.

        Raises ``ValueError`` when a split is empty.
        """
        train, val = split_of(recipe, "train"), split_of(recipe, "val")
        for split, clips in (("train", train), ("val", val)):
            if len(clips) < 2:
                raise ValueError(
                    f"data set '{recipe.data.name}' has {len(clips)} clips to {split} on, "
                    "at least 2 are needed"
                )
        return cls(with_mirrored(train, mirror), val)


def split_of(recipe: BaseRecipe, split: str) -> list[CaptionedMotion]:
    """A split of the recipe's data set."""
    return datasets.load(recipe.data.name, split, **recipe.data.options)


def train(
    recipe: Recipe,
    out: Path,
    *,
    resume: bool | Literal["if there"] = False,
    progress: bool = False,
    device: str | None = None,
    clips: Clips | None = None,
    teacher: Teacher | None = None,
    stop_after: int | None = None,
    shard: bool = False,
) -> Path:
    """Trains MoCLIP as the recipe says and returns ``out``, which then holds the best model.

    ``resume`` takes up a run that was stopped; ``stop_after`` leaves off after so many epochs,
    resumable. ``teacher`` are the frozen tower's vectors where they are known already, of these and
    any other captions. Raises ``ValueError`` when ``out`` holds another run.

    Processes that torchrun or accelerate started train one model: a step takes the recipe's batch
    whatever their number, each encodes its share, and the losses are those of the whole batch.
    ``shard`` spreads the weights of the motion tower over them.
    """
    start.check_folder(recipe, out, resume)
    clips = clips or Clips.of(recipe, recipe.augment.mirror)
    accelerator = start.accelerator(recipe.optimiser.precision, device, several=True)
    model = new_model(recipe, clips.train).to(accelerator.device)
    ranks = Ranks.now()
    if shard and ranks.count == 1:
        raise ValueError("one process was started, wanted several to spread the tower over")
    if shard:
        sharding.shard(model.motion, accelerator.device)
    measure = Validation(model, clips.val)
    task = Towers(
        model=model,
        recipe=recipe,
        stream=batches_of(recipe, model, clips.train, teacher),
        measure=measure,
        save_best=lambda measured: _save(model, recipe, out, measured, measure.rules()),
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
    ranks.wait()  # until all have looked into the folder
    if ranks.leads:
        write_atomically(out / "recipe.toml", recipe.to_toml().encode())
    loop.run(stop_after=stop_after)
    return out


def new_model(recipe: Recipe, clips: list[CaptionedMotion]) -> MoCLIP:
    """Pre-trained text tower, motion tower drawn from the recipe's seed and scaled to the clips."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        model = MoCLIP.create(
            recipe.text.tower,
            text_source=recipe.text.source,
            motion=recipe.motion.tower,
            motion_config=recipe.motion_config(),
        )
    chunks = (clips[start : start + 256] for start in range(0, len(clips), 256))
    model.motion.fit_normalisation(
        MotionBatch.of([clip.motion for clip in chunk]) for chunk in chunks
    )
    return model


def batches_of(
    recipe: Recipe, model: MoCLIP, clips: list[CaptionedMotion], teacher: Teacher | None = None
) -> Batches:
    """Batches of the clips with the frozen tower's vectors of all their captions, made once."""
    if teacher is None:
        teacher = Teacher.of(model, [caption for clip in clips for caption in clip.captions])
    teacher = Teacher(teacher.number, teacher.raw.cpu())
    schedule = recipe.schedule
    return Batches(
        clips,
        teacher,
        schedule.batch_size,
        recipe.seed,
        recipe.augment,
        schedule.slack,
        Variants(recipe.defence, recipe.seed) if recipe.defence.is_on else None,
        schedule.frames or frames_at_once(model),
    )


def frames_at_once(model: MoCLIP) -> int | None:
    """Most frames that are best padded together on the model's device."""
    on_cpu = next(model.parameters()).device.type == "cpu"
    return model.motion.frames_in_cache if on_cpu else None


class Validation:
    """R@k on held-out clips and the drift of text norms on their captions.

    Generators take raw text vectors, so their lengths must stay what they were before fine-tuning.
    """

    def __init__(self, model: MoCLIP, clips: list[CaptionedMotion]) -> None:
        self.clips = clips
        own = [(number, caption) for number, clip in enumerate(clips) for caption in clip.captions]
        self.captions = [caption for _, caption in own]
        self.owner = torch.tensor([number for number, _ in own])
        self.before = self._raw(model)

    def __call__(self, model: MoCLIP) -> dict[str, float]:
        frozen = not any(parameter.requires_grad for parameter in model.text.parameters())
        raw = self.before if frozen else self._raw(model)
        motion = self._motions(model)
        gallery = Gallery(motion, F.normalize(raw, dim=-1), self.owner, tuple(self.captions))
        report = protocols.evaluate(gallery, "all-identical", samples=0)
        return report.summary() | {"text_norm_ratio": self._ratio(raw)}

    def rules(self) -> str:
        """How it measures, for the model card."""
        return _RULES.format(clips=len(self.clips), captions=len(self.captions))

    def norm_ratio(self, model: MoCLIP) -> float:
        """Mean length of text vectors, student / teacher; 1 is no drift."""
        return self._ratio(self._raw(model))

    def _ratio(self, raw: torch.Tensor) -> float:
        return float((raw.norm(dim=-1) / self.before.norm(dim=-1)).mean())

    def _motions(self, model: MoCLIP) -> torch.Tensor:
        return model.encode_motion([clip.motion for clip in self.clips], ranks=Ranks.now()).cpu()

    def _raw(self, model: MoCLIP) -> torch.Tensor:
        unique, ranks = list(dict.fromkeys(self.captions)), Ranks.now()
        row = {caption: number for number, caption in enumerate(unique)}
        with torch.no_grad():
            raw = model.text.encode(ranks.share(unique)).float()
        return ranks.together(raw, [len(unique)]).cpu()[[row[c] for c in self.captions]]


def _save(model: MoCLIP, recipe: Recipe, out: Path, measured: dict[str, Any], rules: str) -> None:
    epochs = f"{recipe.schedule.epochs} epochs"
    if recipe.keeps_unfrozen:
        epochs = f"the {recipe.schedule.unfrozen_epochs} last of {epochs}"
    kept = f"Of {epochs} the one with the best validation R@1 was kept."
    model.paperwork = card.paperwork(recipe, measured, kept=kept, rules=rules)
    weights = sharding.whole_weights(model)
    if Ranks.now().leads:
        model.save_pretrained(out, weights=weights)
