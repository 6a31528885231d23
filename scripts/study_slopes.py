"""What ten times the data changes of what an attack takes, out of a report of a robustness study.

    python scripts/study_slopes.py docs/study/robustness_bandai_namco/report.json
    python scripts/study_slopes.py report.json --attack synonyms --strength 1

In points of R@1, and in percent of what each tower finds by clean words: Student's 95 % intervals
over the seeds alone, since a report holds no caption's own result. The shares stand behind, from
the least data to all.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from moclip.evaluation import trends
from moclip.evaluation.figures import Figure


def main() -> None:
    """Prints a line an arm."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("--attack", default="substitution")
    parser.add_argument("--strength", type=float, default=0.5)
    asked = parser.parse_args()
    report = json.loads(asked.report.read_text())
    rows = {
        (row["arm"], row["seed"], row["fraction"], row["attack"], row["strength"]): row
        for row in report["towers"]
        if row["budget"] == report["verdict"]["budget"]
    }
    for arm in report["recipe"]["design"]["arms"]:
        cells = _cells(report["recipe"]["design"], rows, (arm, asked.attack, asked.strength))
        amounts = torch.tensor(report["recipe"]["design"]["fractions"])
        points, shares = (trends.slope(part[..., None], amounts) for part in cells.unbind(-1))
        told = ", ".join(f"{share:.1f}" for share in cells[..., 1].mean(dim=0).tolist())
        print(f"{arm}: points {_told(points)}, share {_told(shares)}; shares {told}")


def _cells(design: dict[str, Any], rows: dict[Any, Any], asked: tuple[str, str, float]) -> Any:
    """Points and share that are lost, by seed and amount of data."""
    arm, attack, strength = asked

    def lost(seed: int, fraction: float) -> tuple[float, float]:
        clean = rows[arm, seed, fraction, "none", 0.0]
        attacked = rows[arm, seed, fraction, attack, strength]
        return clean["R@1"] - attacked["R@1"], 100 * attacked["lost"]

    return torch.tensor([[lost(s, f) for f in design["fractions"]] for s in design["seeds"]])


def _told(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return f"{figure.value:.2f}"
    return f"{figure.value:.2f} ({figure.low:.2f}..{figure.high:.2f})"


if __name__ == "__main__":
    main()
