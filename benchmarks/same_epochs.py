"""The compact tower and the paper's size, trained for the same epochs on the same clips.

Examples:
  python -m benchmarks.same_epochs --data bandai_namco:bandai.zip --epochs 5 --limit 200
  python -m benchmarks.same_epochs --data bandai_namco:bandai.zip --clips-per-pair 2

First phase only (text frozen), recipe `bandai_namco` but for what is said here. Each size has the
learning rate of its own recipe: 5e-4 compact, 1e-4 the paper's size.
The paper's size takes about a second a clip in fp32 on two cores, and 3 GB of disk while it runs.
"""

import json
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import tyro

from benchmarks import _report, _timing
from moclip import datasets
from moclip.files import write_atomically
from moclip.motion import CaptionedMotion
from moclip.training import run
from moclip.training.loop import read_metrics
from moclip.training.recipe import Recipe

_QUICK = {"limb_width": 8, "limb_heads": 2, "layers": 1, "width": 32, "heads": 2}


@dataclass(frozen=True)
class Outcome:
    """What a size had learned after the last epoch."""

    size: str
    epochs: int
    validation: float
    """R@1 in percent, mean of both directions, all-identical; of the last epoch, not the best."""
    loss: float
    seconds: float
    """Of training alone."""


def main(
    *,
    data: str,
    epochs: int = 5,
    limit: int | None = None,
    clips_per_pair: int | None = None,
    batch: int = 32,
    compact_lr: float = 5e-4,
    paper_lr: float = 1e-4,
    precision: Literal["auto", "fp32", "bf16"] = "auto",
    quick: bool = False,
    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])] = Path("build/same_epochs.json"),
) -> None:
    """Train both sizes and print validation R@1 of each.

    Args:
        data: data set, NAME or NAME:PATH
        epochs: of the first phase
        limit: clips to train on, all if absent; a quarter as many validate
        clips_per_pair: at most so many clips of each combination of labels, before the limit
        batch: clips of a step
        compact_lr: learning rate of the compact tower
        paper_lr: learning rate at the paper's size
        precision: of the products; auto is bf16 where the processor multiplies it in hardware
        quick: tiny towers, to see that everything runs
        out: JSON file to write
    """
    recipe = _recipe(data, epochs=epochs, batch=batch, precision=precision)
    clips = subset(run.Clips.of(recipe, recipe.augment.mirror), limit=limit, clips_per_pair=clips_per_pair)
    used = {"train": len(clips.train), "val": len(clips.val)}
    facts: dict[str, Any] = {"machine": _timing.machine(), "clips": used}
    print("\n".join(f"{name}: {_report.told(values)}" for name, values in facts.items()))
    outcomes = []
    for size, rate in (("compact", compact_lr), ("paper", paper_lr)):
        motion = {"preset": size, **(_QUICK if quick else {})}
        outcomes.append(trained(recipe.with_(motion=motion, optimiser={"motion_lr": rate}), clips))
        print(_line(outcomes[-1]), flush=True)
    rows = [vars(outcome) for outcome in outcomes]
    result = {"quick": quick, "recipe": recipe.to_toml(), **facts, "rows": rows}
    write_atomically(out, json.dumps(result, indent=1).encode())
    compact, paper = outcomes
    word = "no lower" if compact.validation >= paper.validation else "LOWER"
    print(f"compact: validation R@1 {word}, {paper.seconds / compact.seconds:.3g}x faster; {out}")


def trained(recipe: Recipe, clips: run.Clips) -> Outcome:
    """Trains in a folder that is deleted and returns what the last epoch's line says."""
    with tempfile.TemporaryDirectory() as folder:
        out = run.train(recipe, Path(folder) / "run", clips=clips, progress=True)
        metrics = read_metrics(out / "metrics.jsonl")
    last = metrics[-1]
    return Outcome(
        size=recipe.motion.preset,
        epochs=len(metrics),
        validation=last["val_R@1"],
        loss=last["loss"],
        seconds=sum(row["seconds"] for row in metrics),
    )


def subset(clips: run.Clips, *, limit: int | None, clips_per_pair: int | None) -> run.Clips:
    """The same few clips whatever the size that is trained: drawn by a fixed seed."""
    train, val = _few(clips.train, clips_per_pair), clips.val
    draw = torch.Generator().manual_seed(0)
    if limit is not None:
        train = _drawn(train, limit, draw)
        val = _drawn(val, max(2, limit // 4), draw)
    return run.Clips(train, val)


def _few(clips: list[CaptionedMotion], most: int | None) -> list[CaptionedMotion]:
    """The first of each combination of labels."""
    kept = []
    seen: dict[frozenset[tuple[str, str]], int] = {}
    for clip in clips:
        pair = frozenset(clip.labels.items())
        seen[pair] = seen.get(pair, 0) + 1
        if most is None or seen[pair] <= most:
            kept.append(clip)
    return kept


def _drawn(
    clips: list[CaptionedMotion], count: int, draw: torch.Generator
) -> list[CaptionedMotion]:
    order = torch.randperm(len(clips), generator=draw)[:count]
    return [clips[i] for i in sorted(order.tolist())]


def _recipe(data: str, *, epochs: int, batch: int, precision: str) -> Recipe:
    """Recipe ``bandai_namco`` on this data set, its first phase alone, without mirrored twins."""
    name, options = datasets.parse(data)
    table: Mapping[str, Any] = Recipe.load("bandai_namco").model_dump(mode="json")
    options = {key: str(value) for key, value in options.items()}
    recipe = Recipe.of({**table, "data": {"name": name, **options}})
    schedule = {
        "frozen_epochs": epochs,
        "unfrozen_epochs": 0,
        "batch_size": batch,
        "validate_every": epochs,
    }
    return recipe.with_(
        schedule=schedule, optimiser={"precision": precision}, augment={"mirror": "off"}
    )


def _line(outcome: Outcome) -> str:
    return (
        f"{outcome.size}: {outcome.epochs} epochs in {outcome.seconds:.1f} s, "
        f"loss {outcome.loss:.3f}, validation R@1 {outcome.validation:.1f} %"
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    tyro.cli(main, description=__doc__)
