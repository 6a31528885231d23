"""Tell what an index holds and which model made it.

Examples:
  moclip index info my.index
  moclip index info my.index --json
"""

from pathlib import Path
from typing import Any

from tyro.conf import Positional

from moclip.cli import _library


def main(index: Positional[Path], /, *, json: bool = False) -> None:
    """Show an index.

    Args:
        index: what `moclip index build` wrote
        json: print JSON
    """
    from moclip.cli import _output

    library = _library.opened(index)
    facts = library.facts
    told: dict[str, Any] = {
        "clips": len(library),
        "seconds": round(library.seconds(), 1),
        "model": facts.model,
        "model source": facts.model_source or "not told",
        "dimensions": facts.dim,
        "fps": facts.fps,
        "window": facts.window,
        "search": library.way,
        "folders": library.folders(),
        "labels": library.labels(),
    }
    if json:
        print(_output.as_json_text(told))
        return
    plain = {key: value for key, value in told.items() if not isinstance(value, dict)}
    print("\n".join(f"{key:<14}{value}" for key, value in plain.items()))
    for kind in ("folders", "labels"):
        rows = [{kind[:-1]: name or ".", "clips": n} for name, n in list(told[kind].items())[:20]]
        if rows:
            print(f"\n{_output.table(rows)}")
