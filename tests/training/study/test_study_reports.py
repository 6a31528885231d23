"""Four files of a study, the same bytes whenever they are written."""

import csv
import json
from pathlib import Path

import pytest

from moclip.evaluation.study_page import Grid, Page, Section
from moclip.training.study import reports

ROWS = [{"arm": "a", "R@1": 1 / 3, "hits": [1, 0]}, {"arm": "b", "R@1": 2.0, "lost": 5}]
PAGE = Page(
    "A study",
    "Of two rows.",
    {"rows": "2"},
    [Section("All", grid=Grid([{"arm": "a", "R@1": 1 / 3}]))],
)


def test_all_four_are_written_twice_the_same(tmp_path: Path) -> None:
    one = reports.write(tmp_path / "one", PAGE, rows=ROWS, figures={"rows": ROWS})
    two = reports.write(tmp_path / "two", PAGE, rows=ROWS, figures={"rows": ROWS})
    assert [path.name for path in one] == ["report.json", "report.csv", "report.md", "report.html"]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert json.loads(one[0].read_text()) == {"rows": ROWS}


def test_the_csv_has_every_column_but_lists() -> None:
    lines = list(csv.DictReader(reports.as_csv(ROWS).splitlines()))
    assert list(lines[0]) == ["arm", "R@1", "lost"]
    assert float(lines[0]["R@1"]) == 1 / 3
    assert lines[0]["lost"] == ""


def test_not_a_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        reports.write(tmp_path, PAGE, rows=[], figures={"slope": float("nan")})
    assert not list(tmp_path.iterdir())
