"""Is the gain the method's? The same recipe beside its controls, on the same clips and seeds."""

import json
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from moclip import catalog
from moclip.evaluation import retrieval_benchmark
from moclip.files import write_atomically
from moclip.models.two_tower import MoCLIP
from moclip.motion import CaptionedMotion
from moclip.training import run
from moclip.training.recipe import Recipe

ARMS = ("untrained", "frozen text", "lambda 0", "tether")
"""``untrained``: pre-trained text tower beside a random motion tower. ``frozen text``: the motion tower
learns in both phases, the text tower in none. ``lambda 0``: fine-tuned without the tether."""


@dataclass(frozen=True)
class Row:
    """Figures of one arm and seed on the test split, in percent."""

    arm: str
    seed: int
    figures: dict[str, float]


def arms(recipe: Recipe) -> dict[str, Recipe]:
    """The recipe of each arm that is trained. All share the first phase to the bit."""
    return {
        "frozen text": recipe.with_(text={"fine_tune": False}),
        "lambda 0": recipe.with_(loss={"tether": 0.0}),
        "tether": recipe,
    }


def compare(
    recipe: Recipe,
    out: Path,
    *,
    seeds: Sequence[int] = (0,),
    progress: bool = False,
    protocol: str = "all-identical",
) -> list[Row]:
    """Trains every arm for every seed and measures all of them on the test split.

    Writes ``out/seed-N/ARM`` and, when all is done, ``out/controls.json``. What is there already
    is not trained again, so an interrupted comparison goes on where it stopped.
    """
    clips = run.Clips.of(recipe)
    load, options = catalog.load("datasets", recipe.data.name, "load"), recipe.data_options()
    test, gallery = load("test", options), load("all", options)
    rows = []
    for seed in seeds:
        seeded = recipe.with_(seed=seed)
        for arm, folder in _train_arms(seeded, out / f"seed-{seed}", clips, progress).items():
            model = MoCLIP.from_pretrained(str(folder)).eval()
            report = retrieval_benchmark.evaluate(
                model, test, gallery_clips=gallery, protocol=protocol
            )
            norms = run.Validation(
                MoCLIP.from_pretrained(str(out / f"seed-{seed}" / "untrained")), test
            )
            rows.append(Row(arm, seed, report.summary() | {"text_norm_ratio": norms.ratio(model)}))
    table = {"protocol": protocol, "recipe": recipe.name, "rows": [asdict(row) for row in rows]}
    write_atomically(out / "controls.json", json.dumps(table, indent=1).encode())
    return rows


def _train_arms(recipe: Recipe, out: Path, clips: run.Clips, progress: bool) -> dict[str, Path]:
    """Folders of the four models. The first phase is trained once and copied."""
    folders = {"untrained": out / "untrained"}
    if not (out / "untrained" / "model.safetensors").exists():
        model = run.new_model(recipe, clips.train)
        model.save_pretrained(out / "untrained", recipe=recipe.to_toml(), card="Not trained.\n")
    shared = out / "first-phase"
    epochs = recipe.schedule.frozen_epochs
    for arm, arm_recipe in arms(recipe).items():
        folder = folders[arm] = out / arm.replace(" ", "-")
        if epochs and not (folder / "recipe.toml").exists():
            run.train(
                recipe, shared, clips=clips, progress=progress, stop_after=epochs, resume="auto"
            )
            shutil.copytree(shared, folder, ignore=shutil.ignore_patterns("recipe.toml"))
            write_atomically(folder / "recipe.toml", arm_recipe.to_toml().encode())
        run.train(arm_recipe, folder, clips=clips, progress=progress, resume="auto")
    return folders


def table(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Mean over seeds and, where there are several, the standard deviation."""
    figures = list(rows[0].figures)
    lines = []
    for arm in dict.fromkeys(row.arm for row in rows):
        line = {"arm": arm}
        for figure in figures:
            values = [row.figures[figure] for row in rows if row.arm == arm]
            spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
            line[figure] = f"{statistics.fmean(values):.1f}{spread}"
        lines.append(line)
    return lines


def mean_figures(rows: Sequence[Row], arm: str) -> dict[str, float]:
    chosen = [row.figures for row in rows if row.arm == arm]
    return {name: statistics.fmean(figures[name] for figures in chosen) for name in chosen[0]}


def clips_of(recipe: Recipe, split: str) -> list[CaptionedMotion]:
    """A split of the recipe's data set."""
    load = catalog.load("datasets", recipe.data.name, "load")
    clips: list[CaptionedMotion] = load(split, recipe.data_options())
    return clips
