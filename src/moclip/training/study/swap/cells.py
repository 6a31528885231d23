"""What is trained and measured: a generator and an evaluator, the towers, then each row and seed.

A row's generator is the same at the start in all of them, and so are captions, lengths, random
numbers of motions and of the fine-tuning's batches for one seed: rows differ in what their names
say alone.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from moclip.evaluation import generation
from moclip.evaluation.generation import Plan
from moclip.evaluation.judges import Judge
from moclip.evaluation.makers import Maker
from moclip.models import interop
from moclip.models.evaluator.own import Evaluator
from moclip.models.generator.generator import MotionGenerator, load_text_tower
from moclip.tasks.generation import TextToMotion
from moclip.training import evaluator as evaluators
from moclip.training import run as towers
from moclip.training.batches import with_mirrored
from moclip.training.generator import run as generators
from moclip.training.run import Clips
from moclip.training.study.engine import Cell
from moclip.training.study.swap import material
from moclip.training.study.swap.recipe import ARMS, Recipe, Which

_APART = 1_000_003
"""Between the seeds of two cells, so that none of their repeats draws the same."""


class Base(Cell):
    """What all rows share."""

    what: Literal["generator", "evaluator"]


class Tower(Cell):
    """A MoCLIP whose text tower is swapped in."""

    tower: Which
    seed: int


class Row(Cell):
    """A row of the table with one seed."""

    arm: str
    seed: int


def bases(recipe: Recipe) -> list[Base]:
    """Those that are not given."""
    kinds: tuple[Literal["generator", "evaluator"], ...] = ("generator", "evaluator")
    return [Base(what=kind) for kind in kinds if getattr(recipe.given, kind) is None]


def moclips(recipe: Recipe) -> list[Tower]:
    """Those that are not given."""
    given = {"tether": recipe.given.tether, "lambda 0": recipe.given.free}
    kinds: tuple[Which, ...] = ("tether", "lambda 0")
    return [
        Tower(tower=kind, seed=seed) for kind in kinds if not given[kind] for seed in recipe.seeds
    ]


def check_given(recipe: Recipe) -> None:
    """Opens the models that are given, before others are trained. Raises as their readers do."""
    given = recipe.given
    if given.generator is not None:
        MotionGenerator.from_pretrained(given.generator)
    if given.evaluator is not None:
        Evaluator.from_pretrained(given.evaluator)
    for tower in filter(None, (given.tether, given.free)):
        interop.read(tower)


def rows(recipe: Recipe) -> list[Row]:
    """Every arm with every seed."""
    return [Row(arm=arm, seed=seed) for arm in ARMS for seed in recipe.seeds]


def train_base(cell: Base, place: Path, *, recipe: Recipe) -> Mapping[str, Any]:
    """Leaves a generator or an evaluator in ``place/model``."""
    clips, folder = material.of(recipe), place / "model"
    if cell.what == "generator":
        plan = recipe.base_generator()
        seen = Clips(with_mirrored(clips.train, plan.augment.mirror), clips.val)
        generators.train(plan, folder, clips=seen, device="cpu")
        return {}
    fitted = evaluators.fit(clips.train, clips.val, recipe.evaluator)
    folder.mkdir()
    fitted.evaluator.save(folder, card="Trained for a study of the swap.\n")
    return {"epoch": fitted.epoch}


def train_tower(cell: Tower, place: Path, *, recipe: Recipe) -> Mapping[str, Any]:
    """Leaves a MoCLIP in ``place/model``, the best on the validation split."""
    clips, plan = material.of(recipe), recipe.tower(cell.tower, seed=cell.seed)
    seen = Clips(with_mirrored(clips.train, plan.augment.mirror), clips.val)
    towers.train(plan, place / "model", clips=seen, device="cpu")
    (place / "model" / "state.safetensors").unlink(missing_ok=True)
    return {}


def measure(
    cell: Row, place: Path, *, recipe: Recipe, generator: Path, evaluator: Path, tower: Path | None
) -> Mapping[str, Any]:
    """Figures of every repeat; ``tower`` is absent for the generator's own."""
    maker = Maker(_model(cell, place, recipe, generator, tower), guidance=recipe.measuring.guidance)
    how = recipe.measuring
    report = generation.evaluate(
        maker,
        Judge(Evaluator.from_pretrained(evaluator)),
        material.of(recipe).test,
        Plan(how.repeats, _APART * cell.seed, how.prompts, how.generations),
    )
    shutil.rmtree(place / "model", ignore_errors=True)
    return {"clips": report.clips, "pool": report.pool, "rows": list(report.rows)}


def _model(
    cell: Row, place: Path, recipe: Recipe, generator: Path, tower: Path | None
) -> TextToMotion:
    """The generator, tuned where the arm says so, with the words' vectors of its arm."""
    if not ARMS[cell.arm].tuned:
        text = load_text_tower(generator) if tower is None else interop.read(tower)
        model = MotionGenerator.from_pretrained(generator)
        model.check_tower(text, allow=True)
        return TextToMotion(model, text.eval())
    clips, plan = material.of(recipe), recipe.tuned_generator(generator, tower, seed=cell.seed)
    seen = Clips(with_mirrored(clips.train, plan.augment.mirror), clips.val)
    return TextToMotion.open(generators.train(plan, place / "model", clips=seen, device="cpu"))
