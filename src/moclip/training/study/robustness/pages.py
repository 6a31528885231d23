"""What a study of robustness tells: the verdict, curves, trends, controls, what was left out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moclip.evaluation import attacked_prompt
from moclip.evaluation.figures import Figure
from moclip.evaluation.study_page import Axes, Chart, Grid, Page, Section, Spot
from moclip.training.study.robustness import in_motion
from moclip.training.study.robustness.analysis import Analysis, Condition, Row, flat, verdict
from moclip.training.study.robustness.checks import checks
from moclip.training.study.robustness.outcomes import CLEAN
from moclip.training.study.robustness.recipe import Budget, Recipe

_SHARE = "percent of the training motions"
_LISTED = 30
"""Excluded perturbations that the page shows; the JSON has all."""

_SUMMARY = """\
Text towers were fine-tuned on nested parts of the training motions and then asked in other words. \
R@1 is of {captions} captions of the test split that look for their motion among {clips} clips.
A figure that an attack lowers is lost; what is lost less is more robust. Beside it stands how far \
changes of meaning move a vector: a tower that ignores those is deaf, not robust."""

_READ = """\
Shaded: Student's 95 % intervals over seeds and captions. Defences practise synonyms and \
paraphrases (other draws of them than those measured); typing errors, substitution by score and \
gradients they have never met.
On all motions equal steps and equal epochs are the same runs."""

_TRENDS = """\
Slope: percent of captions that an attack takes more for ten times the motions; slope of share: \
the same in percent of what each tower finds by clean words, for on little data there is little to \
lose. rho and p are Spearman's, of the first, over all seeds and fractions. Only the verdict's \
line was decided on beforehand; of so many others one in twenty has an interval without 0 by \
chance."""

_GENERATED = """\
A generator trained with the plain tower reads raw vectors of the study's towers, not tuned for \
them. FID: clean words against real motion; FID_P: attacked words against real motion; FID_D: \
attacked against clean. FID of few clips is too high (below); KID has no such bias."""

_EXCLUDED = """\
Synonyms, paraphrases and word orders whose sentence is less like the clean one than {floor:g} \
(cosine of all-MiniLM-L6-v2 as it comes) may say something else: these captions count as not \
attacked. {count} different ones were excluded; the JSON lists all."""

_NEVER = """\
Attacks of the library that this study does not try: {names}. Attacks on motions are no words; \
token_flips may put in words that mean something else."""


def of(
    recipe: Recipe, cells: Sequence[Row], made: Sequence[Row], *, data: str
) -> tuple[Page, list[dict[str, Any]], dict[str, Any]]:
    """The page, the rows of the CSV, and all figures for JSON."""
    rows, generated = flat(cells, "rows"), flat(made, "rows")
    found = Analysis(recipe, rows)
    trend = [found.trend(condition) for condition in found.conditions()]
    aim = Condition(**recipe.verdict.model_dump())
    (asked,) = (t for t in trend if all(t[k] == v for k, v in vars(aim).items()))
    answer = verdict(asked, what=f"R@1 lost to {aim.attack} in the arm '{aim.arm}'")
    motion = in_motion.trend(recipe, generated)
    in_fid = in_motion.answer(recipe, motion)
    controls = checks(found, generated)
    excluded = _excluded(cells)
    told = [{k: v for k, v in row.items() if k not in ("hits", "drifts")} for row in rows]
    figures = {
        "recipe": recipe.plain(),
        "data": data,
        "verdict": {**vars(aim), "answer": answer, "trend": asked, "in FID": in_fid},
        "trends": trend,
        "motion trends": motion,
        "checks": controls,
        "towers": told,
        "generated": generated,
        "sample-size bias": [_own(cell) | cell["bias"] for cell in made],
        "excluded": excluded,
    }
    sections = [
        *_curves(found),
        Section("Trends", _TRENDS, grid=Grid(trend)),
        Section("Controls of the study, prices and gains", grid=Grid(controls)),
        *_deafness(found),
        *_generation(generated, made, motion),
        _left_out(recipe, excluded),
    ]
    facts = _facts(recipe, cells, made)
    summary = _SUMMARY.format(captions=recipe.measuring.captions, clips=_clips(cells))
    told_first = "\n".join(filter(None, (answer, in_fid, summary)))
    page = Page(f"Robustness: {recipe.name}", told_first, facts, sections)
    return page, [*told, *({"kind": "generated", **row} for row in generated)], figures


def _clips(cells: Sequence[Row]) -> str:
    return str(max(cell["test_motions"] for cell in cells))


