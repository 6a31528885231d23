"""Is the gain the method's? The same recipe beside its controls, on the same clips and seeds."""

import json
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moclip.evaluation import retrieval_benchmark
from moclip.evaluation.figures import Report, grid
from moclip.files import write_atomically
from moclip.models.two_tower import MoCLIP
from moclip.training import run
from moclip.training.recipe import Recipe

ARMS = ("untrained", "frozen text", "lambda 0", "tether")
"""``untrained``: the pre-trained text tower beside a random motion tower. ``frozen text``: the
motion tower learns in both phases, the text tower in none. ``lambda 0``: fine-tuned without the
tether. ``tether``: the recipe itself."""


_SHOWN = (
    "motion->text R@1",
    "motion->text R@5",
    "text->motion R@1",
    "text->motion R@5",
)


@dataclass(frozen=True)
class Row:
    """One arm and seed on the test split."""

    arm: str
    seed: int
    folder: str
    figures: dict[str, float]
    """:meth:`Report.summary` and ``text_norm_ratio``."""
    report: Report
    """The whole, with intervals."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {**vars(self), "report": self.report.to_dict()}


def compare(
    recipe: Recipe,
    out: Path,
    *,
    seeds: Sequence[int] = (0,),
    protocol: str = "all-identical",
    progress: bool = False,
    device: str | None = None,
) -> list[Row]:
    """Trains every arm for every seed and measures all of them on the test split.

    Motion is ranked against all captions of the whole set. Writes ``out/seed-N/ARM`` and
    ``out/controls.json``. What is there already is not trained again, so a comparison that was
    interrupted goes on where it stopped.
    """
    clips = run.Clips.of(recipe, recipe.augment.mirror)
    test, gallery = run.split_of(recipe, "test"), run.split_of(recipe, "all")
    rows = []
    for seed in seeds:
        folders = train_arms(
            recipe.with_(seed=seed), out / f"seed-{seed}", clips, progress=progress, device=device
        )
        plain = MoCLIP.from_pretrained(folders["untrained"])
        norms = run.Validation(plain, test)
        for arm, folder in folders.items():
            model = MoCLIP.from_pretrained(folder)
            report = retrieval_benchmark.evaluate(
                model, test, gallery_clips=gallery, protocol=protocol
            )
            figures = report.summary() | {"text_norm_ratio": norms.norm_ratio(model)}
            place = folder.relative_to(out).as_posix()
            rows.append(Row(arm, seed, place, figures, report))
    table = {
        "recipe": recipe.to_toml(),
        "protocol": protocol,
        "rows": [row.to_dict() for row in rows],
    }
    write_atomically(out / "controls.json", json.dumps(table, indent=1).encode())
    return rows


def train_arms(
    recipe: Recipe,
    out: Path,
    clips: run.Clips,
    *,
    progress: bool = False,
    device: str | None = None,
) -> dict[str, Path]:
    """Folders of the four models. The first phase is the same: trained once, then copied."""
    folders = {arm: out / arm.replace(" ", "-") for arm in ARMS}
    if not (folders["untrained"] / "model.safetensors").exists():
        model = run.new_model(recipe, clips.train)
        model.save_pretrained(folders["untrained"], recipe=recipe.to_toml(), card="Not trained.\n")
    arms = {
        "frozen text": recipe.with_(text={"fine_tune": False}),
        "lambda 0": recipe.with_(loss={"tether": 0.0}),
        "tether": recipe,
    }
    shared, first_phase = out / "first-phase", recipe.schedule.frozen_epochs
    for arm, arm_recipe in arms.items():
        folder = folders[arm]
        if first_phase and not (folder / "recipe.toml").exists():
            run.train(
                recipe,
                shared,
                clips=clips,
                progress=progress,
                device=device,
                stop_after=first_phase,
                resume="if there",
            )
            fork(shared, folder, arm_recipe)
        run.train(
            arm_recipe, folder, clips=clips, progress=progress, device=device, resume="if there"
        )
    return folders


def fork(shared: Path, folder: Path, recipe: Recipe) -> None:
    """The state after the first phase under another recipe, which is written last."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(shared, folder, ignore=shutil.ignore_patterns("recipe.toml"))
    write_atomically(folder / "recipe.toml", recipe.to_toml().encode())


def table(rows: Sequence[Row]) -> str:
    """Plain text: a line an arm, means over seeds."""
    labels = [
        name for name in rows[0].figures if name.endswith(" top-1") and "balanced" not in name
    ]
    figures = [*_SHOWN, *labels, "text_norm_ratio"]
    text = grid("held-out clips", mean_over_seeds(rows, figures))
    report, seeds = rows[0].report, len({row.seed for row in rows})
    return (
        f"{text}\n({report.clips} clips, protocol {report.protocol}, {seeds} seeds, in percent; "
        "text_norm_ratio: length of text vectors beside the frozen tower's)"
    )


def mean_over_seeds(rows: Sequence[Row], figures: Sequence[str]) -> dict[str, dict[str, str]]:
    """For each arm the mean of each figure and, where there are several seeds, its deviation."""
    table = {}
    for arm in dict.fromkeys(row.arm for row in rows):
        values = {f: [row.figures[f] for row in rows if row.arm == arm] for f in figures}
        table[arm] = {
            figure: _figure(found, digits=3 if "ratio" in figure else 1)
            for figure, found in values.items()
        }
    return table


def _figure(values: Sequence[float], *, digits: int) -> str:
    mean = f"{statistics.fmean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean
