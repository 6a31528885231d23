"""Ratios of two files that ``python -m benchmarks`` or ``benchmarks.gpu`` wrote.

Examples:
  python -m benchmarks.compare build/before.json build/after.json
  make bench-compare OLD=build/before.json NEW=build/after.json

Seconds of two runs compare only where nothing else ran on the same machine; ratios against the
reference of each run bear more. Both are shown: above 1, the new one is better.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks._report import aligned

_HEAD = ("what", "old", "new", "old / new", "ratio to reference, old", "new", "new / old")
_NAMES = ("what", "phase", "batch", "compiled", "motions")


def lines(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A line a row that both have, then those that one of them lacks."""
    before, after = (_rows(result) for result in (old, new))
    made = [_line(name, before[name], after[name]) for name in before if name in after]
    made += [(name, "", "new") for name in after if name not in before]
    return made + [(name, "", "gone") for name in before if name not in after]


def _rows(result: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By name; rows of ``benchmarks.gpu`` are named by what was measured."""
    rows = {row["name"]: row for row in result.get("rows", ())}
    for part in ("steps", "encoding", "sampling"):
        for row in result.get(part, ()):
            told = [f"{key} {row[key]}" for key in _NAMES if key in row]
            rows[f"{part}, {', '.join(told)}"] = row
    return rows


def _line(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    cells = [name, _seconds(old), _seconds(new)]
    if "seconds" in old and "seconds" in new:
        cells.append(f"{old['seconds'] / new['seconds']:.2f}x")
    if "ratio" in old and "ratio" in new:
        cells += [f"{row['ratio']:.3g}x" for row in (old, new)]
        cells.append(f"{new['ratio'] / old['ratio']:.2f}x")
    return tuple(cells)


def _seconds(row: Mapping[str, Any]) -> str:
    return f"{row['seconds']:.4g} s" if "seconds" in row else "out of memory"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    args = parser.parse_args()
    old, new = (json.loads(path.read_text()) for path in (args.old, args.new))
    for result, path in ((old, args.old), (new, args.new)):
        print(f"{path}: {result.get('machine', {})}")
    print(aligned([_HEAD, *lines(old, new)]))


if __name__ == "__main__":
    main()
