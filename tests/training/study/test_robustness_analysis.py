"""Trends, verdict and checks from made-up cells whose truth is known."""

from pathlib import Path
from typing import Any

import pytest
import small_robustness

from moclip.evaluation.figures import Figure
from moclip.training.study.robustness import analysis, checks, in_motion, pages
from moclip.training.study.robustness.analysis import Analysis, Condition
from moclip.training.study.robustness.recipe import Design, Recipe

FRACTIONS = (0.01, 0.1, 1.0)
CAPTIONS = 10


@pytest.fixture
def recipe() -> Recipe:
    return small_robustness.recipe(
        Path("no-weights-needed"),
        design={
            "fractions": list(FRACTIONS),
            "arms": ["tether", "consistency"],
            "budgets": ["steps", "epochs"],
            "seeds": [0, 1],
        },
        attacks={
            "synonyms": [0.5],
            "substitution": [0.5],
            "projected_gradient": [0.05],
            "random_noise": [0.05],
        },
        controls=["left_right"],
    )


def hits(lost: int) -> list[float]:
    """All captions are found but the first so many."""
    return [0.0] * lost + [1.0] * (CAPTIONS - lost)


def row(attack: str, kind: str, strength: float, lost: int, drift: float | None) -> dict[str, Any]:
    return {
        "attack": attack,
        "kind": kind,
        "strength": strength,
        "R@1": 10.0 * (CAPTIONS - lost),
        "hits": hits(lost),
        "drift": drift,
        "drifts": [],
    }


def cells(rise: int, *, noise: float = 0.01, meaning: float = 0.3) -> list[dict[str, Any]]:
    """Substitution takes ``4 + rise * log10(fraction)`` captions of ten; half with consistency."""
    made = []
    for arm in ("tether", "consistency"):
        for seed in (0, 1):
            for power, fraction in zip((-2, -1, 0), FRACTIONS, strict=True):
                for budget in ("steps",) if fraction == 1 else ("steps", "epochs"):
                    lost = (4 + rise * power) // (2 if arm == "consistency" else 1)
                    rows = [
                        row("none", "clean", 0.0, 0, None),
                        row("synonyms", "attack", 0.5, lost, 0.1),
                        row("substitution", "attack", 0.5, lost, 0.2),
                        row("projected_gradient", "attack", 0.05, lost, 0.2),
                        row("random_noise", "attack", 0.05, 0, noise),
                        row("left_right", "control", 1.0, 0, meaning),
                    ]
                    cell = {"budget": budget, "fraction": fraction, "seed": seed, "arm": arm}
                    facts = {"motions": int(100 * fraction), "test_motions": 20, "excluded": []}
                    made.append(cell | facts | {"rows": rows})
    return made


def found(recipe: Recipe, made: list[dict[str, Any]]) -> Analysis:
    return Analysis(recipe, analysis.flat(made, "rows"))


@pytest.mark.parametrize(("rise", "answer"), [(2, "Scaling hurts"), (-2, "Scaling helps")])
def test_a_known_slope_is_found_and_judged(recipe: Recipe, rise: int, answer: str) -> None:
    trend = found(recipe, cells(rise)).trend(Condition("steps", "tether", "substitution", 0.5))
    assert trend["slope"] == pytest.approx(10 * rise, abs=1e-3)
    assert trend["rho"] == pytest.approx(1.0 if rise > 0 else -1.0, abs=1e-3)
    assert analysis.verdict(trend, what="R@1 lost").startswith(answer)


def test_no_slope_is_no_effect(recipe: Recipe) -> None:
    trend = found(recipe, cells(0)).trend(Condition("steps", "tether", "substitution", 0.5))
    assert analysis.verdict(trend, what="R@1 lost").startswith("No effect shown")


def test_one_seed_has_no_verdict(recipe: Recipe) -> None:
    design = recipe.design.model_copy(update={"seeds": (0,)})
    one = recipe.model_copy(update={"design": design})
    trend = found(one, cells(2)).trend(Condition("steps", "tether", "substitution", 0.5))
    assert trend["slope"] == pytest.approx(20, abs=1e-3)
    assert analysis.verdict(trend, what="R@1 lost").startswith("No verdict")


