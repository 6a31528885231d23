"""A study that is run and told: what it found, and where."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def run(study: Callable[..., list[Path]], plan: Any, folder: Path, **how: Any) -> None:
    """Prints the line that answers the study's question, and the files of its report.

    Raises what the study raises; for Control-C it is told first how to go on.
    """
    try:
        files = study(plan, folder, progress=sys.stderr.isatty(), **how)
    except KeyboardInterrupt:
        print(f"stopped; the same command goes on with what is in {folder}", file=sys.stderr)
        raise
    (page,) = (file for file in files if file.suffix == ".md")
    print(f"{page.read_text().splitlines()[2]}\n")
    print("\n".join(f"wrote {file}" for file in files))
