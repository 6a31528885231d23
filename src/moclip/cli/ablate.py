"""Train a MotionCLIP beside itself with one part taken away, to see what each is worth.

Examples:
  moclip ablate motionclip_demo
  moclip ablate motionclip_bandai --set data.root=bandai.zip --evaluator runs/evaluator

Taken away are the text loss, the image loss and the losses on velocities and feet, each where the
recipe has it; the whole recipe's models are also asked with each bridge from words to motion. With
an evaluator, text-made motion is recognised too. A comparison that was interrupted goes on where it
stopped.
"""

import sys
from pathlib import Path

from tyro.conf import Positional

from moclip.cli._device import Device
from moclip.cli.train import Overrides


def main(
    recipe: Positional[str],
    /,
    *,
    overrides: Overrides = (),
    seeds: tuple[int, ...] = (0, 1, 2),
    evaluator: Path | None = None,
    out: Path | None = None,
    device: Device = "auto",
    json: bool = False,
) -> None:
    """Train a MotionCLIP with and without its parts.

    Args:
        recipe: name of a recipe of the package, or a .toml file
        overrides: values that replace the recipe's, as schedule.epochs=20
        seeds: one model of each arm for each
        evaluator: folder of `moclip train-evaluator`, to recognise what is generated
        out: folder to write, runs/NAME-ablation if absent
        device: where to compute
        json: print the rows of all seeds as JSON
    """
    from moclip.cli import _device, _output
    from moclip.training import kinds
    from moclip.training.motionclip.recipe import Recipe

    plan = kinds.load(recipe, [setting for group in overrides for setting in group])
    if not isinstance(plan, Recipe):
        raise ValueError(f"{recipe} is a recipe of a {kinds.of(plan)}, wanted one of a motionclip")
    from moclip.models.evaluator.own import Evaluator
    from moclip.training.motionclip import ablation

    rows = ablation.ablate(
        plan,
        out or Path("runs") / f"{plan.name}-ablation",
        seeds=seeds,
        evaluator=None if evaluator is None else Evaluator.from_pretrained(evaluator),
        progress=sys.stderr.isatty(),
        device=_device.pick(device).type,
    )
    _output.show([vars(row) for row in rows] if json else ablation.table(rows), as_json=json)
