"""The whole study: generator and evaluator, towers, rows, one report."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from moclip.models.generator.sampling import Sampling
from moclip.training.study import engine, reports
from moclip.training.study._workers import Backend
from moclip.training.study.engine import Study
from moclip.training.study.given import identity
from moclip.training.study.swap import cells, material, pages
from moclip.training.study.swap.cells import Base, Row, Tower
from moclip.training.study.swap.recipe import ARMS, Recipe

VERSION = 1
"""Of all that is trained; goes up when a cell would come out otherwise."""
ROWS = 2
"""The same of what is measured."""
_TRAINED = ("seed", "data", "moclip", "generator", "evaluator")


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

    Cells that ``out`` has already are not measured again. Raises ``ValueError`` for fewer than 20
    test clips and for a generator whose vectors have another width than the towers'.
    """
    cells.check_given(recipe)
    parts = Parts.of(recipe, out.absolute())
    how: Any = {"jobs": jobs, "backend": backend, "address": address, "progress": progress}
    engine.run(parts.bases, out, **how)
    engine.run(parts.towers, out, **how)
    measured = engine.run(parts.rows, out, **how)
    page, rows, figures = pages.of(recipe, measured, data=parts.data)
    return reports.write(out, page, rows=rows, figures=figures)


@dataclass(frozen=True)
class Parts:
    """Three studies of which each reads what those before it left in ``out``."""

    recipe: Recipe
    out: Path
    data: str
    """Identity of the clips."""

    @classmethod
    def of(cls, recipe: Recipe, out: Path) -> "Parts":
        return cls(recipe, out, material.of(recipe).identity())

    @property
    def bases(self) -> Study[Base]:
        measure = partial(cells.train_base, recipe=self.recipe)
        about = self._about(*_TRAINED)
        return Study("generator and evaluator", cells.bases(self.recipe), measure, about)

    @property
    def towers(self) -> Study[Tower]:
        measure = partial(cells.train_tower, recipe=self.recipe)
        return Study("towers", cells.moclips(self.recipe), measure, self._about("data", "moclip"))

    @property
    def rows(self) -> Study[Row]:
        about = self._about(*_TRAINED, "tuning", "measuring") | {"given": self._given()}
        about |= {"rows": ROWS, "sampling": asdict(Sampling())}
        return Study("rows", cells.rows(self.recipe), partial(_measure, parts=self), about)

    def base(self, what: str) -> Path:
        """Folder of the generator or the evaluator: the one given, or ours."""
        given: Path | None = getattr(self.recipe.given, what)
        return given or self.bases.place(self.out, Base.model_validate({"what": what})) / "model"

    def tower(self, cell: Row) -> Path | None:
        """Folder of the MoCLIP of a row; none for the generator's own tower."""
        which = ARMS[cell.arm].tower
        if which == "plain":
            return None
        given = self.recipe.given.tether if which == "tether" else self.recipe.given.free
        return given or self.towers.place(self.out, Tower(tower=which, seed=cell.seed)) / "model"

    def _about(self, *keys: str) -> dict[str, Any]:
        plain = self.recipe.plain()
        return {"version": VERSION, "data": self.data} | {f"[{k}]": plain[k] for k in keys}

    def _given(self) -> dict[str, str]:
        """Which they are, of models that are given."""
        given = self.recipe.given
        folders = {name: getattr(given, name) for name in type(given).model_fields}
        return {name: identity(folder) for name, folder in folders.items() if folder}


def _measure(cell: Row, place: Path, *, parts: Parts) -> Mapping[str, Any]:
    return cells.measure(
        cell,
        place,
        recipe=parts.recipe,
        generator=parts.base("generator"),
        evaluator=parts.base("evaluator"),
        tower=parts.tower(cell),
    )
