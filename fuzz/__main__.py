"""Feed the readers of files with anything, and tell what came out that must not.

Examples:
  python -m fuzz --seconds 60
  python -m fuzz --seconds 600 --only bvh npz

What was learned stays in build/fuzz and is where the next run begins; an input that breaks the
promise is kept there too, and the exit code is then 1.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Literal

import tyro

from fuzz import readers, seeds

Name = Literal["bvh", "amc", "npy", "npz", "members"]

_FOLDER = Path(__file__).parents[1] / "build" / "fuzz"
_LIMITS = ("-timeout=20", "-rss_limit_mb=4096", "-malloc_limit_mb=1024", "-max_len=20000")
"""Seconds and memory of a single input; torch alone takes half a gigabyte."""
_DONE = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


def main(*, only: tuple[Name, ...] = (), seconds: float = 60) -> None:
    """Run the targets one after another.

    Args:
        only: these alone
        seconds: for all of them together
    """
    names: tuple[str, ...] = only or tuple(readers.TARGETS)
    broken = [name for name in names if not _run(name, max(1, round(seconds / len(names))))]
    if broken:
        sys.exit(f"broken promises: {', '.join(broken)}")


def _run(name: str, seconds: int) -> bool:
    """Whether nothing was found."""
    corpus, found = _FOLDER / name, _FOLDER / f"{name}-found"
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds.of(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    command = [sys.executable, "-m", "fuzz.target", name, str(corpus), *_LIMITS]
    command += [f"-max_total_time={seconds}", f"-artifact_prefix={found}/", "-print_final_stats=1"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    runs = _DONE.search(done.stderr)
    told = f"{int(runs[1]):,} inputs" if runs else "did not finish"
    print(f"{name}: {told}, {'nothing found' if done.returncode == 0 else 'BROKEN'}", flush=True)
    if done.returncode:
        print("\n".join((done.stdout + done.stderr).splitlines()[-40:]))
    return done.returncode == 0


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)
