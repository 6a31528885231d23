"""The towers of a study: a first phase that arms share, then each arm from there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moclip.models.two_tower import MoCLIP
from moclip.training import controls, run
from moclip.training import recipe as training
from moclip.training.run import Clips
from moclip.training.study.engine import Cell
from moclip.training.study.robustness import material
from moclip.training.study.robustness.material import nested
from moclip.training.study.robustness.recipe import Budget, Recipe


class First(Cell):
    """A motion tower trained against the frozen text tower."""

    budget: Budget
    fraction: float
    seed: int


class Tower(First):
    """Both towers, in one arm."""

    arm: str

    @property
    def first(self) -> First:
        """Where it starts from."""
        return First(budget=self.budget, fraction=self.fraction, seed=self.seed)


def firsts(recipe: Recipe) -> list[First]:
    """All first phases. On all motions the two budgets are one, which counts as ``steps``."""
    return [
        First(budget=budget, fraction=fraction, seed=seed)
        for seed in recipe.design.seeds
        for fraction in recipe.design.fractions
        for budget in recipe.design.budgets
        if fraction < 1 or budget == recipe.design.budgets[0]
    ]


def towers(recipe: Recipe) -> list[Tower]:
    """All towers that are measured."""
    return [
        Tower(**first.model_dump(), arm=arm)
        for first in firsts(recipe)
        for arm in recipe.design.arms
    ]


def train_first(cell: First, place: Path, *, recipe: Recipe) -> Mapping[str, Any]:
    """Leaves in ``place`` a run that can be taken up."""
    plan = _plan(cell, "tether", recipe)
    frozen = plan.schedule.frozen_epochs
    run.train(
        plan,
        place,
        clips=_clips(cell, recipe),
        teacher=material.of(recipe).teacher,
        device="cpu",
        stop_after=frozen,
    )
    return {}


def train(cell: Tower, folder: Path, start: Path, *, recipe: Recipe) -> MoCLIP:
    """The model of the last epoch; ``start`` is where :func:`train_first` left off.

    Nothing is selected on held-out clips: the moment at which an arm stops would be one more
    difference between arms.
    """
    plan = _plan(cell, cell.arm, recipe)
    controls.fork(start, folder, plan)
    run.train(
        plan,
        folder,
        clips=_clips(cell, recipe),
        teacher=material.of(recipe).teacher,
        device="cpu",
        resume=True,
    )
    (folder / "state.safetensors").unlink()
    return MoCLIP.from_pretrained(folder)


def facts(cell: First, recipe: Recipe) -> dict[str, int]:
    """How many motions it was trained on, twins left out, and for how long."""
    known = material.of(recipe)
    steps = steps_per_epoch(len(known.subset(cell.fraction, cell.seed)), recipe)
    frozen, unfrozen = epochs(cell, recipe)
    return {
        "motions": len(nested(known.train, cell.fraction, cell.seed)),
        "frozen_steps": steps * frozen,
        "text_steps": steps * unfrozen,
    }


def epochs(cell: First, recipe: Recipe) -> tuple[int, int]:
    """Of both phases, by the budget of the cell: as many as on all motions, or as many steps."""
    known = material.of(recipe)
    whole = steps_per_epoch(len(known.subset(1.0, cell.seed)), recipe)
    own = steps_per_epoch(len(known.subset(cell.fraction, cell.seed)), recipe)
    on_all = (
        max(1, round(steps / whole))
        for steps in (recipe.training.frozen_steps, recipe.training.text_steps)
    )
    if cell.budget == "epochs":
        frozen, unfrozen = on_all
    else:
        frozen, unfrozen = (max(1, round(passes * whole / own)) for passes in on_all)
    return frozen, unfrozen


def steps_per_epoch(clips: int, recipe: Recipe) -> int:
    """As :class:`moclip.training.batches.Batches` makes them: a last clip alone is left out."""
    whole, rest = divmod(clips, recipe.training.batch_size)
    return whole + (rest >= 2)


def _plan(cell: First, arm: str, recipe: Recipe) -> training.Recipe:
    frozen, unfrozen = epochs(cell, recipe)
    return recipe.towers(arm, seed=cell.seed, frozen=frozen, unfrozen=unfrozen)


def _clips(cell: First, recipe: Recipe) -> Clips:
    """Training asks for clips to validate on; what it finds there decides nothing."""
    train = material.of(recipe).subset(cell.fraction, cell.seed)
    return Clips(train, train[:2])
