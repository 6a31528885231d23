"""Whether a fast step learns as a plain one: loss curves of a whole recipe, both ways.

Examples:
  python -m benchmarks.curves
  python -m benchmarks.curves --recipe demo --seeds 0 1 2 -o build/curves.json

The plain way is the published one with our tower: every clip padded to the longest of all and
computed with its padding, captions padded to a fixed number of tokens and computed with them, the
frozen text tower asked again in every step. Both ways have the same weights, clips and captions of
a seed; dropout draws other numbers where there is less to draw for. Without dropout the two must
agree but for rounding; with it, as well as seeds agree with each other.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Annotated, Any
from unittest import mock

import torch
import torch.nn.functional as F
import tyro
from torch import Tensor

from benchmarks import _timing
from moclip.files import write_atomically
from moclip.models.text.base import TextTower, Tokens
from moclip.models.two_tower import MoCLIP, unit
from moclip.motion import MotionBatch
from moclip.training import run
from moclip.training.metrics import read_metrics
from moclip.training.objectives import Batch
from moclip.training.passes import Passes
from moclip.training.recipe import Recipe
from moclip.training.towers import Towers

_TOKENS = 77


@dataclass(frozen=True)
class PlainPasses(Passes):
    """Everything on its grid, padding included."""

    frames: int = 0

    def motions(self, model: MoCLIP, parts: Sequence[MotionBatch]) -> Tensor:
        motions = [motion for part in parts for motion in part.motions()]
        grid = MotionBatch.of(motions, frames=self.frames)
        vectors, _ = model.motion(grid, return_attention=True)  # which takes the grid
        return unit(vectors)

    def texts(self, model: MoCLIP, captions: Sequence[str]) -> Tensor:
        return _texts(model.text, captions)


class Plain(Towers):
    """The task of training, by a step that spares nothing."""

    def __post_init__(self) -> None:
        super().__post_init__()
        longest = max(len(clip.motion) for clip in self.stream.clips)
        self.passes = PlainPasses(frames=round(longest * (1 + self.recipe.augment.speed)) + 1)
        transformer: Any = self.model.text.transformer
        transformer.set_attn_implementation("sdpa")  # no packing
        self.teacher = self.model.text.frozen_twin()

    def step(self, batch: Batch, *, is_last: bool) -> tuple[Tensor, dict[str, float]]:
        with torch.no_grad():
            raw = _texts(self.teacher, batch.captions).float()[batch.text_index]
        batch = replace(batch, teacher=unit(raw), teacher_norm=raw.norm(dim=-1))
        return super().step(batch, is_last=is_last)


def _texts(tower: TextTower, captions: Sequence[str]) -> Tensor:
    tokens = tower.tokenise(captions)
    rest = _TOKENS - tokens.ids.shape[1]
    return tower(Tokens(F.pad(tokens.ids, (0, rest)), F.pad(tokens.mask, (0, rest))))


def main(
    *,
    recipe: str = "demo",
    seeds: tuple[int, ...] = (0, 1, 2),
    options: Annotated[tuple[str, ...], tyro.conf.arg(name="set")] = (),
    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])] = Path("build/curves.json"),
) -> None:
    """Train a recipe both ways and print how far their loss curves are apart.

    Args:
        recipe: name or TOML file
        seeds: two runs with dropout for each; one of each way without, of the first
        options: section.key=value, as `moclip train` takes them
        out: JSON file to write
    """
    found = Recipe.load(recipe, options)
    exact = found.with_(motion={"dropout": 0.0}, optimiser={"precision": "fp32"}, seed=seeds[0])
    curves: dict[str, list[list[float]]] = {}
    for name, task in (("ours", Towers), ("plain", Plain)):
        curves[f"{name}, no dropout"] = [losses(exact, task)]
        curves[name] = [losses(found.with_(seed=seed), task) for seed in seeds]
    told = apart(curves)
    write_atomically(out, json.dumps({"machine": _timing.machine(), **told, **curves}).encode())
    print("\n".join(f"{name}: {value:.3g}" for name, value in told.items()))


def losses(recipe: Recipe, task: type[Towers]) -> list[float]:
    """Mean loss of every epoch of a run in a folder that is deleted."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(run, "Towers", task):
        out = run.train(recipe, Path(folder) / "run", device="cpu", progress=True)
        return [row["loss"] for row in read_metrics(out / "metrics.jsonl")]


def apart(curves: dict[str, list[list[float]]]) -> dict[str, float]:
    """Largest differences over all epochs; those of means over seeds, beside how seeds differ."""
    (ours,), (plain,) = curves["ours, no dropout"], curves["plain, no dropout"]
    found = {"no dropout, largest difference": _largest(ours, plain)}
    means = [
        [fmean(epoch) for epoch in zip(*curves[way], strict=True)] for way in ("ours", "plain")
    ]
    found |= {"with dropout, largest difference of means": _largest(*means)}
    found |= {"with dropout, mean difference": fmean(a - b for a, b in zip(*means, strict=True))}
    if len(curves["ours"]) > 1:
        spread = fmean(stdev(epoch) for epoch in zip(*curves["ours"], strict=True))
        found |= {"standard deviation over seeds, mean of epochs": spread}
    return found | {"last loss, ours": means[0][-1], "last loss, plain": means[1][-1]}


def _largest(one: Sequence[float], other: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)
