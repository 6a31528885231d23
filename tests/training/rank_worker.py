"""One of the processes that torchrun starts: trains the runs of a file, one after the other."""

import json
import sys
from pathlib import Path

import small_runs

from moclip import ranks
from moclip.training import run
from moclip.training.recipe import Recipe

if __name__ == "__main__":
    for recipe, out, options in json.loads(Path(sys.argv[1]).read_text()):
        clips = small_runs.clips(options.pop("val", ()))
        run.train(Recipe.of(recipe), Path(out), clips=clips, device="cpu", **options)
    ranks.leave()
