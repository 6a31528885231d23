"""From cells to trends: how much is lost under attack, and whether more data changes that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.evaluation import trends
from moclip.evaluation.figures import Figure
from moclip.training.study.robustness.outcomes import CLEAN, FOUND, conditions
from moclip.training.study.robustness.recipe import Budget, Recipe

Row = Mapping[str, Any]
_PERMUTATIONS = 2000


@dataclass(frozen=True)
class Condition:
    """One line of a chart."""

    budget: Budget
    arm: str
    attack: str
    strength: float


@dataclass(frozen=True, eq=False)
class Series:
    """What was measured of a condition on every amount of data."""

    fractions: Float[Tensor, " point"]
    hits: trends.Values
    """Chance of each caption to find its motion first, under the attack."""
    clean: trends.Values

    @property
    def lost(self) -> trends.Values:
        """Percent of captions; above 0 where the attack hurts."""
        return 100 * (self.clean - self.hits)

    @property
    def share_lost(self) -> trends.Values:
        """Percent of each tower's finds that are lost, which is their mean over captions.

        The ratio is made linear around its value (delta method), so that captions vary it too.
        """
        found = (self.clean >= FOUND).to(self.clean)
        count = found.mean(dim=2, keepdim=True).clamp(min=1 / found.shape[2])
        lost = found * (1 - self.hits)
        share = lost.mean(dim=2, keepdim=True) / count
        return 100 * (share + (lost - share * found) / count)


def flat(cells: Sequence[Row], parts: str) -> list[dict[str, Any]]:
    """A row for each of the ``parts`` of each cell, with the cell's own values in front."""
    return [
        {k: v for k, v in cell.items() if not isinstance(v, list | dict)} | part
        for cell in cells
        for part in cell[parts]
    ]


@dataclass(frozen=True, eq=False)
class Analysis:
    """All rows of the towers, and how often to draw."""

    recipe: Recipe
    rows: Sequence[Row]

    def conditions(self, kind: str = "attack") -> Iterator[Condition]:
        """By budget, arm, attack and strength."""
        for budget in self.recipe.design.budgets:
            for arm in self.recipe.design.arms:
                for name, its_kind, strength in conditions(self.recipe):
                    if its_kind == kind:
                        yield Condition(budget, arm, name, strength)

    def series(self, condition: Condition) -> Series:
        """On all motions the budgets are one."""
        hits = self._values(condition, condition.attack, condition.strength)
        clean = self._values(condition, CLEAN, 0.0)
        return Series(torch.tensor(self.recipe.design.fractions), hits, clean)

    def trend(self, condition: Condition) -> dict[str, Any]:
        """How R@1 lost to an attack changes with ten times the data: slope, Spearman.

        The same of what is lost as a share of what each tower finds: on little data there is little
        to lose, so losses in points may rise with the data where shares fall.
        """
        series = self.series(condition)
        told: dict[str, Any] = {**vars(condition)}
        told |= figure_row("lost on all", trends.means(series.lost[:, -1:])[0])
        if len(series.fractions) < 2:
            return told
        slope = trends.slope(series.lost, series.fractions)
        share = trends.slope(series.share_lost, series.fractions)
        each = series.lost.mean(dim=2)
        ranks = trends.spearman(
            series.fractions.expand_as(each).flatten(),
            each.flatten(),
            samples=_PERMUTATIONS,
            draw=self._draw(),
        )
        rho, p = ranks or (None, None)
        ranked = {"rho": _round(rho), "p": _round(p)}
        return told | figure_row("slope", slope) | ranked | figure_row("slope of share", share)

    def means(self, condition: Condition, which: str) -> list[Figure]:
        """R@1 in percent (``hits``, ``clean``) or what is ``lost`` of it, at every amount."""
        values = getattr(self.series(condition), which)
        values = values if which == "lost" else 100 * values
        return trends.means(values)

    def mean(self, figure: str, **where: Any) -> float | None:
        """Over all rows with these values; ``None`` where there are none."""
        found = [
            row[figure]
            for row in self.rows
            if all(row[k] == v for k, v in where.items()) and row.get(figure) is not None
        ]
        return sum(found) / len(found) if found else None

    def _values(self, condition: Condition, attack: str, strength: float) -> trends.Values:
        def hits(seed: int, fraction: float) -> list[float]:
            budget = self.recipe.design.budgets[0] if fraction == 1 else condition.budget
            wanted = (budget, condition.arm, attack, strength, seed, fraction)
            found: list[float] = self._by_cell[wanted]["hits"]
            return found

        design = self.recipe.design
        return torch.tensor([[hits(s, f) for f in design.fractions] for s in design.seeds])

    @cached_property
    def _by_cell(self) -> dict[tuple[object, ...], Row]:
        keys = ("budget", "arm", "attack", "strength", "seed", "fraction")
        return {tuple(r[key] for key in keys): r for r in self.rows if "hits" in r}

    def _draw(self) -> torch.Generator:
        return torch.Generator().manual_seed(self.recipe.seed)


def verdict(trend: Row, *, what: str) -> str:
    """The answer that was decided on beforehand: only an interval without 0 is one."""
    low, high = trend.get("slope low"), trend.get("slope high")
    if low is None or high is None:
        return f"No verdict: {what} was measured on one amount of data, or with one seed."
    told = f"{trend['slope']:.3g} ({low:.3g}..{high:.3g}) for ten times the data"
    if high < 0:
        return f"Scaling helps: {what} falls with the data, by {told}."
    if low > 0:
        return f"Scaling hurts: {what} rises with the data, by {told}."
    return f"No effect shown: {what} changes by {told}, and the interval holds 0."


def figure_row(name: str, figure: Figure, *, digits: int = 4) -> dict[str, float | None]:
    """Three columns: the value and the ends of its interval."""
    ends = {"": figure.value, " low": figure.low, " high": figure.high}
    return {f"{name}{end}": _round(value, digits) for end, value in ends.items()}


def _round(value: float | None, digits: int = 4) -> float | None:
    """So that the last bits of a sum are no difference between reports."""
    return None if value is None else round(value, digits) + 0.0
