"""The page of a run: whole, safe, and true to what it was given."""

import math
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import torch
from doubles import walk
from hypothesis import given
from hypothesis import strategies as st

from moclip import formats, retargeting
from moclip.evaluation import _charts, figures
from moclip.evaluation._stick_figures import packed, unpacked
from moclip.evaluation.figures import Figure
from moclip.evaluation.report import (
    Answer,
    Matrix,
    Report,
    Shown,
    Table,
    compared,
    render,
    write_report,
)

NASTY = "</script><script>alert('&')</script><img src=x onerror=alert(1)>\" ' $title"


class Page(HTMLParser):
    """Tags of a page with their attributes, and the text inside each kind of tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.text.setdefault(self._open[-1], []).append(data)

    def count(self, tag: str) -> int:
        return sum(one == tag for one, _ in self.tags)


def row(value: float) -> dict[str, Figure]:
    return {"R@1": Figure(value, value - 1, value + 1), "MedR": Figure(100 / value)}


def report(text: str = "text", **changes: Any) -> Report:
    """A report with every part, all of its words being ``text``."""
    full = Report(
        title=text,
        summary=text,
        facts={text: text},
        tables=[Table(text, {text: row(40.0), f"{text} 2": row(50.0)}, text)],
        curves=[{"epoch": e, "phase": 1 + e // 3, "loss": 1 / e} for e in (1, 2, 3, 4)],
        matrix=Matrix([[0.1, 0.9]], [text], [text, f"{text} 2"], frozenset({(0, 1)})),
        hits=[Answer(text, [Shown(walk(1.0), text, 0.5, text), Shown(walk(2.0), text, 0.25)])],
        next_commands=[text],
    )
    return replace(full, **changes)


def test_the_page_asks_nothing_of_any_other_place(tmp_path: Path) -> None:
    write_report(tmp_path / "new" / "report.html", report())
    page = (tmp_path / "new" / "report.html").read_text()
    parsed = Page(page)
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", page)
    assert not [tag for tag, given in parsed.tags if {"src", "href", "srcset"} & set(given)]
    policy = [given for tag, given in parsed.tags if given.get("http-equiv")]
    assert "default-src 'none'" in str(policy[0]["content"])


def test_words_of_the_user_stay_words() -> None:
    page = render(report(NASTY))
    parsed = Page(page)
    assert parsed.count("script") == 2
    assert parsed.count("img") == 0
    assert not [given for _, given in parsed.tags if any(key.startswith("on") for key in given)]
    assert parsed.text["h1"] == [NASTY]
    assert NASTY in "".join(parsed.text["pre"])
    assert page.count("&lt;/script&gt;") >= 15


def test_an_empty_report_is_a_page_too() -> None:
    parsed = Page(render(Report("nothing yet")))
    assert parsed.text["h1"] == ["nothing yet"]
    assert parsed.count("h2") == parsed.count("canvas") == parsed.count("table") == 0


def test_every_hit_has_a_player_and_a_motion() -> None:
    page = render(report())
    canvases = [given for tag, given in Page(page).tags if tag == "canvas"]
    assert [given["data-motion"] for given in canvases] == ["0", "1"]
    assert page.count('"joints":') == 2


class TestTables:
    def test_the_best_of_each_column_stands_out(self) -> None:
        page = render(Report("t", tables=[Table("t", {"a": row(40.0), "b": row(50.0)})]))
        assert re.findall(r'class="best">([\d.]+)', page) == ["50.0", "2.0"]

    def test_equals_are_equally_good(self) -> None:
        rows = {name: row(value) for name, value in (("a", 50.0), ("b", 50.01), ("c", 49.0))}
        page = render(Report("t", tables=[Table("t", rows)]))
        assert re.findall(r'class="best">([\d.]+)', page) == ["50.0", "2.0", "50.0", "2.0", "2.0"]

    def test_a_row_alone_is_not_the_best_of_anything(self) -> None:
        assert 'class="best"' not in render(Report("t", tables=[Table("t", {"a": row(40.0)})]))

    def test_intervals_are_shown_where_there_are_any(self) -> None:
        page = render(Report("t", tables=[Table("t", {"a": row(40.0)})]))
        assert re.findall(r'class="interval">([^<]+)', page) == ["39.0–41.0"]

    def test_what_was_not_measured_is_a_dash(self) -> None:
        rows = {"a": row(40.0), "b": {"R@1": Figure(1.0)}}
        assert render(Report("t", tables=[Table("t", rows)])).count("<td>–</td>") == 1

    def test_models_stand_beside_each_other(self) -> None:
        def found(value: float) -> figures.Report:
            retrieval = {direction: row(value) for direction in figures.DIRECTIONS}
            return figures.Report("all", 7, 21, retrieval, {"style": {"top-1": Figure(value)}})

        tables = compared({"ours": found(60.0), "plain": found(30.0)})
        assert [table.title for table in tables] == [
            "Retrieval, motion → text",
            "Retrieval, text → motion",
            "Recognition of labels, %",
        ]
        assert tables[0].rows["plain"]["R@1"].value == 30
        assert tables[2].rows["ours"]["style top-1"].value == 60
        assert "Protocol all: 7 clips, 21 captions" in tables[1].note


class TestCurves:
    def test_are_drawn_through_the_points_that_there_are(self) -> None:
        rows = [
            {"epoch": 1, "phase": 1, "loss": 4.0, "tether": None},
            {"epoch": 2, "phase": 1, "loss": math.nan, "tether": 0.5},
            {"epoch": 3, "phase": 2, "loss": 2.0, "tether": 0.25},
        ]
        page = render(Report("t", curves=rows))
        lines = re.findall(r'points="([^"]+)"', page)
        assert [len(line.split()) for line in lines] == [2, 2]
        first, last = (tuple(map(float, point.split(","))) for point in lines[0].split())
        assert first[0] < last[0]
        assert first[1] < last[1], "a falling loss goes down the page"
        assert page.count('class="phase"') == 1

    def test_of_a_single_epoch_are_a_dot(self) -> None:
        assert "<circle" in render(Report("t", curves=[{"epoch": 1, "phase": 1, "loss": 4.0}]))

    def test_without_epochs_have_no_heading(self) -> None:
        assert "Training" not in render(Report("t"))

    @given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 8))
    def test_ticks_are_few_even_and_inside(self, low: float, span: float, count: int) -> None:
        high = low + span
        found = _charts.ticks(low, high, count)
        slack = span * 1e-3 + abs(low) * 1e-9
        assert 1 <= len(found) <= count + 1
        assert all(low - slack <= tick <= high + slack for tick in found)


class TestMatrix:
    def test_the_largest_is_full_and_the_smallest_empty(self) -> None:
        page = render(Report("t", matrix=Matrix([[-1.0, 0.0, 3.0]], ["c"], ["a", "b", "d"])))
        assert re.findall(r'fill-opacity="([\d.]+)"', page) == ["0.000", "0.250", "1.000"]

    def test_own_pairs_are_framed(self) -> None:
        page = render(report())
        assert page.count('class="own"') == 1

    def test_of_equals_can_be_drawn(self) -> None:
        assert "nan" not in render(Report("t", matrix=Matrix([[1.0, 1.0]], ["c"], ["a", "b"])))

    def test_a_large_one_is_thinned_and_says_so(self) -> None:
        values = torch.arange(100.0).expand(90, 100).tolist()
        names = [f"n{i}" for i in range(100)]
        own = frozenset({(0, 0), (1, 1), (3, 3), (6, 6)})
        page = render(Report("t", matrix=Matrix(values, names[:90], names, own)))
        assert page.count('class="cell"') == 30 * 34
        assert "30 captions and 34 clips of all" in page
        assert page.count('class="own"') == 3


class TestMotions:
    def test_come_back_to_half_a_millimetre(self) -> None:
        motion = walk(1.0).grounded()
        assert (unpacked(packed(motion)) - motion.joints).abs().max() <= 0.00051

    def test_that_walk_far_take_a_larger_unit(self) -> None:
        motion = walk(60.0, frames=200).grounded()
        there = packed(motion)
        assert there["unit"] > 0.01
        assert (unpacked(there) - motion.joints).abs().max() <= there["unit"] * 0.51

    def test_of_another_body_are_brought_to_ours(self, shared_data: Path) -> None:
        path = sorted((shared_data / "cmu_actions").glob("*.bvh"))[0]
        motion = formats.read(path)
        seen = unpacked(packed(motion))
        assert (seen - retargeting.canonical(motion).joints).abs().max() <= 0.00051


def test_the_player_is_sound_javascript(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not here to read the player")
    script = resources.files("moclip.evaluation").joinpath("templates", "report.js").read_text()
    (tmp_path / "report.js").write_text(script)
    done = subprocess.run([node, "--check", tmp_path / "report.js"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