def test_what_is_lost_is_also_told_as_a_share_of_what_was_found(recipe: Recipe) -> None:
    """Twice as much is found with each step of the data, and of it always one in two is lost."""
    made = cells(0)
    for cell in made:
        count = {0.01: 2, 0.1: 4, 1.0: 8}[cell["fraction"]]
        for one in cell["rows"]:
            kept = count // 2 if one["attack"] == "substitution" else count
            one["hits"] = [1.0] * kept + [0.0] * (CAPTIONS - kept)
    trend = found(recipe, made).trend(Condition("steps", "tether", "substitution", 0.5))
    assert trend["slope"] == pytest.approx(15, abs=1e-3)
    assert trend["slope of share"] == pytest.approx(0, abs=1e-3)


def test_a_band_that_ends_at_zero_ends_there() -> None:
    assert pages._band(Figure(-0.5, -1.5, 0.0)) == (-1.5, 0.0)
    assert pages._band(Figure(-0.5)) == (-0.5, -0.5)


def test_a_seed_that_is_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="each seed is measured once"):
        Design(seeds=(0, 0))


def test_one_amount_of_data_has_no_verdict() -> None:
    assert analysis.verdict({"lost on all": 3.0}, what="R@1 lost").startswith("No verdict")


def test_on_all_motions_both_budgets_are_the_same_cell(recipe: Recipe) -> None:
    both = [
        found(recipe, cells(2)).series(Condition(budget, "tether", "substitution", 0.5))
        for budget in recipe.design.budgets
    ]
    assert (both[0].hits[:, -1] == both[1].hits[:, -1]).all()


def told(
    recipe: Recipe, made: list[dict[str, Any]], generated: list[dict[str, Any]]
) -> dict[tuple[str, str], Any]:
    rows = checks.checks(found(recipe, made), generated)
    return {(r["check"].split(" (")[0].split(",")[0], r["arm"]): r["holds"] for r in rows}


def test_checks_hold_where_they_should(recipe: Recipe) -> None:
    generated = [
        {"arm": arm, "attack": "synonyms", "FID_D": far}
        for arm, far in (("tether", 2.0), ("consistency", 1.0))
    ]
    rows = told(recipe, cells(0), generated)
    assert len(rows) == 8
    assert all(rows.values())


def test_checks_fail_where_they_should(recipe: Recipe) -> None:
    generated = [
        {"arm": arm, "attack": "synonyms", "FID_D": far}
        for arm, far in (("tether", 1.0), ("consistency", 2.0))
    ]
    rows = told(recipe, cells(0, noise=0.5, meaning=0.01), generated)
    assert not rows["noise moves a vector less than a gradient of equal norm", "tether"]
    assert not rows["changes of meaning move a vector more than synonyms", "tether"]
    assert not rows["FID_D under synonyms", "consistency"]


def test_the_page_tells_the_verdict_first_and_both_numbers(recipe: Recipe) -> None:
    page, rows, figures = pages.of(recipe, cells(2), [], data="abc")
    assert page.summary.startswith("Scaling hurts")
    assert figures["verdict"]["answer"] in page.summary
    titles = [section.title for section in page.sections]
    assert {"Equal steps", "Equal epochs", "Drift, attack", "Drift, control"} <= set(titles)
    assert all("hits" not in row for row in rows)


@pytest.mark.parametrize(
    ("low", "answer"), [(0.004, "Of 1 seeds: Scaling hurts"), (-0.002, "Of 1 seeds: No effect")]
)
def test_the_question_is_asked_of_generated_motion_too(
    recipe: Recipe, low: float, answer: str
) -> None:
    aim = recipe.verdict
    trend = {"arm": aim.arm, "attack": aim.attack, "figure": "delta FID"}
    other = trend | {"figure": "delta KID", "slope": -1.0, "slope low": -1.0, "slope high": -1.0}
    trend |= {"slope": 0.0078, "slope low": low, "slope high": 0.0114}
    told = in_motion.answer(recipe, [other, trend])
    assert told is not None
    assert told.startswith(answer)
    assert "0.0078" in told
    assert in_motion.answer(recipe, [other]) is None
