"""One HTML page of a run that opens anywhere: nothing is loaded from elsewhere, text is escaped."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from moclip.evaluation import _charts, _stick_figures, figures
from moclip.evaluation.figures import DIRECTIONS, Figure
from moclip.files import write_atomically
from moclip.motion import Motion

_LARGEST_MATRIX = 40
_CURVES: Mapping[str, Mapping[str, str]] = {
    "Loss": {"loss": "total", "contrastive": "contrastive", "tether": "tether", "align": "align"},
    "Validation, %": {
        "val_motion->text R@1": "motion → text R@1",
        "val_text->motion R@1": "text → motion R@1",
        "val_motion->text R@5": "motion → text R@5",
        "val_text->motion R@5": "text → motion R@5",
    },
    "Tether": {
        "gradient_ratio": "its pull / the contrastive pull",
        "val_text_norm_ratio": "text norm, student / teacher",
    },
}
"""Charts of the page: titles, then keys of ``metrics.jsonl`` and what they are called."""


@dataclass(frozen=True)
class Table:
    """Rows of figures to compare; the best of each column stands out."""

    title: str
    rows: Mapping[str, Mapping[str, Figure]]
    note: str = ""
    low_is_good: frozenset[str] = frozenset({"MedR"})


@dataclass(frozen=True)
class Matrix:
    """Similarities of captions (rows) and clips (columns)."""

    values: Sequence[Sequence[float]]
    captions: Sequence[str]
    clips: Sequence[str]
    own: frozenset[tuple[int, int]] = frozenset()
    """Pairs of row and column that belong together."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A motion that was found, as the page plays it."""

    motion: Motion
    title: str
    score: float
    note: str = ""


@dataclass(frozen=True, eq=False)
class Answer:
    """A prompt and what was found for it, the best first."""

    prompt: str
    hits: Sequence[Shown]


