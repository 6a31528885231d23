"""The page of a study: whole, safe, its curves where their numbers are."""

import re

import pytest

from moclip.evaluation.study_page import (
    Axes,
    Chart,
    Grid,
    Page,
    Section,
    Spot,
    markdown,
    render,
    told,
)

NASTY = "</style><script>alert('&')</script>"


def page(*sections: Section) -> Page:
    return Page("A study", "What it says.", {"cells": "12"}, sections)


def chart(*spots: Spot, logarithmic: bool = False) -> Chart:
    return Chart(Axes("R@1", "share of the data", logarithmic), {"tether": spots})


def circles(html: str) -> list[tuple[float, float]]:
    found = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', html)
    return [(float(x), float(y)) for x, y in found]


def test_everything_told_is_on_the_page_and_in_markdown() -> None:
    rows = [{"arm": "tether", "R@1": 51.25, "n": 3, "low": None}]
    made = page(Section("Clean", "Two lines.\nOf text.", grid=Grid(rows)))
    for text in (render(made), markdown(made)):
        assert all(
            part in text for part in ("A study", "What it says.", "Clean", "Of text.", "51.2")
        )
    assert "| tether | 51.2 | 3 |  |" in markdown(made)


def test_text_is_escaped_and_nothing_is_loaded() -> None:
    made = Page(NASTY, NASTY, {NASTY: NASTY}, [Section(NASTY, NASTY, grid=Grid([{NASTY: NASTY}]))])
    html = render(made)
    assert "<script" not in html
    assert "http" not in html.replace("http-equiv", "")


def test_numbers_of_a_cell_are_kept_whole_at_their_signs() -> None:
    html = render(page(Section("S", grid=Grid([{"KID": "-0.02 (-3e-05..+0.1) & less"}]))))
    assert "<td><span>-0.02</span> <span>(-3e-05..+0.1)</span> &amp; less</td>" in html
    assert "td span { white-space: nowrap; }" in html


def test_equal_factors_are_equal_steps_on_an_axis_of_logarithms() -> None:
    spots = [Spot(x, 1.0, 0.5, 1.5) for x in (0.01, 0.1, 1.0)]
    first, second, third = (
        x for x, _ in circles(render(page(Section("S", charts=[chart(*spots, logarithmic=True)]))))
    )
    assert third - second == pytest.approx(second - first, abs=0.2)


def test_higher_values_stand_higher_and_inside_their_band() -> None:
    html = render(page(Section("S", charts=[chart(Spot(1, 2, 1, 3), Spot(2, 5, 4, 6))])))
    (_, low), (_, high) = circles(html)
    assert high < low
    band = re.search(r'class="band"[^>]*points="([^"]+)"', html)
    assert band is not None
    edges = [float(point.split(",")[1]) for point in band[1].split()]
    assert edges[0] < low < edges[-1]


def test_points_that_are_not_finite_are_left_out() -> None:
    html = render(page(Section("S", charts=[chart(Spot(1, float("nan"), 0, 0), Spot(2, 1, 1, 1))])))
    assert len(circles(html)) == 1
    assert "nan" not in html


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "True"), (3, "3"), (0.12345, "0.123"), (123.456, "123.5")],
)
def test_values_are_told_in_three_digits(value: object, text: str) -> None:
    assert told(value) == text  # type: ignore[arg-type]
