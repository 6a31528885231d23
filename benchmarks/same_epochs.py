"""The compact tower and the paper's size, trained for the same epochs on the same clips.

Examples:
  python -m benchmarks.same_epochs --data bandai_namco:bandai.zip --epochs 4 --limit 320
  python -m benchmarks.same_epochs --data bandai_namco:bandai.zip --clips-per-pair 2

First phase only (text frozen), recipe `bandai_namco` but for what is said here. Each size has a
learning rate and a batch of its own: 5e-4 and 8 clips compact, 1e-4 and 32 clips the paper's size.
The compact tower is cheap enough for several seeds. All validation clips are ranked.
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
from moclip.training.metrics import read_metrics
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
    compact_batch: int = 8,
    paper_batch: int = 32,
    compact_lr: float = 5e-4,
    paper_lr: float = 1e-4,
    compact_seeds: tuple[int, ...] = (0, 1, 2),
    precision: Literal["auto", "fp32", "bf16"] = "auto",
    quick: bool = False,
    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])] = Path("build/same_epochs.json"),
) -> None:
    """Train both sizes and print validation R@1 of each.

    Args:
        data: data set, NAME or NAME:PATH
        epochs: of the first phase
        limit: clips to train on, all if absent
        clips_per_pair: at most so many clips of each combination of labels, before the limit
        compact_batch: clips of a step of the compact tower
        paper_batch: clips of a step at the paper's size
        compact_lr: learning rate of the compact tower
        paper_lr: learning rate at the paper's size
        compact_seeds: one compact tower for each
        precision: of the products; auto is bf16 where the processor multiplies it in hardware
        quick: tiny towers, to see that everything runs
        out: JSON file to write
    """
    recipe = _recipe(data, epochs=epochs, precision=precision)
    clips = subset(run.Clips.of(recipe), limit=limit, clips_per_pair=clips_per_pair)
    used = {"train": len(clips.train), "val": len(clips.val)}
    facts: dict[str, Any] = {"machine": _timing.machine(), "clips": used}
    print("\n".join(f"{name}: {_report.told(values)}" for name, values in facts.items()))
    runs = [("compact", compact_lr, compact_batch, seed) for seed in compact_seeds]
    outcomes = []
    for size, rate, batch, seed in (*runs, ("paper", paper_lr, paper_batch, 0)):
        changed = recipe.with_(
            seed=seed,
            motion={"preset": size, **(_QUICK if quick else {})},
            optimiser={"motion_lr": rate},
            schedule={"batch_size": batch},
        )
        outcomes.append(trained(changed, clips))
        print(_line(outcomes[-1]), flush=True)
    rows = [vars(outcome) for outcome in outcomes]
    result = {"quick": quick, "recipe": recipe.to_toml(), **facts, "rows": rows}
    write_atomically(out, json.dumps(result, indent=1).encode())
    *compacts, paper = outcomes
    mean = sum(one.validation for one in compacts) / len(compacts)
    seconds = sum(one.seconds for one in compacts) / len(compacts)
    word = "no lower" if mean >= paper.validation else "LOWER"
    print(
        f"compact, mean of {len(compacts)} seeds: validation R@1 {mean:.1f} %, {word}, "
        f"{paper.seconds / seconds:.3g}x faster; {out}"
    )


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
    train = _few(clips.train, clips_per_pair)
    if limit is not None:
        train = _drawn(train, limit, torch.Generator().manual_seed(0))
    return run.Clips(train, clips.val)


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


def _recipe(data: str, *, epochs: int, precision: str) -> Recipe:
    """Recipe ``bandai_namco`` on this data set, its first phase alone, without mirrored twins."""
    name, options = datasets.parse(data)
    table: Mapping[str, Any] = Recipe.load("bandai_namco").model_dump(mode="json")
    options = {key: str(value) for key, value in options.items()}
    recipe = Recipe.of({**table, "data": {"name": name, **options}})
    schedule = {
        "frozen_epochs": epochs,
        "unfrozen_epochs": 0,
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
