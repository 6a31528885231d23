"""Train a recipe beside its controls and measure all of them on the test split.

Examples:
  moclip controls demo
  moclip controls bandai_namco --set data.root=bandai.zip --seeds 0 1 2
  moclip controls bandai_namco --set data.root=bandai.zip data.split_by=unseen-combinations

The controls: untrained; the text tower frozen throughout; fine-tuned without the tether (lambda 0).
All share the first phase. Each clip is ranked against all captions of the data set. A comparison
that was interrupted goes on where it stopped.
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
    seeds: tuple[int, ...] = (0,),
    protocol: str = "all-identical",
    out: Path | None = None,
    device: Device = "auto",
    json: bool = False,
) -> None:
    """Train a recipe and its controls.

    Args:
        recipe: name of a recipe of the package, or a .toml file
        overrides: values that replace the recipe's, as loss.tether=0.2
        seeds: one model of each arm for each
        protocol: how retrieval is counted
        out: folder to write, runs/NAME-controls if absent
        device: where to compute
        json: print the rows as JSON
    """
    from moclip.cli import _device, _output
    from moclip.training.recipe import Recipe

    plan = Recipe.load(recipe, [setting for group in overrides for setting in group])
    from moclip.training import controls

    rows = controls.compare(
        plan,
        out or Path("runs") / f"{plan.name}-controls",
        seeds=seeds,
        protocol=protocol,
        progress=sys.stderr.isatty(),
        device=_device.pick(device).type,
    )
    if json:
        print(_output.as_json_text([row.to_dict() for row in rows]))
    else:
        print(controls.table(rows))
