"""One HTML page of a study that opens anywhere: what was found, curves, tables, lists."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from string import Template

from moclip.evaluation._band_charts import Axes, Spot, band_chart

__all__ = ["Axes", "Chart", "Grid", "Page", "Section", "Spot", "markdown", "render"]

Value = str | float | int | bool | None


@dataclass(frozen=True)
class Chart:
    """Curves over one axis."""

    axes: Axes
    series: Mapping[str, Sequence[Spot]]


@dataclass(frozen=True)
class Grid:
    """A table; columns are those of the first row."""

    rows: Sequence[Mapping[str, Value]]


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it; empty parts are left out."""

    title: str
    text: str = ""
    """Paragraphs, a line each."""
    charts: Sequence[Chart] = ()
    grid: Grid | None = None


@dataclass(frozen=True)
class Page:
    """From top to bottom."""

    title: str
    summary: str
    facts: Mapping[str, str]
    """Short figures that stand at the top."""
    sections: Sequence[Section]


def render(page: Page) -> str:
    """The whole page; nothing is loaded from elsewhere, text is escaped."""
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in page.facts.items()
    )
    head = "".join(_paragraphs(page.summary)) + f'<dl class="facts">{facts}</dl>'
    return Template(_file("study.html")).substitute(
        title=escape(page.title),
        style=_file("report.css"),
        summary=head,
        sections="\n".join(map(_section, page.sections)),
    )


def markdown(page: Page) -> str:
    """The same without its charts."""
    facts = [f"- {name}: {value}" for name, value in page.facts.items()]
    parts = [f"# {page.title}", page.summary, "\n".join(facts)]
    for section in page.sections:
        parts += [f"## {section.title}", section.text.strip()]
        if section.grid is not None and section.grid.rows:
            parts.append(_markdown_grid(section.grid))
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(section: Section) -> str:
    charts = "".join(band_chart(chart.axes, chart.series) for chart in section.charts)
    drawn = f'<div class="charts">{charts}</div>' if charts else ""
    table = _grid(section.grid) if section.grid is not None and section.grid.rows else ""
    text = "".join(_paragraphs(section.text))
    return f"<h2>{escape(section.title)}</h2>{text}{drawn}{table}"


def _paragraphs(text: str) -> Iterator[str]:
    yield from (f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())


def _grid(grid: Grid) -> str:
    columns = list(grid.rows[0])
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(row[name])}</td>" for name in columns) + "</tr>"
        for row in grid.rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def _cell(value: Value) -> str:
    """Escaped; words with a digit stay whole, where browsers break a line at a minus."""
    return re.sub(r"\S*\d\S*", r"<span>\g<0></span>", escape(told(value)))


def _markdown_grid(grid: Grid) -> str:
    columns = list(grid.rows[0])
    lines = [columns, ["---"] * len(columns)]
    lines += [[told(row[name]).replace("|", "\\|") for name in columns] for row in grid.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def told(value: Value) -> str:
    """Three digits that matter; nothing for ``None``."""
    if isinstance(value, bool) or not isinstance(value, float):
        return "" if value is None else str(value)
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


def _file(name: str) -> str:
    return resources.files("moclip.evaluation").joinpath("templates", name).read_text("utf-8")
