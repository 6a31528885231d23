"""How long the program takes to answer, from an empty process.

Examples:
  python -m benchmarks.startup runs/demo -o build/startup.json

Seconds of processor time, which other work on the machine stretches less than those of the clock,
medians of several starts in turns. ``import transformers`` alone imports no model, so the class
that a text tower needs stands beside it. The search reads an index that was kept: what it costs is
imports, weights and one caption, which are told apart in a process of their own. Weights are
memory-mapped, so what is read of them counts where it is first used.
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

_STAGES = """
import json, sys, time
from pathlib import Path
from moclip.models.opening import open_model
ends = []
for number in range(2):
    model = open_model(Path(sys.argv[1]))
    ends.append(time.process_time())
for number in range(2):
    model.encode_text(sys.argv[2])
    ends.append(time.process_time())
print(json.dumps(ends))
"""
"""Opens a model twice and encodes a caption twice; when each was done, from the process's start."""


def cost(command: Sequence[str]) -> float:
    """Seconds of processor time until a process has ended, its own children included."""
    before = os.times()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    spent = after.children_user + after.children_system
    return spent - before.children_user - before.children_system


def stages(model: Path) -> dict[str, float]:
    """Seconds of what a search does before it ranks; a second opening has nothing to import."""
    command = [sys.executable, "-c", _STAGES, str(model), _CAPTION]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    first, opened, encoded, again = json.loads(done.stdout)
    weights = opened - first
    return {
        "imports": first - weights,
        "weights": weights,
        "first caption": encoded - opened,
        "another caption": again - encoded,
    }


def medians(model: Path, *, repeats: int) -> dict[str, float]:
    """Of each stage, over several processes."""
    found = [stages(model) for _ in range(repeats)]
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


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
    parts = medians(args.model, repeats=args.repeats)
    print("\n".join(f"  of a search: {name}: {spent:.3f} s" for name, spent in parts.items()))
    found = {"machine": machine(), "seconds": seconds, "stages": parts}
    write_atomically(args.out, json.dumps(found, indent=1).encode())


if __name__ == "__main__":
    main()
