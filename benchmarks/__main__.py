"""Measure the library against plain versions of the same work: ``make bench``.

Examples:
  python -m benchmarks
  python -m benchmarks --quick --only encode-texts
  python -m benchmarks --clips bandai.zip --lengths own
  python -m benchmarks --only encode-motions --clips bandai.zip --lengths own --count 0
  python -m benchmarks -o build/bench.json --markdown

Two minutes a repeat and a phase on two cores at the paper's size, and some 17 GB of memory; a
smaller --batch needs less. Let nothing else run meanwhile.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from benchmarks import (
    _report,
    _timing,
    attacks,
    drawing,
    encoding,
    features,
    metrics,
    prepare,
    reading,
    sampling,
    training_step,
)
from benchmarks._clips import Lengths, Mix
from benchmarks._timing import Row
from moclip.files import write_atomically

Name = Literal[
    "training-step",
    "encode-motions",
    "encode-texts",
    "read-bvh",
    "ranking",
    "features",
    "joints",
    "prepare",
    "fid",
    "r-precision",
    "generate",
    "draw",
    "attack",
]

_OTHERS = {
    "encode-motions": encoding.motions,
    "encode-texts": encoding.texts,
    "read-bvh": reading.reading,
    "ranking": encoding.ranking,
    "features": features.encoding,
    "joints": features.decoding,
    "prepare": prepare.preparing,
    "fid": metrics.frechet,
    "r-precision": metrics.precision,
    "generate": sampling.generating,
    "draw": drawing.drawing,
    "attack": attacks.substituting,
}


def main(
    *,
    only: tuple[Name, ...] = (),
    quick: bool = False,
    clips: Path | None = None,
    lengths: Lengths = "humanml3d",
    count: int = 96,
    batch: int = 32,
    repeats: int = 3,
    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])] = Path("build/bench.json"),
    markdown: bool = False,
) -> None:
    """Measure and print ratios.

    Args:
        only: these alone
        quick: tiny towers and few clips, to see that everything runs; the ratios mean nothing
        clips: Bandai-Namco's folder or zip, instead of the clips of the package
        lengths: of the clips in frames, as in HumanML3D or their own
        count: clips to measure on, 0 for all
        batch: clips of a training step
        repeats: times each is measured; the median counts
        out: JSON file to write
        markdown: also fill the table of docs/benchmarks.md
    """
    if quick:
        count, batch, repeats = min(count or 8, 8), min(batch, 4), 1
    mix = Mix.of(count, lengths=lengths, root=clips)
    facts: dict[str, dict[str, Any]] = {"machine": _timing.machine(), "frames": mix.facts()}
    print("\n".join(f"{name}: {_report.told(values)}" for name, values in facts.items()))
    rows: list[Row] = []
    for name, measure in _OTHERS.items():
        if not only or name in only:
            rows += measure(mix, quick=quick, repeats=repeats)
    if not only or "training-step" in only:
        steps, more = training_step.run(mix, quick=quick, batch=batch, repeats=repeats)
        rows, facts = [*steps, *rows], facts | {"training": more}
    if quick:
        rows = [replace(row, bar=None) for row in rows]
    print(f"\n{_report.table(rows)}")
    result = {"quick": quick, **facts, "rows": [row.to_dict() for row in rows]}
    write_atomically(out, json.dumps(result, indent=1).encode())
    print(f"\n{out} holds the figures")
    if markdown:
        _report.write_page(rows, facts, _report.PAGE)


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)
