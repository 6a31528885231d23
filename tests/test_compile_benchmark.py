"""The table of what compiling pays: all ways are taken, and the arithmetic is honest."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))

from benchmarks import compiling
from benchmarks.compiling import Found


def found(eager: float, compiled: float) -> Found:
    return Found("compact", 1, "their own", eager, compiled, compiling=30.0)


def test_even_is_what_compiling_takes_over_what_a_step_gains() -> None:
    assert found(0.5, 0.2).even == 100
    assert found(0.2, 0.2).even is None
    assert found(0.2, 0.5).even is None
    assert found(0.5, 0.2).to_dict()["ratio"] == pytest.approx(2.5)


def test_the_table_says_where_it_never_pays() -> None:
    pays, never = compiling.table([found(0.5, 0.2), found(0.2, 0.5)]).splitlines()[1:]
    assert "2.50x" in pays
    assert "after 100 steps" in pays
    assert "never" in never


def test_both_phases_and_kinds_of_lengths_are_measured_at_a_tiny_size() -> None:
    """In a process of its own: torch compiles no checks of shapes."""
    code = (
        "import json; from benchmarks import compiling as c; mix = c.Mix.of(4)\n"
        "rows = c.measured(mix, ['compact'], batch=2, repeats=1, quick=True, backend='eager')\n"
        "print(json.dumps([row.to_dict() for row in rows]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    rows = json.loads(done.stdout)
    assert [(row["lengths"], row["phase"]) for row in rows] == [
        (lengths, phase) for lengths in ("one length", "their own") for phase in (1, 2)
    ]
    assert all(row["eager"] > 0 and row["compiled"] > 0 for row in rows)
