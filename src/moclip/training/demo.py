"""The main job on the clips of the package: train, compare with controls, answer, report."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from moclip.evaluation import report as pages
from moclip.evaluation.report import Answer, Matrix, Shown
from moclip.models.two_tower import MoCLIP
from moclip.motion import CaptionedMotion
from moclip.tasks.retrieval import Hit, Index
from moclip.training import controls, run
from moclip.training.metrics import read_metrics
from moclip.training.recipe import Recipe

PROMPTS = (
    "someone jumps into the air",
    "a person runs fast",
    "a traffic officer gives signals with the arms",
)


def run_demo(out: Path, *, progress: bool = False, device: str | None = None) -> str:
    """Trains on the bundled clips beside three controls; returns what to print.

    Leaves the model in ``out``, the controls in ``out/controls``, the page in ``out/report.html``.
    A demonstration that was interrupted goes on where it stopped.
    """
    recipe = Recipe.load("demo")
    rows = controls.compare(recipe, out / "controls", progress=progress, device=device)
    trained = out / "controls" / rows[-1].folder
    for file in trained.iterdir():
        if file.name != "state.safetensors":
            _copy(file, out / file.name)
    model, test = MoCLIP.from_pretrained(out), run.split_of(recipe, "test")
    answers = answer(model, test, PROMPTS)
    commands = next_commands(out)
    page = pages.Report(
        title="MoCLIP on the bundled clips",
        summary=_summary(recipe, test),
        tables=pages.compared({row.arm: row.report for row in rows}),
        curves=read_metrics(out / "metrics.jsonl"),
        matrix=similarities(model, test),
        hits=[_shown(prompt, hits, test) for prompt, hits in answers.items()],
        next_commands=commands,
    )
    pages.write_report(out / "report.html", page)
    return "\n\n".join((controls.table(rows), _told(answers), _what_next(out, commands)))


def answer(
    model: MoCLIP, clips: Sequence[CaptionedMotion], prompts: Sequence[str], *, k: int = 3
) -> dict[str, list[Hit]]:
    """The clips that fit each prompt best."""
    index = Index.of_clips(model, clips)
    return {prompt: index.search(model, prompt, k) for prompt in prompts}


def similarities(model: MoCLIP, clips: Sequence[CaptionedMotion]) -> Matrix:
    """The first caption of every clip against every clip."""
    captions = [clip.captions[0] for clip in clips]
    table = model.similarity([clip.motion for clip in clips], captions).T.detach()
    same = [
        (row, column)
        for row, caption in enumerate(captions)
        for column, clip in enumerate(clips)
        if caption in clip.captions
    ]
    return Matrix(table.tolist(), captions, [clip.id for clip in clips], frozenset(same))


def next_commands(out: Path) -> list[str]:
    """What to try with the model that was made."""
    return [
        f'moclip search {out} "a person walks slowly" --in FOLDER_OF_BVH_FILES',
        f"moclip describe {out} YOUR_CLIP.bvh",
        f"moclip evaluate retrieval {out} --data bundled --split test --protocol all-identical",
        "moclip train bandai_namco --set data.root=PATH_OF_THE_ZIP",
    ]


def _copy(file: Path, target: Path) -> None:
    if file.is_dir():
        shutil.copytree(file, target, dirs_exist_ok=True)
    else:
        shutil.copy2(file, target)


def _shown(prompt: str, hits: Sequence[Hit], clips: Sequence[CaptionedMotion]) -> Answer:
    motions = {clip.id: clip.motion for clip in clips}
    return Answer(
        prompt,
        [
            Shown(motions[hit.entry.id], hit.entry.id, hit.score, hit.entry.captions[0])
            for hit in hits
        ],
    )


def _summary(recipe: Recipe, test: Sequence[CaptionedMotion]) -> str:
    schedule = recipe.schedule
    return (
        f"Trained for {schedule.frozen_epochs} epochs with the text tower frozen and "
        f"{schedule.unfrozen_epochs} with both learning, seed {recipe.seed}. The figures are "
        f"of {len(test)} clips whose takes were never trained on, so their intervals are wide."
    )


def _told(answers: dict[str, list[Hit]]) -> str:
    lines = []
    for prompt, hits in answers.items():
        lines.append(f'"{prompt}"')
        lines += [f"  {h.score:.2f}  {h.entry.id}: {h.entry.captions[0]}" for h in hits]
    return "\n".join(lines)


def _what_next(out: Path, commands: Sequence[str]) -> str:
    return "\n".join([f"open {out / 'report.html'}, or try:", *(f"  {c}" for c in commands)])
