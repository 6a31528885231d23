"""Curves and matrices as inline SVG; colours come from the page, so they follow light and dark."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]

_WIDTH, _HEIGHT = 340, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 8, 8, 22
_COLOURS = 4


def line_chart(
    title: str, series: Mapping[str, Sequence[Point]], *, shaded: tuple[float, float] | None = None
) -> str:
    """Lines over epochs with their last value in the legend; ``shaded`` marks a span of epochs.

    Points that are not finite are left out; a chart without a point is an empty string.
    """
    lines = {
        name: [p for p in points if all(map(math.isfinite, p))] for name, points in series.items()
    }
    lines = {name: points for name, points in lines.items() if points}
    if not lines:
        return ""
    frame = _Frame.around([point for points in lines.values() for point in points])
    colours = [f"var(--c{1 + i % _COLOURS})" for i in range(len(lines))]
    drawn = "".join(map(_curve, lines.values(), colours, [frame] * len(lines)))
    legend = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name)} '
        f"<b>{_short(points[-1][1])}</b></span>"
        for (name, points), colour in zip(lines.items(), colours, strict=True)
    )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><div class="legend">{legend}</div>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{_band(shaded, frame)}{''.join(_axes(frame))}{drawn}</svg></figure>"
    )


@dataclass(frozen=True)
class _Frame:
    """Where numbers stand on the drawing."""

    x: tuple[float, float]
    """First and last epoch."""
    y: tuple[float, float]
    """Lower and upper edge."""

    @classmethod
    def around(cls, points: Sequence[Point]) -> "_Frame":
        """All points, and y = 0 where that costs little."""
        xs, ys = zip(*points, strict=True)
        low, high = min(ys), max(ys)
        if 0 <= low <= 0.5 * high:
            low = 0.0
        margin = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
        low = low - margin if low else low
        return cls((min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1), (low, high + margin))

    def place(self, point: Point) -> Point:
        x = (point[0] - self.x[0]) / (self.x[1] - self.x[0])
        y = (point[1] - self.y[0]) / (self.y[1] - self.y[0])
        return _LEFT + x * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - y * (
            _HEIGHT - _TOP - _BOTTOM
        )


def _curve(points: Sequence[Point], colour: str, frame: _Frame) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(frame.place, points))
    x, y = frame.place(points[-1])
    return (
        f'<polyline class="curve" stroke="{colour}" points="{path}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
    )


def _axes(frame: _Frame) -> Iterator[str]:
    for value in ticks(*frame.y, 4):
        _, y = frame.place((frame.x[0], value))
        yield f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_short(value)}</text>'
    for value in ticks(*frame.x, 6):
        x, _ = frame.place((value, frame.y[0]))
        if value == int(value):
            yield f'<text x="{x:.1f}" y="{_HEIGHT - 5}" text-anchor="middle">{value:g}</text>'


def _band(span: tuple[float, float] | None, frame: _Frame) -> str:
    if span is None:
        return ""
    left = frame.place((max(span[0], frame.x[0]), 0.0))[0]
    right = frame.place((min(span[1], frame.x[1]), 0.0))[0]
    return (
        f'<rect class="phase" x="{left:.1f}" width="{max(0.0, right - left):.1f}" y="{_TOP}" '
        f'height="{_HEIGHT - _TOP - _BOTTOM}"/>'
    )


def ticks(low: float, high: float, count: int) -> list[float]:
    """Round numbers between the ends, about ``count`` of them."""
    rough = (high - low) / count
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(s * unit for s in (1, 2, 5, 10) if s * unit >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def heat_map(
    values: Sequence[Sequence[float]],
    rows: Sequence[str],
    columns: Sequence[str],
    marked: frozenset[tuple[int, int]],
) -> str:
    """A cell a number, its colour the stronger the larger, between the extremes of all."""
    flat = [value for row in values for value in row]
    low, high = min(flat), max(flat)
    size, left, top = 16, 300, 110
    cells = []
    for i, row in enumerate(values):
        y = top + i * size
        cells.append(
            f'<text x="{left - 6}" y="{y + 12}" text-anchor="end">{_cut(rows[i], 48)}</text>'
        )
        for j, value in enumerate(row):
            share = (value - low) / (high - low) if high > low else 0.0
            told = escape(f"{rows[i]} / {columns[j]}: {value:.2f}")
            box = f'x="{left + j * size}" y="{y}" width="{size - 1}" height="{size - 1}"'
            cells.append(
                f'<rect class="cell" {box} fill-opacity="{share:.3f}"><title>{told}</title></rect>'
            )
            if (i, j) in marked:
                cells.append(f'<rect class="own" {box} pointer-events="none"/>')
    for j, name in enumerate(columns):
        x = left + j * size + 11
        cells.append(
            f'<text transform="translate({x} {top - 6}) rotate(-60)">{_cut(name, 18)}</text>'
        )
    width, height = left + len(columns) * size + 60, top + len(rows) * size + 4
    return (
        f'<figure class="matrix"><svg width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="similarities">'
        f"{''.join(cells)}</svg></figure>"
    )


def _cut(text: str, length: int) -> str:
    return escape(text if len(text) <= length else text[: length - 1].rstrip() + "…")


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
