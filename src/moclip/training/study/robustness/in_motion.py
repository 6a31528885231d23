"""What attacks on words add to the distance of generated from real motion, against the data."""

from collections.abc import Sequence
from typing import Any

import torch

from moclip.evaluation import trends
from moclip.training.study.robustness.analysis import Row, figure_row, verdict
from moclip.training.study.robustness.outcomes import CLEAN
from moclip.training.study.robustness.recipe import Recipe


def trend(recipe: Recipe, generated: Sequence[Row]) -> list[dict[str, Any]]:
    """Of FID_P - FID and KID_P - KID against the data, where several fractions were generated."""
    told = []
    made = recipe.generation
    for arm in made.arms:
        for attack in made.attacks:
            for figure in ("FID", "KID"):
                values = _values(recipe, generated, arm, attack, figure)
                row: dict[str, Any] = {"arm": arm, "attack": attack, "figure": f"delta {figure}"}
                row |= figure_row("on most", trends.means(values[:, -1:])[0], digits=6)
                if len(made.fractions) > 1:
                    amounts = torch.tensor(made.fractions)
                    row |= figure_row("slope", trends.slope(values, amounts), digits=6)
                told.append(row)
    return told


def answer(recipe: Recipe, trends_of_motion: Sequence[Row]) -> str | None:
    """The verdict's question asked of generated motion, where its arm and attack were generated."""
    aim = recipe.verdict
    wanted = {"arm": aim.arm, "attack": aim.attack, "figure": "delta FID"}
    what = f"what {aim.attack} adds to the FID of motion from the words of the arm '{aim.arm}'"
    found = (row for row in trends_of_motion if wanted.items() <= row.items())
    told = [f"Of {len(recipe.generation.seeds)} seeds: {verdict(r, what=what)}" for r in found]
    return told[0] if told else None


def _values(
    recipe: Recipe, generated: Sequence[Row], arm: str, attack: str, figure: str
) -> trends.Values:
    """What the attack adds to a distance, by seed and fraction."""
    index = {(r["arm"], r["seed"], r["fraction"], r["attack"]): r for r in generated}
    made = recipe.generation

    def added(seed: int, fraction: float) -> float:
        clean, attacked = (index[arm, seed, fraction, name] for name in (CLEAN, attack))
        return float(attacked[f"{figure}_P"]) - float(clean[figure])

    return torch.tensor([[[added(s, f)] for f in made.fractions] for s in made.seeds])