def _facts(recipe: Recipe, cells: Sequence[Row], made: Sequence[Row]) -> dict[str, str]:
    return {
        "data": recipe.data.name,
        "towers": str(len(cells)),
        "seeds": str(len(recipe.design.seeds)),
        "motions": f"{min(c['motions'] for c in cells)} to {max(c['motions'] for c in cells)}",
        "generated from": str(len(made)),
    }


def _curves(found: Analysis) -> Iterator[Section]:
    """Clean R@1, then what the strongest of each attack takes; a section a budget."""
    strongest = {name: strengths[-1] for name, strengths in found.recipe.attacks.items()}
    for budget in found.recipe.design.budgets:
        charts = [_chart(found, budget, CLEAN, 0.0, "clean", "Clean R@1, %")]
        charts += [
            _chart(found, budget, name, strength, "lost", f"R@1 lost to {name} ({strength:g})")
            for name, strength in strongest.items()
        ]
        yield Section(f"Equal {budget}", _READ, charts)


def _chart(
    found: Analysis, budget: Budget, attack: str, strength: float, which: str, title: str
) -> Chart:
    def spots(arm: str) -> list[Spot]:
        figures = found.means(Condition(budget, arm, attack, strength), which)
        return [
            Spot(100 * fraction, f.value, *_band(f))
            for fraction, f in zip(found.recipe.design.fractions, figures, strict=True)
        ]

    return Chart(Axes(title, _SHARE, True), {arm: spots(arm) for arm in found.recipe.design.arms})


def _band(figure: Figure) -> tuple[float, float]:
    """No width where there is no interval; an end may be 0."""
    if figure.low is None or figure.high is None:
        return figure.value, figure.value
    return figure.low, figure.high


def _deafness(found: Analysis) -> Iterator[Section]:
    """How far vectors move, on all motions: what should not matter beside what should."""
    kinds = dict.fromkeys(row["kind"] for row in found.rows if row["kind"] != "clean")
    for kind in kinds:
        names = dict.fromkeys(
            (row["attack"], row["strength"]) for row in found.rows if row["kind"] == kind
        )
        rows = [
            {"arm": arm}
            | {
                f"{name} {strength:g}": found.mean(
                    "drift", kind=kind, arm=arm, attack=name, strength=strength, fraction=1.0
                )
                for name, strength in names
            }
            for arm in found.recipe.design.arms
        ]
        should = "should be small" if kind.startswith("attack") else "should be large"
        text = f"One minus the cosine with the clean vector, on all motions: {should}."
        yield Section(f"Drift, {kind}", text, grid=Grid(rows))


def _generation(
    generated: Sequence[Row], made: Sequence[Row], motion: Sequence[Row]
) -> Iterator[Section]:
    if not generated:
        return
    hidden = ("budget", "kind")
    rows = [{k: v for k, v in row.items() if k not in hidden} for row in generated]
    yield Section("Generated motion", _GENERATED, grid=Grid(rows))
    yield Section("Generated motion, trends", grid=Grid(_alike(motion)))
    series = {
        f"{cell['arm']}, {100 * cell['fraction']:g} %, seed {cell['seed']}": [
            Spot(n, value, value, value)
            for n, value in zip(cell["bias"]["sizes"], cell["bias"]["FID"], strict=True)
        ]
        for cell in made[:6]
    }
    text = "The same motions, fewer of them: what FID would say of a smaller study."
    yield Section("Bias of FID", text, [Chart(Axes("FID, clean", "clips"), series)])


def _alike(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """All with the columns of the longest."""
    columns = dict.fromkeys(key for row in rows for key in row)
    return [{column: row.get(column) for column in columns} for row in rows]


def _excluded(cells: Sequence[Row]) -> list[dict[str, Any]]:
    """Each once: arms share them."""
    found = {
        (one["attack"], one["strength"], one["clean"], one["text"]): one
        for cell in cells
        for one in cell["excluded"]
    }
    return [dict(found[key]) for key in sorted(found)]


def _left_out(recipe: Recipe, excluded: Sequence[Mapping[str, Any]]) -> Section:
    tried = {*recipe.attacks, *recipe.controls}
    never = ", ".join(name for name in attacked_prompt.kinds() if name not in tried) or "none"
    floor = recipe.measuring.floor
    text = _EXCLUDED.format(floor=floor, count=len(excluded)) + "\n" + _NEVER.format(names=never)
    return Section("Excluded perturbations", text, grid=Grid(excluded[:_LISTED]))


def _own(cell: Row) -> dict[str, Any]:
    return {k: v for k, v in cell.items() if not isinstance(v, list | dict)}
