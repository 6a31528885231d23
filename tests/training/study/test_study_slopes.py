"""The script that reads slopes out of a report, on the one in the documents."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
REPORT = ROOT / "docs" / "study" / "robustness_bandai_namco" / "report.json"


def test_the_figures_of_the_page_come_out_of_its_report() -> None:
    told = subprocess.run(
        [sys.executable, ROOT / "scripts" / "study_slopes.py", REPORT],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lines = dict(line.split(": ", 1) for line in told.splitlines())
    assert lines["tether"].startswith("points -4.18 (-5.31..-3.05), share -11.06 (-17.52..-4.60)")
    assert lines["frozen"].startswith("points -0.81")
    assert len(lines) == 5
