"""Where ``torch.compile`` pays: what it takes, what a step gains, and after how many it is even.

Examples:
  python -m benchmarks.compiling -o build/compiling.json
  python -m benchmarks.compiling --sizes compact --batch 8 --clips bandai.zip --lengths own

Training steps in single precision on this processor with the motion tower as it is and compiled
(inductor), both sizes and phases; the text tower is not compiled. "one length" pads nothing, so
that one shape is compiled; "their own" are the runs of training, whose shapes change from batch to
batch, until torch compiles for any length. What compiling takes is the first pass over all batches
less a later one. Needs a C++ compiler.
"""

import argparse
import copy
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from benchmarks import _clip_tower, _report
from benchmarks._clips import LONGEST, Lengths, Mix, captions, lasting
from benchmarks._timing import alternate, machine
from benchmarks.training_step import OurStep, models, set_phase
from moclip.files import write_atomically
from moclip.models.two_tower import MoCLIP
from moclip.training.batches import Batches, Teacher
from moclip.training.objectives import Batch
from moclip.training.recipe import Recipe, Schedule

Size = Literal["compact", "paper"]
_RECIPE = Recipe.load("moclip_paper")
_SHORT = 24
"""Frames of each clip of "one length" where all is tiny."""


@dataclass(frozen=True)
class Found:
    """Seconds of a step, and of compiling."""

    size: Size
    phase: int
    lengths: str
    eager: float
    compiled: float
    compiling: float

    @property
    def even(self) -> int | None:
        """Steps after which compiling has paid for itself; ``None`` if it never does."""
        gain = self.eager - self.compiled
        return math.ceil(max(0.0, self.compiling) / gain) if gain > 0 else None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.eager / self.compiled, "even after": self.even}


def measured(
    mix: Mix,
    sizes: Sequence[Size],
    *,
    batch: int,
    repeats: int,
    quick: bool = False,
    backend: str = "inductor",
) -> Iterator[Found]:
    """Both phases of each size, on clips of one length and of their own, as they come."""
    frames = _SHORT if quick else LONGEST
    same = [replace(clip, motion=lasting(clip.motion, frames)) for clip in mix.clips]
    text = _clip_tower.load(captions(mix.clips), quick=quick)
    paper, compact = models(text, mix, quick=quick)
    towers = {"paper": paper, "compact": compact}
    teacher = Teacher.of(paper, captions(mix.clips))
    for lengths, clips in (("one length", same), ("their own", mix.clips)):
        for size in sizes:
            slack = (_RECIPE.schedule if size == "paper" else Schedule()).slack
            batches = list(Batches(clips, teacher, batch, seed=0, slack=slack).epoch(0))
            for phase in (1, 2):
                way = _Way(towers[size], phase, batches, slack)
                yield Found(size, phase, lengths, *way.seconds(backend, repeats))


class _Way:
    """One size, phase and set of batches."""

    def __init__(self, model: MoCLIP, phase: int, batches: list[Batch], slack: float) -> None:
        self.model, self.phase, self.batches, self.slack = model, phase, batches, slack

    def seconds(self, backend: str, repeats: int) -> tuple[float, float, float]:
        """Of a step as it is, of one compiled, and of compiling."""
        torch._dynamo.reset()
        plain, fast = self._epoch(None), self._epoch(backend)
        plain()
        started = time.perf_counter()
        fast()
        first = time.perf_counter() - started
        eager, compiled = alternate([plain, fast], repeats=repeats, warm_up=False)
        steps = len(self.batches)
        return eager / steps, compiled / steps, first - compiled

    def _epoch(self, backend: str | None) -> Callable[[], None]:
        """A pass over all batches, by a model of its own."""
        model = copy.deepcopy(self.model)
        set_phase(model, self.phase)
        if backend is not None:
            model.motion.compile(backend=backend)
        step = OurStep(model, _RECIPE, slack=self.slack)
        step.prepare(self.batches)

        def work() -> None:
            for batch in self.batches:
                step(batch, self.phase == 1)

        return work


def table(found: Sequence[Found]) -> str:
    """A line a row."""
    head = ("size", "phase", "lengths", "step, s", "compiled, s", "ratio", "compiling, s", "even")
    lines = [
        (
            row.size,
            str(row.phase),
            row.lengths,
            f"{row.eager:.3g}",
            f"{row.compiled:.3g}",
            f"{row.eager / row.compiled:.2f}x",
            f"{row.compiling:.1f}",
            "never" if row.even is None else f"after {row.even:,} steps",
        )
        for row in found
    ]
    return _report.aligned([head, *lines])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--out", type=Path, default=Path("build/compiling.json"))
    parser.add_argument("--sizes", nargs="+", choices=get_args(Size), default=list(get_args(Size)))
    parser.add_argument("--clips", type=Path, help="Bandai-Namco's folder or zip")
    parser.add_argument("--lengths", choices=get_args(Lengths), default="humanml3d")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--count", type=int, default=96, help="clips")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="tiny, to see that all of it runs")
    args = parser.parse_args()
    count, batch = (8, 4) if args.quick else (args.count, args.batch)
    mix = Mix.of(count, lengths=args.lengths, root=args.clips)
    found = []
    for row in measured(mix, args.sizes, batch=batch, repeats=args.repeats, quick=args.quick):
        found.append(row)
        print(
            f"{row.size}, phase {row.phase}, {row.lengths}: measured", file=sys.stderr, flush=True
        )
    print(table(found))
    about = {"machine": machine(), "frames": mix.facts(), "batch": batch, "quick": args.quick}
    rows = [row.to_dict() for row in found]
    write_atomically(args.out, json.dumps(about | {"rows": rows}, indent=1).encode())


if __name__ == "__main__":
    main()
