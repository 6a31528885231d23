"""Kills `moclip index add` five times, each a moment after it wrote, and looks what is left.

    python scripts/kill_index.py runs/demo bandai_namco:bandai.zip
    python scripts/kill_index.py runs/demo my_clips --kills 20 --seed 1

After each kill `moclip index verify` must find no problem and no clip less than before. In the end
`add` runs through, and every clip must be there once.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from moclip.tasks.library.checking import verify
from moclip.tasks.library.store import Library, is_library


def killed(command: list[str], index: Path, pause: float) -> bool:
    """Whether the command was still at work a pause after it had first written."""
    before = writings(index)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None and writings(index) <= before:
        time.sleep(0.005)
    time.sleep(pause)
    process.kill()
    return process.wait() < 0


def writings(index: Path) -> int:
    """How often the table has been written."""
    return len(list(index.glob("clips.lance/_versions/*.manifest")))


def command(index: Path, model: str, sources: list[str]) -> list[str]:
    """Builds the index, or goes on with it."""
    program = [sys.executable, "-m", "moclip", "index"]
    if is_library(index):
        return [*program, "add", str(index), *sources]
    return [*program, "build", *sources, "-o", str(index), "--model", model]


def counted(index: Path) -> int:
    """Clips in the index. Raises ``SystemExit`` where it is damaged."""
    if problems := verify(library := Library.open(index)).problems:
        sys.exit(f"{index} is damaged: {problems[0]} ({len(problems)} problems)")
    ids = [clip.id for clip in library.clips()]
    if len(ids) != len(set(ids)):
        sys.exit(f"{index} has clips twice")
    return len(ids)


def main(model: str, sources: list[str], *, kills: int, seed: int, most: float) -> None:
    """Kills, verifies, goes on; then lets it finish."""
    moments, clips = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder, "killed.index")
        for number in range(1, kills + 1):
            pause = moments.uniform(0, most)
            if not killed(command(index, model, sources), index, pause):
                sys.exit(f"it ended before kill {number}; give more clips, or a shorter --most")
            found = counted(index)
            print(f"kill {number}, {pause:.2f} s after a writing: {found} clips, all is well")
            if found < clips:
                sys.exit(f"{clips - found} clips are lost")
            clips = found
        subprocess.run(command(index, model, sources), check=True)
        whole = counted(index)
        subprocess.run(command(index, model, sources), check=True)
        if counted(index) != whole:
            sys.exit("adding the same again has added something")
        print(f"{whole} clips in the end, all is well")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="folder of a trained model")
    parser.add_argument("sources", nargs="+", help="as for `moclip index add`")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=float, default=2.0, help="seconds after a writing")
    given = parser.parse_args()
    main(given.model, given.sources, kills=given.kills, seed=given.seed, most=given.most)
