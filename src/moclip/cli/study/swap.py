"""Measure what a swapped text tower is worth to a generator, and what is the extra training's.

Examples:
  moclip study swap demo --jobs 2
  moclip study swap bandai_namco --set data.root=bandai.zip --generator runs/generator \\
    --evaluator runs/evaluator --jobs 2
  moclip study swap bandai_namco --set data.root=bandai.zip --backend ray --address auto
  moclip study swap my_study.toml --tower runs/moclip --tower-free runs/lambda_0

Five rows, each with several seeds: the plain tower; the plain tower with the same fine-tuning of
the generator; a MoCLIP's tower without and with it; one trained with lambda 0, with it. What is not
given is trained. The report is report.html, .md, .csv and .json; a study that was stopped goes on
where it was when the same is said again.
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
    generator: Path | None = None,
    evaluator: Path | None = None,
    tower: Path | None = None,
    tower_free: Path | None = None,
    out: Path | None = None,
    jobs: int = 1,
    backend: Literal["loky", "ray"] = "loky",
    address: str | None = None,
) -> None:
    """Run a study of the swap.

    Args:
        recipe: name of a study of the package, or a .toml file
        overrides: values that replace the recipe's, as data.root=bandai.zip
        generator: folder of a trained generator, which all rows start from
        evaluator: folder of a trained evaluator
        tower: folder of a trained MoCLIP, one for all seeds
        tower_free: folder of a MoCLIP that was trained with lambda 0
        out: folder to write, runs/swap-NAME if absent
        jobs: processes, each with one thread
        backend: processes of this machine, or those of a Ray cluster that share its disk
        address: of the Ray cluster; a local one if absent
    """
    from moclip.cli.study import _told
    from moclip.training.study.swap.recipe import Recipe

    plan = Recipe.load(recipe, [setting for group in overrides for setting in group])
    given = {"generator": generator, "evaluator": evaluator, "tether": tower, "free": tower_free}
    plan = plan.with_(given={k: path.absolute() for k, path in given.items() if path is not None})
    from moclip.training.study.swap import study

    folder = out or Path("runs") / f"swap-{plan.name}"
    _told.run(study.run, plan, folder, jobs=jobs, backend=backend, address=address)
