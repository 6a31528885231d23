"""Curves with their intervals as inline SVG, on an axis of logarithms where it asks for one."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from moclip.evaluation import _charts

_WIDTH, _HEIGHT = 340, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 8, 36
_COLOURS = 8


class Spot(NamedTuple):
    """A point of a curve with the ends of its interval; both are ``y`` where there is none."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Axes:
    """What a chart is called and what its axes are."""

    title: str
    x: str = ""
    logarithmic: bool = False
    """Of x; all x are above 0."""


def band_chart(axes: Axes, series: Mapping[str, Sequence[Spot]]) -> str:
    """A curve for each name, its interval shaded; empty without a finite point."""
    curves = {name: _finite(spots) for name, spots in series.items()}
    curves = {name: spots for name, spots in curves.items() if spots}
    if not curves:
        return ""
    frame = _Frame.around([spot for spots in curves.values() for spot in spots], axes.logarithmic)
    colours = [f"var(--c{1 + i % _COLOURS})" for i in range(len(curves))]
    drawn = "".join(map(_curve, curves.values(), colours, [frame] * len(curves)))
    legend = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name)}</span>'
        for name, colour in zip(curves, colours, strict=True)
    )
    return (
        f'<figure><figcaption>{escape(axes.title)}</figcaption><div class="legend">{legend}</div>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(axes.title)}">'
        f"{''.join(_scales(frame, axes))}{drawn}</svg></figure>"
    )


def _finite(spots: Sequence[Spot]) -> list[Spot]:
    return sorted(Spot(*map(float, spot)) for spot in spots if all(map(math.isfinite, spot)))


@dataclass(frozen=True)
class _Frame:
    """Where numbers stand on the drawing."""

    x: tuple[float, float]
    """Ends of the axis; logarithms to base 10 where it is one of those."""
    y: tuple[float, float]
    logarithmic: bool

    @classmethod
    def around(cls, spots: Sequence[Spot], logarithmic: bool) -> "_Frame":
        xs = [math.log10(spot.x) if logarithmic else spot.x for spot in spots]
        low, high = min(s.low for s in spots), max(s.high for s in spots)
        margin = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
        right = max(xs) if max(xs) > min(xs) else min(xs) + 1
        return cls((min(xs), right), (low - margin, high + margin), logarithmic)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point stands, from the upper left corner."""
        across = (math.log10(x) if self.logarithmic else x) - self.x[0]
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        share = across / (self.x[1] - self.x[0])
        return (
            _LEFT + share * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM),
        )


def _curve(spots: Sequence[Spot], colour: str, frame: _Frame) -> str:
    line = " ".join(_place(frame, spot.x, spot.y) for spot in spots)
    there = [_place(frame, spot.x, spot.high) for spot in spots]
    back = [_place(frame, spot.x, spot.low) for spot in reversed(spots)]
    dots = "".join(_dot(spot, colour, frame) for spot in spots)
    return (
        f'<polygon class="band" fill="{colour}" fill-opacity=".15" '
        f'points="{" ".join([*there, *back])}"/>'
        f'<polyline class="curve" stroke="{colour}" points="{line}"/>{dots}'
    )


def _dot(spot: Spot, colour: str, frame: _Frame) -> str:
    x, y = frame.at(spot.x, spot.y)
    told = f"{spot.x:g}: {spot.y:.3g} ({spot.low:.3g}..{spot.high:.3g})"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{told}</title></circle>'


def _place(frame: _Frame, x: float, y: float) -> str:
    across, down = frame.at(x, y)
    return f"{across:.1f},{down:.1f}"


def _scales(frame: _Frame, axes: Axes) -> Iterator[str]:
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    for value in _charts.ticks(*frame.y, 4):
        y = frame.at(10 ** frame.x[0] if frame.logarithmic else frame.x[0], value)[1]
        yield f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>'
    for value in _marks(frame):
        x = frame.at(value, frame.y[0])[0]
        yield f'<text x="{x:.1f}" y="{_HEIGHT - 20}" text-anchor="middle">{value:g}</text>'
    if axes.x:
        label = escape(axes.x)
        yield f'<text x="{middle}" y="{_HEIGHT - 4}" text-anchor="middle">{label}</text>'


def _marks(frame: _Frame) -> list[float]:
    """Round numbers along x: 1, 3 and 10 of each power on an axis of logarithms."""
    if not frame.logarithmic:
        return _charts.ticks(*frame.x, 5)
    first, last = math.floor(frame.x[0]), math.ceil(frame.x[1])
    marks = [digit * 10.0**power for power in range(first, last + 1) for digit in (1, 3)]
    inside = [m for m in marks if frame.x[0] - 1e-9 <= math.log10(m) <= frame.x[1] + 1e-9]
    return inside or [10 ** frame.x[0]]
