"""The report of a study of the swap: the answer in a few lines, rows, differences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from moclip.evaluation.figures import Figure
from moclip.evaluation.study_page import Grid, Page, Section
from moclip.training.study.swap import analysis
from moclip.training.study.swap.analysis import COMPARED, Found
from moclip.training.study.swap.recipe import Recipe

HEADLINE = "Top-3"
"""Decided on before anything was measured; the paper's gain is told of it."""
BESIDE = "FID"
"""Told with it: what matches the words better may look less like real motion."""
TOLD = ("Top-1", "Top-2", HEADLINE, "FID", "KID", "MM-Dist")
"""Quantities of which the answer speaks."""
_WHOLE, _TRAINING, _TOWER, _ALONE, _TETHER = COMPARED


def of(
    recipe: Recipe, measured: Sequence[Mapping[str, Any]], *, data: str
) -> tuple[Page, list[dict[str, Any]], dict[str, Any]]:
    """The page, a line a repeat for the table, and all figures."""
    found = analysis.analyse(measured)
    answer = list(_answer(found))
    page = Page(
        title=f"Does the swap help? {recipe.name}",
        summary=answer[0],
        facts={
            "test clips": str(measured[0]["clips"]),
            "pools of": str(measured[0]["pool"]),
            "seeds": str(len(recipe.seeds)),
            "repeats of each": str(recipe.measuring.repeats),
            "fine-tuning": f"{recipe.tuning.epochs} epochs at {recipe.tuning.lr:g}, no warm-up",
        },
        sections=[
            Section("Whose is the gain?", "\n".join(answer[1:])),
            Section("Rows", _ROWS, grid=Grid(_rows(found))),
            Section("Differences", _DIFFERENCES, grid=Grid(_differences(found))),
            Section("What the intervals do not tell", _LIMITS),
        ],
    )
    figures = {
        "recipe": recipe.plain(),
        "data": data,
        "answer": answer,
        "rows": _plain(found.rows),
        "real": {name: asdict(figure) for name, figure in found.real.items()},
        "differences": _plain(found.differences),
    }
    return page, list(_lines(measured)), figures


_ROWS = """\
Means over seeds and repeats; in brackets Student's 95 % intervals over both. The row `real` is \
the same of the real clips, distances between two halves of them.
"""
_DIFFERENCES = """\
The first row less the second, repeat by repeat, since both draw the same captions and random \
numbers. Quantities that should be as real enter by their distance from real motion: less is better.
A star marks an interval without 0.
"""
_LIMITS = """\
All rows start from one generator, and all are measured on the same clips by the same evaluator: \
of another generator, other clips or another evaluator these intervals say nothing.
Few seeds make wide intervals: three that disagree leave much open. With one seed they are of its \
repeats alone.
One comparison was decided on beforehand, that of the summary; among the many others some \
intervals leave out 0 by chance.
"""


def _answer(found: Found) -> Iterator[str]:
    """First the verdict, then a line a quantity."""
    tower = found.differences[_TOWER][HEADLINE]
    verdict = {
        None: "makes no difference that could be told",
        True: "is better",
        False: "is worse",
    }[analysis.helps(HEADLINE, tower)]
    beside = found.differences[_TOWER][BESIDE]
    yield (
        f"With the same fine-tuning on both sides, the swapped tower {verdict} by {HEADLINE}: "
        f"{_signed(tower)}; {BESIDE} {_signed(beside)}."
    )
    for name in TOLD:
        if name in found.differences[_WHOLE]:
            whole, training, own = (
                _signed(found.differences[title][name]) for title in (_WHOLE, _TRAINING, _TOWER)
            )
            yield (
                f"{name}: swapped and fine-tuned less plain {whole}; of this the fine-tuning by "
                f"itself {training}, the tower {own}."
            )
    alone, tether = (_signed(found.differences[title][HEADLINE]) for title in (_ALONE, _TETHER))
    yield f"{HEADLINE} of the swap without any fine-tuning: {alone}."
    yield f"{HEADLINE} of the tether, against a tower trained with lambda 0: {tether}."


def _signed(figure: Figure) -> str:
    value = _digits(figure.value, "+")
    if figure.low is None or figure.high is None:
        return f"{value} (no interval)"
    return f"{value} ({_digits(figure.low, '+')}..{_digits(figure.high, '+')})"


def _digits(value: float, sign: str = "") -> str:
    if 0 < abs(value) < 0.01:
        return f"{value:{sign}.2g}"
    return f"{value:{sign}.1f}" if abs(value) >= 10 else f"{value:{sign}.3f}"


def _rows(found: Found) -> list[dict[str, str]]:
    names = list(next(iter(found.rows.values())))
    rows = {**found.rows, "real": found.real}
    return [
        {"row": row} | {_titled(name): _bracketed(own.get(name)) for name in names}
        for row, own in rows.items()
    ]


def _titled(name: str) -> str:
    known = analysis.quantity(name)
    unit = f", {known.unit}" if known.unit else ""
    return f"{name}{unit} ({'as real' if known.better == 'real' else known.better})"


def _bracketed(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    if figure.low is None or figure.high is None:
        return _digits(figure.value)
    return f"{_digits(figure.value)} ({_digits(figure.low)}..{_digits(figure.high)})"


def _differences(found: Found) -> list[dict[str, str]]:
    return [
        {"of": title, "less": f"{COMPARED[title][0]} - {COMPARED[title][1]}"}
        | {
            name: _signed(figure) + ("" if analysis.helps(name, figure) is None else " *")
            for name, figure in own.items()
        }
        for title, own in found.differences.items()
    ]


def _plain(
    table: Mapping[str, Mapping[str, Figure]],
) -> dict[str, dict[str, dict[str, float | None]]]:
    return {
        row: {name: asdict(figure) for name, figure in own.items()} for row, own in table.items()
    }


def _lines(measured: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for cell in measured:
        for number, row in enumerate(cell["rows"]):
            yield {"arm": cell["arm"], "seed": cell["seed"], "repeat": number} | row["generated"]
