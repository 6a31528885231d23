"""How long the program takes to answer, from an empty process.

Examples:
  python -m benchmarks.startup runs/demo -o build/startup.json

Seconds of processor time, which other work on the machine stretches less than those of the clock,
medians of several starts in turns. ``import transformers`` alone imports no model, so the class
that a text tower needs stands beside it. The search reads an index that was kept: what it costs is
imports, weights and one caption.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks._timing import machine
from moclip.files import write_atomically

_CAPTION = "a person jumps"


def cost(command: Sequence[str]) -> float:
    """Seconds of processor time until a process has ended, its own children included."""
    before = os.times()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    spent = after.children_user + after.children_system
    return spent - before.children_user - before.children_system


def measured(model: Path, *, repeats: int) -> dict[str, float]:
    """Median seconds of each way."""
    with tempfile.TemporaryDirectory() as folder:
        index = str(Path(folder) / "clips.index")
        search = ["-m", "moclip", "search", str(model), _CAPTION]
        cost([*search, "--save", index])
        ways = {
            "import transformers": ["-c", "import transformers"],
            "import torch": ["-c", "import torch"],
            "import transformers.BertModel": ["-c", "from transformers import BertModel"],
            "moclip --help": ["-m", "moclip", "--help"],
            "moclip search, an index kept": [*search, "--in", index],
        }
        spent: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(repeats):
            for name, command in ways.items():
                spent[name].append(cost(command))
    return {name: statistics.median(seconds) for name, seconds in spent.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="folder of a trained model, as runs/demo")
    parser.add_argument("-o", "--out", type=Path, default=Path("build/startup.json"))
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    seconds = measured(args.model, repeats=args.repeats)
    reference = seconds["import transformers"]
    for name, spent in seconds.items():
        print(f"{name}: {spent:.3f} s, {spent / reference:.2f}x `import transformers`")
    found = {"machine": machine(), "seconds": seconds}
    write_atomically(args.out, json.dumps(found, indent=1).encode())


if __name__ == "__main__":
    main()
