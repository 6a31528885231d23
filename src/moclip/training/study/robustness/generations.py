"""What attacked words do to generated motion: a generator reads the vectors of a study's tower.

The generator was trained with the plain text tower and is not tuned for those of the study: it
takes their raw vectors, as after a swap. Distances: ``FID`` of motions made from clean captions to
real ones, ``FID_P`` of those made from attacked captions to real ones, ``FID_D`` between the two.
KID beside each has no bias of few clips; a motion has the same random numbers, clean and attacked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.evaluation import victims
from moclip.evaluation.metrics import fid, fid_inf, fid_shrunk, kid, mm_dist
from moclip.models.evaluator.own import Config, Evaluator
from moclip.models.generator._codes import STRIDE
from moclip.models.generator.generator import LONGEST, MotionGenerator
from moclip.models.two_tower import MoCLIP, unit
from moclip.motion import CaptionedMotion
from moclip.training import evaluator as evaluators
from moclip.training.generator import run as generators
from moclip.training.generator.recipe import Recipe as GeneratorRecipe
from moclip.training.run import Clips, split_of
from moclip.training.study.engine import Cell
from moclip.training.study.robustness import material
from moclip.training.study.robustness.attacked import attacked
from moclip.training.study.robustness.recipe import Recipe
from moclip.training.study.robustness.towers import Tower

Features = Float[Tensor, "clip width"]


class Base(Cell):
    """What a study trains for itself where it is not given."""

    what: Literal["generator", "evaluator"]


def bases(recipe: Recipe) -> list[Base]:
    """None where both are given, or nothing is generated."""
    made = recipe.generation
    given = {"generator": made.generator, "evaluator": made.evaluator}
    kinds: tuple[Literal["generator", "evaluator"], ...] = ("generator", "evaluator")
    return [Base(what=kind) for kind in kinds if chosen(recipe) and given[kind] is None]


def chosen(recipe: Recipe) -> list[Tower]:
    """The towers whose words are also generated from."""
    made, design = recipe.generation, recipe.design
    return [
        Tower(budget=design.budgets[0], fraction=fraction, seed=seed, arm=arm)
        for seed in made.seeds
        for fraction in made.fractions
        for arm in made.arms
    ]


def train_base(cell: Base, place: Path, *, recipe: Recipe) -> Mapping[str, Any]:
    """Leaves a generator or an evaluator in ``place/model``."""
    clips = Clips(material.of(recipe).train, split_of(recipe, "val"))
    folder = place / "model"
    if cell.what == "generator":
        generators.train(_generator(recipe), folder, clips=clips, device="cpu")
        return {}
    options = evaluators.Options(
        epochs=recipe.generation.evaluator_epochs,
        seed=recipe.seed,
        sizes=Config(**recipe.generation.sizes.get("evaluator", {})),
    )
    fitted = evaluators.fit(clips.train, clips.val, options)
    folder.mkdir()
    fitted.evaluator.save(folder, card="Trained for a study of robustness.\n")
    return {"epoch": fitted.epoch}


def _generator(recipe: Recipe) -> GeneratorRecipe:
    made = recipe.generation
    tokens = {"epochs": made.token_epochs, "batch_size": 64, "lr": 5e-4, "validate_every": 5}
    quantiser = {"epochs": made.quantiser_epochs, "batch_size": 32, "lr": 6e-4, "joints": 0.5}
    return GeneratorRecipe.of(
        {
            "name": recipe.name,
            "model": "generator",
            "seed": recipe.seed,
            "data": recipe.data.model_dump(),
            "text": {"tower": recipe.text.tower, "source": recipe.text.source},
            **{part: made.sizes.get(part, {}) for part in ("quantiser", "masked", "residual")},
            "train_quantiser": quantiser | {"validate_every": 5, "weight_decay": 0.0},
            "train_masked": tokens,
            "train_residual": tokens,
        }
    )


@dataclass(frozen=True, eq=False)
class Stage:
    """Who makes motion and who judges it, and the real clips."""

    generator: MotionGenerator
    evaluator: Evaluator
    clips: Sequence[CaptionedMotion]

    @classmethod
    def of(cls, recipe: Recipe, generator: Path, evaluator: Path) -> "Stage":
        clips = [_within(clip) for clip in material.of(recipe).test if len(clip.motion) >= STRIDE]
        return cls(
            MotionGenerator.from_pretrained(generator),
            Evaluator.from_pretrained(evaluator),
            clips[: recipe.generation.clips],
        )

    @property
    def captions(self) -> list[str]:
        return [clip.captions[0] for clip in self.clips]

    def features(self, raw: Float[Tensor, "clip dim"]) -> Features:
        """Of motions made from these vectors, each with its own random numbers."""
        frames, seeds = [len(clip.motion) for clip in self.clips], range(len(self.clips))
        made = self.generator.from_vectors(raw, frames, seeds=seeds)
        return self.evaluator.encode_motion([motion.to("cpu") for motion in made])


def measure(model: MoCLIP, stage: Stage, recipe: Recipe, *, seed: int) -> dict[str, Any]:
    """``rows``: clean, then each attack; ``bias``: FID by the number of clips."""
    real = stage.evaluator.encode_motion([clip.motion for clip in stage.clips])
    with torch.no_grad():
        clean = stage.features(model.text.encode(stage.captions).float().cpu())
        motion = model.encode_motion([clip.motion for clip in stage.clips]).float().cpu()
    aims = _aims(stage.captions, motion)
    victim = victims.of_model(model, aims=aims, sample=stage.captions)
    text = stage.evaluator.encode_text(stage.captions)
    rows: list[dict[str, Any]] = [_distances("none", 0.0, real, clean, clean, text)]
    for name, strength in recipe.generation.attacks.items():
        found = attacked(
            model,
            stage.captions,
            name,
            strength,
            victim=victim,
            seed=seed,
            how=recipe.measuring,
        )
        rows.append(_distances(name, strength, real, clean, stage.features(found.raw), text))
    return {"rows": rows, "bias": _bias(real, clean, recipe.seed)}


def _distances(
    name: str, strength: float, real: Features, clean: Features, made: Features, text: Features
) -> dict[str, Any]:
    """MM-Dist is to the *clean* captions, as the field has it for attacked ones."""
    figures = {
        "FID": fid.frechet_distance(real, clean),
        "FID_P": fid.frechet_distance(real, made),
        "FID_D": fid.frechet_distance(clean, made),
        "FID_P shrunk": fid_shrunk.shrunk_distance(real, made),
        "FID_D shrunk": fid_shrunk.shrunk_distance(clean, made),
        "KID": kid.kernel_distance(real, clean).value,
        "KID_P": kid.kernel_distance(real, made).value,
        "KID_D": kid.kernel_distance(clean, made).value,
        "MM-Dist": mm_dist.mm_distance(text, made),
    }
    told = {key: round(value, 6) + 0.0 for key, value in figures.items()}
    return {"attack": name, "strength": strength, **told}


def _bias(real: Features, clean: Features, seed: int) -> dict[str, Any]:
    """The same two sets, fewer of each: what FID would say of a smaller study."""
    found = fid_inf.curve(real, clean, torch.Generator().manual_seed(seed))
    return {
        "sizes": list(found.sizes),
        "FID": [round(value, 6) for value in found.distances],
        "limit": round(found.limit, 6),
    }


def _aims(captions: Sequence[str], motion: Float[Tensor, "clip dim"]) -> dict[str, Tensor]:
    """The mean of a caption's own motions."""
    different = list(dict.fromkeys(captions))
    rows = {caption: i for i, caption in enumerate(different)}
    index = torch.tensor([rows[caption] for caption in captions])
    own = torch.zeros(len(different), motion.shape[1]).index_add(0, index, motion)
    return dict(zip(different, unit(own), strict=True))


def _within(clip: CaptionedMotion) -> CaptionedMotion:
    """Cut to what a generator can make."""
    if len(clip.motion) <= LONGEST:
        return clip
    joints = clip.motion.joints[:LONGEST]
    return replace(clip, motion=replace(clip.motion, joints=joints, rotations=None))
