"""Read a whole index and tell whether anything in it is damaged.

Examples:
  moclip index verify my.index
  moclip index verify my.index --model runs/demo

With --model it also tells whether that model made it. The exit code is 1 where there is a problem.
Files that are no longer where they were are counted, which is no problem: their clips still play.
"""

import sys
from pathlib import Path

from tyro.conf import Positional

from moclip.cli import _library
from moclip.cli._device import Device


def main(index: Positional[Path], /, *, model: str | None = None, device: Device = "auto") -> None:
    """Verify an index.

    Args:
        index: what `moclip index build` wrote
        model: a model to hold it against
        device: where to compute
    """
    library = _library.opened(index)
    from moclip.tasks.library.checking import verify

    if model is not None:
        _library.model_of(library, model, device)
    verdict = verify(library)
    for problem in verdict.problems:
        print(f"moclip: {problem}", file=sys.stderr)
    found = f"{len(verdict.problems)} problems" if verdict.problems else "all is well"
    moved = f"; {len(verdict.gone)} files are no longer there" if verdict.gone else ""
    print(f"{index}: {verdict.clips} clips of {verdict.files} files, {found}{moved}")
    if verdict.problems:
        sys.exit(1)
