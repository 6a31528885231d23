"""Peak memory of a training step at the paper's size, on a processor.

Examples:
  python -m benchmarks.memory -o build/memory.json
  python -m benchmarks.memory --quick

Every way runs in a process of its own: a step of two clips, so that the optimiser's moments are
there, then one of all clips in the second phase, where both towers learn. What counts is the
most memory that the process ever held (``ru_maxrss``), Python and torch included.
"""

import argparse
import json
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks._timing import machine
from moclip.files import write_atomically

WAYS = {
    "published": "the published step, plainly",
    "whole": "ours, the whole batch at once",
    "cache": "ours, gradient cache of {cache} clips",
    "cache and recompute": "ours, gradient cache of {cache} clips, blocks computed again",
}
_GIB = 2**30
_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes that ``ru_maxrss`` counts in."""


def step(way: str, *, batch: int, cache: int, quick: bool) -> float:
    """Takes the two steps and returns the peak of this process in GiB."""
    from benchmarks import _clip_tower, training_step
    from benchmarks._clips import Mix, captions
    from moclip.models.motion import limbs
    from moclip.models.two_tower import MoCLIP
    from moclip.training.batches import Batches, Teacher
    from moclip.training.passes import Passes, recompute
    from moclip.training.recipe import Recipe

    mix = Mix.of(batch)
    text = _clip_tower.load(captions(mix.clips), quick=quick)
    teacher = Teacher.of_tower(text, captions(mix.clips))
    if way == "published":
        take: Any = training_step.PublishedStep(text, quick=quick)
    else:
        size = limbs.Config(patch=1, **training_step.TINY) if quick else limbs.Config.paper()
        model = MoCLIP(text, limbs.Encoder(size, dim=text.dim), text_name="clip")
        model.unfreeze_text()
        model.train()
        model.text.eval()
        if "recompute" in way:
            recompute(model)
        recipe = Recipe.of({"name": "memory", "data": {"name": "bundled"}})
        take = training_step.OurStep(model, recipe, slack=0.2)
        take.passes = Passes(cache if "cache" in way else None)
    few = replace(mix, clips=mix.clips[:2])
    for part in (few, mix):
        (whole,) = Batches(part.clips, teacher, len(part.clips), 0).epoch(0)
        take.prepare([whole])
        take(whole, False)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / _GIB


def measured(*, batch: int, cache: int, quick: bool) -> dict[str, Any]:
    """Peaks of all ways, and ours as a share of the published step's."""
    options = ["--batch", str(batch), "--cache", str(cache), *(["--quick"] if quick else [])]
    peaks = {}
    for way in WAYS:
        command = [sys.executable, "-m", "benchmarks.memory", "--way", way, *options]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        peaks[way] = float(done.stdout)
        share = peaks[way] / peaks["published"]
        print(f"{WAYS[way].format(cache=cache)}: {peaks[way]:.2f} GiB, {share:.0%}")
    shares = {way: peak / peaks["published"] for way, peak in peaks.items()}
    about = {"batch": batch, "cache": cache, "quick": quick}
    return {"machine": machine(), **about, "GiB": peaks, "share of published": shares}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--out", type=Path, default=Path("build/memory.json"))
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--cache", type=int, default=4)
    parser.add_argument("--quick", action="store_true", help="tiny, to see that all of it runs")
    parser.add_argument("--way", choices=list(WAYS), help="this one alone, in this process")
    args = parser.parse_args()
    if args.way:
        print(step(args.way, batch=args.batch, cache=args.cache, quick=args.quick))
        return
    found = measured(batch=args.batch, cache=args.cache, quick=args.quick)
    write_atomically(args.out, json.dumps(found, indent=1).encode())


if __name__ == "__main__":
    main()
