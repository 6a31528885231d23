"""From a recipe to a folder with a model: data, towers, loop, model card."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from moclip import datasets
from moclip.evaluation import protocols
from moclip.evaluation.gallery import Gallery
from moclip.files import write_atomically
from moclip.models.two_tower import MoCLIP
from moclip.motion import CaptionedMotion, MotionBatch
from moclip.training.batches import Batches, Teacher, with_mirrored
from moclip.training.loop import Loop
from moclip.training.recipe import Recipe
from moclip.training.state import has_state


@dataclass(frozen=True, eq=False)
class Clips:
    """The two splits training may see; the test split is opened by evaluation alone."""

    train: list[CaptionedMotion]
    val: list[CaptionedMotion]

    @classmethod
    def of(cls, recipe: Recipe) -> "Clips":
        """Reads the recipe's data set. Raises ``ValueError`` when a split is empty."""
        train, val = split_of(recipe, "train"), split_of(recipe, "val")
        for split, clips in (("train", train), ("val", val)):
            if len(clips) < 2:
                raise ValueError(
                    f"data set '{recipe.data.name}' has {len(clips)} clips to {split} on, "
                    "at least 2 are needed"
                )
        return cls(with_mirrored(train, recipe.augment.mirror), val)


def split_of(recipe: Recipe, split: str) -> list[CaptionedMotion]:
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
    stop_after: int | None = None,
) -> Path:
    """Trains MoCLIP as the recipe says and returns ``out``, which then holds the best model.

    ``resume`` takes up a run that was stopped; ``stop_after`` leaves off after so many epochs,
    resumable. Raises ``ValueError`` when ``out`` holds another run.
    """
    _check_folder(recipe, out, has_state(out) if resume == "if there" else resume)
    clips = clips or Clips.of(recipe)
    accelerator = _accelerator(recipe, device)
    model = new_model(recipe, clips.train).to(accelerator.device)
    write_atomically(out / "recipe.toml", recipe.to_toml().encode())
    loop = Loop(
        model=model,
        recipe=recipe,
        batches=batches_of(recipe, model, clips.train),
        validate=Validation(model, clips.val),
        save_best=lambda measured: _save(model, recipe, out, measured),
        out=out,
        accelerator=accelerator,
        show_progress=progress,
    )
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


def batches_of(recipe: Recipe, model: MoCLIP, clips: list[CaptionedMotion]) -> Batches:
    """Batches of the clips with the frozen tower's vectors of all their captions, made once."""
    captions = [caption for clip in clips for caption in clip.captions]
    teacher = Teacher.of(model, captions)
    teacher = Teacher(teacher.number, teacher.raw.cpu())
    schedule = recipe.schedule
    return Batches(clips, teacher, schedule.batch_size, recipe.seed, recipe.augment, schedule.slack)


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
        motion = model.encode_motion([clip.motion for clip in self.clips]).cpu()
        gallery = Gallery(motion, F.normalize(raw, dim=-1), self.owner, tuple(self.captions))
        report = protocols.evaluate(gallery, "all-identical", samples=0)
        return report.summary() | {"text_norm_ratio": self._ratio(raw)}

    def norm_ratio(self, model: MoCLIP) -> float:
        """Mean length of text vectors, student / teacher; 1 is no drift."""
        return self._ratio(self._raw(model))

    def _ratio(self, raw: torch.Tensor) -> float:
        return float((raw.norm(dim=-1) / self.before.norm(dim=-1)).mean())

    def _raw(self, model: MoCLIP) -> torch.Tensor:
        unique = list(dict.fromkeys(self.captions))
        row = {caption: number for number, caption in enumerate(unique)}
        with torch.no_grad():
            raw = model.text.encode(unique).float().cpu()
        return raw[[row[caption] for caption in self.captions]]


def _accelerator(recipe: Recipe, device: str | None) -> Accelerator:
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    # Accelerate keeps the first device and precision of a process, whatever is asked for later.
    AcceleratorState._reset_state(reset_partial_state=True)
    accelerator = Accelerator(cpu=device == "cpu", mixed_precision=precision(recipe, device))
    if accelerator.num_processes > 1:
        raise ValueError(
            f"{accelerator.num_processes} processes were started, but training runs in one so far"
        )
    return accelerator


def precision(recipe: Recipe, device: str) -> str:
    """``"bf16"`` or ``"no"``, as accelerate calls it."""
    wanted = recipe.optimiser.precision
    if wanted == "auto":
        wanted = "bf16" if _multiplies_bf16(device) else "fp32"
    return {"fp32": "no", "bf16": "bf16"}[wanted]


def _multiplies_bf16(device: str) -> bool:
    if device == "cpu":
        return bool(torch.cpu._is_amx_tile_supported())
    return device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def _check_folder(recipe: Recipe, out: Path, resume: bool) -> None:
    known = out / "recipe.toml"
    same = known.exists() and known.read_text() == recipe.to_toml()
    if resume and not has_state(out):
        raise ValueError(f"{out} holds no run to resume")
    if resume and not same:
        raise ValueError(f"{out} holds a run of another recipe; compare {known}")
    # A run that was stopped before its first state has the recipe and nothing else.
    begun = has_state(out) or (out / "config.json").exists() or (known.exists() and not same)
    if not resume and begun:
        raise ValueError(f"{out} holds a run already; resume it or name another folder")


def _save(model: MoCLIP, recipe: Recipe, out: Path, measured: dict[str, Any]) -> None:
    model.save_pretrained(out, recipe=recipe.to_toml(), card=card(recipe, measured))


def card(recipe: Recipe, measured: dict[str, Any]) -> str:
    """What the model card says of the run."""
    rows = "\n".join(
        f"| {name} | {value:.4g} |" for name, value in measured.items() if value is not None
    )
    return (
        f"Trained with recipe `{recipe.name}` on `{recipe.data.name}`, seed {recipe.seed}; "
        f"the epoch with the best validation R@1 of {recipe.schedule.epochs}.\n\n"
        f"| validation | |\n|---|---|\n{rows}\n"
    )
