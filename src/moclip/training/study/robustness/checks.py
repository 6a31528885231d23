"""Does the study measure what it says? Its controls, and what each defence costs and keeps.

Each check is a row: what, in which arm, the figure, its bar and whether it holds.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from moclip.training.study.robustness.analysis import Analysis, Condition, Row
from moclip.training.study.robustness.outcomes import CLEAN
from moclip.training.study.robustness.recipe import UNDEFENDED

_REFERENCE = "tether"
"""What a defence is compared with: the same recipe without it."""
_PRICE, _KEPT = -2.0, 0.5


def checks(found: Analysis, generated: Sequence[Row]) -> list[dict[str, Any]]:
    """All that the study has the cells for."""
    arms = found.recipe.design.arms
    rows = [row for arm in arms for row in _of_arm(found, arm)]
    if _REFERENCE in arms:
        defended = [arm for arm in arms if arm not in UNDEFENDED]
        rows += [row for arm in defended for row in _of_defence(found, arm)]
    return [*rows, *_of_motion(generated)]


def _of_arm(found: Analysis, arm: str) -> Iterator[dict[str, Any]]:
    attacks = found.recipe.attacks
    both = set(attacks.get("random_noise", ())) & set(attacks.get("projected_gradient", ()))
    for strength in sorted(both):
        noise, gradient = (
            found.mean("drift", arm=arm, attack=name, strength=strength, kind="attack")
            for name in ("random_noise", "projected_gradient")
        )
        what = f"noise moves a vector less than a gradient of equal norm ({strength:g})"
        yield _row(what, arm, _ratio(noise, gradient), "drift ratio < 1", lambda value: value < 1)
    if "synonyms" in attacks:
        means = [
            found.mean("drift", arm=arm, attack=control, kind="control", fraction=1.0)
            for control in found.recipe.controls
        ]
        heard = [mean for mean in means if mean is not None]
        meaning = sum(heard) / len(heard) if heard else None
        strongest = {"attack": "synonyms", "strength": attacks["synonyms"][-1]}
        words = found.mean("drift", arm=arm, kind="attack", fraction=1.0, **strongest)
        what = "changes of meaning move a vector more than synonyms"
        yield _row(what, arm, _ratio(meaning, words), "drift ratio > 1", lambda value: value > 1)


def _of_defence(found: Analysis, arm: str) -> Iterator[dict[str, Any]]:
    own, plain = (_clean(found, name) for name in (arm, _REFERENCE))
    yield _row(
        "clean R@1 on all motions, beside the tether alone",
        arm,
        own - plain,
        f">= {_PRICE:g} points",
        lambda value: value >= _PRICE,
    )
    for name in ("synonyms", "substitution"):
        if name in found.recipe.attacks:
            strength = found.recipe.attacks[name][-1]
            own, plain = (_lost(found, which, name, strength) for which in (arm, _REFERENCE))
            yield _row(
                f"share kept of what {name} ({strength:g}) take from the tether alone",
                arm,
                1 - own / plain if plain > 0 else None,
                f">= {_KEPT:g}",
                lambda value: value >= _KEPT,
            )


def _of_motion(generated: Sequence[Row]) -> Iterator[dict[str, Any]]:
    attacks = dict.fromkeys(row["attack"] for row in generated if row["attack"] != CLEAN)
    for attack in attacks:
        own, plain = (
            [r["FID_D"] for r in generated if (r["arm"], r["attack"]) == (arm, attack)]
            for arm in ("consistency", _REFERENCE)
        )
        if own and plain:
            difference = sum(own) / len(own) - sum(plain) / len(plain)
            what = f"FID_D under {attack}, beside the tether alone"
            yield _row(what, "consistency", difference, "< 0", lambda value: value < 0)


def _clean(found: Analysis, arm: str) -> float:
    condition = Condition(found.recipe.design.budgets[0], arm, CLEAN, 0.0)
    return 100 * float(found.series(condition).clean[:, -1].mean())


def _lost(found: Analysis, arm: str, attack: str, strength: float) -> float:
    condition = Condition(found.recipe.design.budgets[0], arm, attack, strength)
    return float(found.series(condition).lost[:, -1].mean())


def _ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other


def _row(what: str, arm: str, value: float | None, bar: str, holds: Any) -> dict[str, Any]:
    """``None`` where there was nothing to measure: no bar is reached by that."""
    return {
        "check": what,
        "arm": arm,
        "figure": None if value is None else round(value, 4) + 0.0,
        "bar": bar,
        "holds": None if value is None else bool(holds(value)),
    }
