"""What share of the machine's rate of matrix products our training step reaches.

Examples:
  python -m benchmarks.share -o build/share.json
  python -m benchmarks.share --quick          # seconds: that all of it runs

At the paper's size, both phases, all batches of an epoch, in single precision; by itself, so that
no other step's memory is in the way. Torch counts the operations of the products, there and back.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import _clip_tower
from benchmarks._clips import Mix, captions
from benchmarks._timing import alternate, machine
from benchmarks.training_step import OurStep, models, set_phase
from moclip.files import write_atomically
from moclip.training.batches import Batches, Teacher
from moclip.training.recipe import Recipe

Work = Callable[[], object]


def of_step(mix: Mix, *, batch: int, quick: bool) -> dict[str, float]:
    """By phase; the first batch has been taken once, so that the optimiser's moments are there."""
    recipe = Recipe.load("moclip_paper")
    model, _ = models(_clip_tower.load(captions(mix.clips), quick=quick), mix, quick=quick)
    teacher = Teacher.of(model, captions(mix.clips))
    slack = recipe.schedule.slack
    batches = list(Batches(mix.clips, teacher, batch, seed=0, slack=slack).epoch(0))
    step = OurStep(model, recipe, slack=slack)
    step.prepare(batches)
    found: dict[str, float] = {}
    for phase in (1, 2):
        set_phase(model, phase)
        step(batches[0], phase == 1)
        works = [partial(step, one, phase == 1) for one in batches]
        found |= {f"{what}, phase {phase}": f for what, f in measured(works, quick=quick).items()}
    return found


def measured(works: Sequence[Work], *, quick: bool) -> dict[str, float]:
    """The share reached by all works in turn, and the rate of one product.

    That rate changes with what else the machine does, so it is taken around each of three turns;
    told is the turn of the median share.
    """
    size, turns = (256, 1) if quick else (4096, 3)
    done = sum(map(operations, works))
    found = []
    for _ in range(turns):
        rate, started = product_rate(size), time.perf_counter()
        for work in works:
            work()
        seconds = time.perf_counter() - started
        rate = (rate + product_rate(size)) / 2
        found.append((done / seconds / rate, rate))
    share, rate = sorted(found)[len(found) // 2]
    return {"share of the rate of products": share, "one product, GFLOP/s": rate / 1e9}


def product_rate(size: int = 4096) -> float:
    """Operations a second of one large product in single precision."""
    one, other = torch.randn(2, size, size)
    (seconds,) = alternate([lambda: one @ other], repeats=5)
    return 2 * size**3 / seconds


def operations(work: Work) -> float:
    """Of the products in some work, there and back; what is no product is not counted.

    Torch counts none in fused attention on a processor, so attention is taken apart for this.
    """
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        work()
    return float(counter.get_total_flops())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--out", type=Path, default=Path("build/share.json"))
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--count", type=int, default=32, help="clips")
    parser.add_argument("--quick", action="store_true", help="tiny, to see that all of it runs")
    args = parser.parse_args()
    mix = Mix.of(args.count)
    found = of_step(mix, batch=args.batch, quick=args.quick)
    for what, value in found.items():
        print(f"{what}: {value:.3g}")
    about = {"machine": machine(), "frames": mix.facts(), "batch": args.batch, "quick": args.quick}
    write_atomically(args.out, json.dumps(about | found, indent=1).encode())


if __name__ == "__main__":
    main()