@dataclass(frozen=True, eq=False)
class Report:
    """What the page tells, from top to bottom; empty parts are left out."""

    title: str
    summary: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Short figures that stand at the top."""
    tables: Sequence[Table] = ()
    curves: Sequence[Mapping[str, Any]] = ()
    """Rows of ``metrics.jsonl``, one an epoch."""
    matrix: Matrix | None = None
    hits: Sequence[Answer] = ()
    next_commands: Sequence[str] = ()


def write_report(path: str | Path, report: Report) -> None:
    """Writes the page; it appears whole or not at all."""
    write_atomically(Path(path), render(report).encode())


def render(report: Report) -> str:
    """The whole page."""
    shown = [hit for answer in report.hits for hit in answer.hits]
    motions = _stick_figures.body() | {"motions": [_stick_figures.packed(h.motion) for h in shown]}
    return Template(_file("report.html")).substitute(
        title=escape(report.title),
        style=_file("report.css"),
        script=_file("report.js"),
        summary="".join(_head(report)),
        sections="\n".join(_sections(report)),
        motions=json.dumps(motions).replace("<", "\\u003c"),
    )


def compared(reports: Mapping[str, figures.Report]) -> list[Table]:
    """Tables that show models, by name, beside each other: one a direction, one for all labels."""
    first = next(iter(reports.values()))
    note = f"Protocol {first.protocol}: {first.clips} clips, {first.captions} captions."
    tables = [
        Table(
            f"Retrieval, {direction.replace('->', ' → ')}",
            {name: report.retrieval[direction] for name, report in reports.items()},
            f"{note} R@k in percent, MedR from 1.",
        )
        for direction in DIRECTIONS
    ]
    labelled = {
        name: {
            f"{kind} {figure}": value
            for kind, found in report.recognition.items()
            for figure, value in found.items()
        }
        for name, report in reports.items()
    }
    if any(labelled.values()):
        tables.append(Table("Recognition of labels, %", labelled, note))
    return tables


def _head(report: Report) -> Iterator[str]:
    yield from (f"<p>{escape(line)}</p>" for line in report.summary.splitlines() if line.strip())
    if report.facts:
        facts = (
            f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
            for name, value in report.facts.items()
        )
        yield f'<dl class="facts">{"".join(facts)}</dl>'


def _sections(report: Report) -> Iterator[str]:
    if report.hits:
        yield "<h2>What the model finds</h2>" + "".join(_answers(report.hits))
    if report.tables:
        note = "In bold the best of each column; below each figure its 95 % bootstrap interval."
        yield f'<h2>How well it finds</h2><p class="soft">{note}</p>' + "".join(
            map(_table, report.tables)
        )
    if charts := "".join(_charts_of(report.curves)):
        note = "Figures of each epoch; shaded where the text tower learns too."
        yield f'<h2>Training</h2><p class="soft">{note}</p><div class="charts">{charts}</div>'
    if report.matrix is not None and len(report.matrix.values):
        yield "<h2>Captions and clips</h2>" + _matrix(report.matrix)
    if report.next_commands:
        commands = escape("\n".join(report.next_commands))
        yield f"<h2>What to try next</h2><pre>{commands}</pre>"


def _answers(answers: Sequence[Answer]) -> Iterator[str]:
    yield (
        '<p class="soft">Drag a figure to turn all of them. '
        '<span class="key"><i style="background:var(--left)"></i>left'
        '<i style="background:var(--right)"></i>right</span></p>'
        '<div class="bar"><button id="play" type="button">Pause</button>'
        '<button id="again" type="button">Restart</button>'
        '<label>Speed <input id="speed" type="range" min="0.25" max="2" step="0.25" value="1"> '
        '<span id="speed-shown">1.00x</span></label></div>'
    )
    number = 0
    for answer in answers:
        players = []
        for hit in answer.hits:
            players.append(_player(hit, number))
            number += 1
        yield f'<h3>“{escape(answer.prompt)}”</h3><div class="hits">{"".join(players)}</div>'


def _player(hit: Shown, number: int) -> str:
    note = f"<small>{escape(hit.note)}</small>" if hit.note else ""
    label = escape(f"animated stick figure: {hit.title}")
    return (
        f'<figure><canvas data-motion="{number}" tabindex="0" role="img" aria-label="{label}">'
        f"</canvas><figcaption><b>{hit.score:.2f}</b>{escape(hit.title)}{note}</figcaption></figure>"
    )


def _table(table: Table) -> str:
    columns = list(dict.fromkeys(name for row in table.rows.values() for name in row))
    best = {name: _best(table, name) for name in columns}
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(_cell(row.get(column), best[column]) for column in columns)
        + "</tr>"
        for name, row in table.rows.items()
    )
    note = f'<p class="soft">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<h3>{escape(table.title)}</h3><div class="wide"><table><thead><tr><th></th>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>{note}"
    )


def _best(table: Table, column: str) -> float | None:
    """The best value as it is shown; ``None`` where there is nothing to compare."""
    values = [round(row[column].value, 1) for row in table.rows.values() if column in row]
    if len(table.rows) < 2 or not values:
        return None
    return min(values) if column in table.low_is_good else max(values)


def _cell(figure: Figure | None, best: float | None) -> str:
    if figure is None:
        return "<td>–</td>"
    mark = ' class="best"' if round(figure.value, 1) == best else ""
    interval = ""
    if figure.low is not None and figure.high is not None:
        interval = f'<span class="interval">{figure.low:.1f}–{figure.high:.1f}</span>'
    return f"<td{mark}>{figure.value:.1f}{interval}</td>"


def _charts_of(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    learning = [float(row["epoch"]) for row in rows if row.get("phase") == 2]
    shaded = (min(learning) - 1, max(learning)) if learning else None
    for title, names in _CURVES.items():
        series = {
            shown: [
                (float(row["epoch"]), float(row[key])) for row in rows if row.get(key) is not None
            ]
            for key, shown in names.items()
        }
        yield _charts.line_chart(title, series, shaded=shaded)


def _matrix(matrix: Matrix) -> str:
    """At most 40 rows and columns, evenly picked: more are no longer told apart."""
    rows = _spread(len(matrix.captions))
    columns = _spread(len(matrix.clips))
    values = [[float(matrix.values[i][j]) for j in columns] for i in rows]
    own = frozenset(
        (rows.index(i), columns.index(j)) for i, j in matrix.own if i in rows and j in columns
    )
    drawn = _charts.heat_map(
        values, [matrix.captions[i] for i in rows], [matrix.clips[j] for j in columns], own
    )
    left_out = len(rows) < len(matrix.captions) or len(columns) < len(matrix.clips)
    some = f"; {len(rows)} captions and {len(columns)} clips of all" if left_out else ""
    note = f"Cosines, stronger colour is nearer{some}. Framed: written for that clip."
    return f'<p class="soft">{note}</p>{drawn}'


def _spread(count: int) -> list[int]:
    step = max(1, math.ceil(count / _LARGEST_MATRIX))
    return list(range(0, count, step))


def _file(name: str) -> str:
    return resources.files("moclip.evaluation").joinpath("templates", name).read_text("utf-8")
