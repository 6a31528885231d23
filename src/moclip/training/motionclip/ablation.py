"""What each part of MotionCLIP is worth: the recipe beside itself with one part taken away."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from moclip.evaluation import repeats, retrieval_benchmark
from moclip.files import write_atomically
from moclip.models.autoencoder.bridge import WAYS
from moclip.models.autoencoder.frames import FPS
from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.evaluator.own import Evaluator
from moclip.motion import CaptionedMotion, Motion
from moclip.training.motionclip import run
from moclip.training.motionclip.recipe import Recipe
from moclip.training.run import Clips, split_of

PARTS: Mapping[str, Mapping[str, float]] = {
    "whole": {},
    "no text loss": {"text": 0.0, "contrastive": 0.0},
    "no image loss": {"image": 0.0},
    "no velocities": {"velocities": 0.0, "contacts": 0.0, "stance": 0.0},
}
"""Arms that are trained. The ways across the gap between words and motions are told apart on the
whole recipe's models: they differ in what is asked of a model, not in how it is trained."""


@dataclass(frozen=True)
class Row:
    """One arm, way and seed on the test split."""

    arm: str
    bridge: str
    seed: int
    figures: dict[str, float]


def arms(recipe: Recipe) -> list[str]:
    """Those that differ from the recipe."""
    weights = recipe.loss.model_dump()
    return [
        arm for arm, off in PARTS.items() if arm == "whole" or any(weights[name] for name in off)
    ]


def ablate(
    recipe: Recipe,
    out: Path,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    evaluator: Evaluator | None = None,
    progress: bool = False,
    device: str | None = None,
) -> list[Row]:
    """Trains every arm for every seed and measures all of them on the test split.

    Writes ``out/seed-N/ARM`` and ``out/ablation.json``. What is there already is not trained again,
    so a comparison that was interrupted goes on where it stopped.
    """
    clips, test = Clips.of(recipe, recipe.augment.mirror), split_of(recipe, "test")
    rows = []
    for seed in seeds:
        for arm in arms(recipe):
            plan = recipe.with_(seed=seed, loss=PARTS[arm])
            place = out / f"seed-{seed}" / arm.replace(" ", "-")
            run.train(plan, place, clips=clips, resume="if there", progress=progress, device=device)
            model = MotionCLIP.from_pretrained(place)
            for bridge in WAYS if arm == "whole" else WAYS[:1]:
                rows.append(Row(arm, bridge, seed, figures(model, test, bridge, evaluator)))
            told = [vars(row) for row in rows]
            write_atomically(out / "ablation.json", json.dumps(told, indent=1).encode())
    return rows


def figures(
    model: MotionCLIP, clips: Sequence[CaptionedMotion], bridge: Any, evaluator: Evaluator | None
) -> dict[str, float]:
    """Reconstruction in centimetres, retrieval in percent, and how text-made motion moves.

    ``speed`` is the mean speed of the joints of text-made motion by that of the real clips, and
    ``content`` the percent of it that an evaluator reads as its own clip's content.
    """
    with torch.no_grad():
        vectors = model.encode_motion([clip.motion for clip in clips])
    seconds = [clip.motion.duration for clip in clips]
    rebuilt = model.decode(vectors, seconds)
    made = model.generate([clip.captions[0] for clip in clips], seconds=seconds, way=bridge)
    report = retrieval_benchmark.evaluate(model, clips, samples=0).summary()
    errors = [_pose_error(m, clip.motion) for m, clip in zip(rebuilt, clips, strict=True)]
    found = {
        "pose cm": 100 * _mean(errors),
        "R@1": report["R@1"],
        "speed": _mean([speed(m) for m in made]) / _mean([speed(c.motion) for c in clips]),
    }
    if evaluator is not None and all("content" in clip.labels for clip in clips):
        read = evaluator.recognise([m.to("cpu") for m in made], "content")
        right = [next(iter(r)) == c.labels["content"] for r, c in zip(read, clips, strict=True)]
        found["content"] = 100 * _mean([float(r) for r in right])
    return found


def speed(motion: Motion) -> float:
    """Mean over joints and time, metres a second."""
    return float((motion.joints.diff(dim=0) * FPS).norm(dim=-1).mean())


def _pose_error(made: Motion, real: Motion) -> float:
    """Mean distance of joints, both roots put on one place; metres."""
    frames = min(len(made), len(real))
    one, other = (m.joints[:frames].cpu() - m.joints[:frames, :1].cpu() for m in (made, real))
    return float((one - other).norm(dim=-1).mean())


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def table(rows: Sequence[Row]) -> list[dict[str, str]]:
    """A line an arm and way: mean and 95 % interval over seeds."""
    lines = []
    for arm, bridge in dict.fromkeys((row.arm, row.bridge) for row in rows):
        own = [row.figures for row in rows if (row.arm, row.bridge) == (arm, bridge)]
        told = {
            name: repeats.told(repeats.interval([one[name] for one in own]), 2) for name in own[0]
        }
        lines.append({"arm": arm, "bridge": bridge, "seeds": str(len(own)), **told})
    return lines
