"""The whole study: first phases, towers, what is generated, one report."""

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from moclip.models.generator.sampling import Sampling
from moclip.models.two_tower import MoCLIP
from moclip.training.study import engine, given, reports
from moclip.training.study._workers import Backend
from moclip.training.study.engine import Study
from moclip.training.study.robustness import generations, material, outcomes, pages, towers
from moclip.training.study.robustness.generations import Base, Stage
from moclip.training.study.robustness.recipe import Recipe
from moclip.training.study.robustness.towers import First, Tower

VERSION = 1
"""Of all that is measured; goes up when a cell would come out otherwise."""
GENERATED = 2
"""The same of what generated motion gives."""
_TRAINED = ("seed", "data", "text", "motion", "loss", "defence", "optimiser", "augment", "training")

_OF_BASES = ("quantiser_epochs", "token_epochs", "evaluator_epochs", "sizes")


def run(
    recipe: Recipe,
    out: Path,
    *,
    jobs: int = 1,
    backend: Backend = "loky",
    address: str | None = None,
    progress: bool = False,
) -> list[Path]:
    """The files of the report: ``report.json``, ``.csv``, ``.md`` and ``.html`` in ``out``.

    Cells that ``out`` has already are not measured again. Raises ``ValueError`` where the data set
    has too few clips, and what training and attacks raise.
    """
    parts = Parts.of(recipe, out.absolute())
    how: Any = {"jobs": jobs, "backend": backend, "address": address, "progress": progress}
    engine.run(parts.firsts, out, **how)
    cells = engine.run(parts.towers, out, **how)
    engine.run(parts.bases, out, **how)
    made = engine.run(parts.generated, out, **how)
    page, rows, figures = pages.of(recipe, cells, made, data=parts.data)
    return reports.write(out, page, rows=rows, figures=figures)


@dataclass(frozen=True)
class Parts:
    """Four studies of which each reads what those before it left in ``out``."""

    recipe: Recipe
    out: Path
    data: str
    """Identity of the clips."""

    @classmethod
    def of(cls, recipe: Recipe, out: Path) -> "Parts":
        return cls(recipe, out, material.of(recipe).identity())

    @property
    def firsts(self) -> Study[First]:
        measure = partial(towers.train_first, recipe=self.recipe)
        return Study("first phases", towers.firsts(self.recipe), measure, self._about(*_TRAINED))

    @property
    def towers(self) -> Study[Tower]:
        about = self._about(*_TRAINED, "attacks", "controls", "measuring")
        measure = partial(_measure_tower, parts=self)
        return Study("towers", towers.towers(self.recipe), measure, about)

    @property
    def bases(self) -> Study[Base]:
        about = self._about("seed", "data", "text") | self._made(*_OF_BASES)
        measure = partial(generations.train_base, recipe=self.recipe)
        return Study("generator", generations.bases(self.recipe), measure, about)

    @property
    def generated(self) -> Study[Tower]:
        made = self._made(*_OF_BASES, "attacks", "clips")
        about = self._about(*_TRAINED, "measuring") | made | {"made by": self._makers()}
        about |= {"generated": GENERATED, "sampling": asdict(Sampling())}
        measure = partial(_measure_generated, parts=self)
        return Study("generated", generations.chosen(self.recipe), measure, about)

    def base(self, what: str) -> Path:
        """Folder of the generator or the evaluator: the one given, or ours."""
        given: Path | None = getattr(self.recipe.generation, what)
        own = Base.model_validate({"what": what})
        return given or self.bases.place(self.out, own) / "model"

    def _about(self, *keys: str) -> dict[str, Any]:
        plain = self.recipe.plain()
        return {"version": VERSION, "clips": self.data} | {key: plain[key] for key in keys}

    def _made(self, *keys: str) -> dict[str, Any]:
        """Of what is generated, without which cells it is generated for."""
        plain = self.recipe.plain()["generation"]
        return {"generation": {key: plain[key] for key in keys}}

    def _makers(self) -> list[str]:
        """Which they are, of models that are given."""
        made = self.recipe.generation
        return [given.identity(f) if f else "" for f in (made.generator, made.evaluator)]


def _measure_tower(cell: Tower, place: Path, *, parts: Parts) -> Mapping[str, Any]:
    """The model is kept where motion is to be generated from its words."""
    recipe = parts.recipe
    model = _trained(cell, place, parts)
    found = outcomes.measure(model, material.of(recipe), recipe, seed=cell.seed)
    if cell not in generations.chosen(recipe):
        shutil.rmtree(place / "model")
    clips = len(material.of(recipe).test)
    return towers.facts(cell, recipe) | {"test_motions": clips} | found


def _measure_generated(cell: Tower, place: Path, *, parts: Parts) -> Mapping[str, Any]:
    kept = parts.towers.place(parts.out, cell) / "model"
    model = MoCLIP.from_pretrained(kept) if kept.exists() else _trained(cell, place, parts)
    stage = Stage.of(parts.recipe, parts.base("generator"), parts.base("evaluator"))
    found = generations.measure(model, stage, parts.recipe, seed=cell.seed)
    shutil.rmtree(place / "model", ignore_errors=True)
    return found


def _trained(cell: Tower, place: Path, parts: Parts) -> MoCLIP:
    """In ``place/model``, from the first phase that was kept; made anew where it is gone."""
    start = parts.firsts.place(parts.out, cell.first)
    if not start.exists():
        start = place / "first"
        towers.train_first(cell.first, start, recipe=parts.recipe)
    model = towers.train(cell, place / "model", start, recipe=parts.recipe)
    shutil.rmtree(place / "first", ignore_errors=True)
    return model
