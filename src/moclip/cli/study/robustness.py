"""Measure how robust fine-tuned text towers are against other words, by the amount of motion.

Examples:
  moclip study robustness demo --jobs 2
  moclip study robustness bandai_namco --set data.root=bandai.zip --jobs 8
  moclip study robustness bandai_namco --set data.root=bandai.zip --backend ray --address auto
  moclip study robustness my_study.toml --captions kit_captions.txt --out runs/my_study

A recipe names the data set, the shares of it, what is done to the text tower, attacks and seeds.
The report is report.html, .md, .csv and .json; the same recipe gives the same JSON to the byte. A
study that was stopped goes on where it was when the same is said again.
"""

from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from moclip.cli.train import Overrides


def main(
    recipe: Positional[str],
    /,
    *,
    overrides: Overrides = (),
    captions: str | None = None,
    generator: Path | None = None,
    evaluator: Path | None = None,
    out: Path | None = None,
    jobs: int = 1,
    backend: Literal["loky", "ray"] = "loky",
    address: str | None = None,
) -> None:
    """Run a study of robustness.

    Args:
        recipe: name of a study of the package, or a .toml file
        overrides: values that replace the recipe's, as data.root=bandai.zip
        captions: text file, a line a caption, or data set NAME[:PATH], whose drift is told beside
        generator: folder of a trained generator, where the study generates motion
        evaluator: folder of a trained evaluator, likewise
        out: folder to write, runs/study-NAME if absent
        jobs: processes, each with one thread
        backend: processes of this machine, or those of a Ray cluster that share its disk
        address: of the Ray cluster; a local one if absent
    """
    from moclip.cli import _captions
    from moclip.cli.study import _told
    from moclip.training.study.robustness.recipe import Recipe

    plan = Recipe.load(recipe, [setting for group in overrides for setting in group])
    given = {"generator": generator, "evaluator": evaluator}
    plan = plan.with_(
        measuring={} if captions is None else {"text_only": _captions.read(captions)},
        generation={key: path.absolute() for key, path in given.items() if path is not None},
    )
    from moclip.training.study.robustness import study

    folder = out or Path("runs") / f"study-{plan.name}"
    _told.run(study.run, plan, folder, jobs=jobs, backend=backend, address=address)
