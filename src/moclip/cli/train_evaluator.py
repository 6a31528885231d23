"""Train what judges generated motion, on a data set: an evaluator for FID, R-precision and labels.

Examples:
  moclip train-evaluator bandai_namco:bandai.zip -o runs/evaluator
  moclip train-evaluator bandai_namco:bandai.zip -o runs/unseen --set split_by=unseen-combinations
  moclip train-evaluator folder:my_clips -o runs/mine --epochs 60 --json

It starts from random weights and reads no tower of moclip, so it may judge any of them. The folder
gets config.json, model.safetensors, a card and quality.json: how well real clips of the test split
and their captions find each other in pools of 32, and how often their labels are told.
"""

import sys
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from moclip.cli import _settings
from moclip.cli._device import Device


def main(
    data: Positional[str],
    /,
    *,
    out: Annotated[Path, arg(aliases=["-o"])],
    options: _settings.DataOptions = (),
    epochs: int = 30,
    batch_size: int = 128,
    seed: int = 0,
    device: Device = "auto",
    json: bool = False,
) -> None:
    """Train an evaluator.

    Args:
        data: data set and where it lies, as NAME or NAME:PATH
        out: folder to write
        options: options of the data set
        epochs: passes over the training split; the best on the validation split is kept
        batch_size: clips of a step
        seed: of weights, order and cuts
        device: where to compute
        json: print the figures as JSON
    """
    from moclip.cli import _device, _output

    name, given = _settings.of_data(data, options)
    from moclip.training import evaluator_run
    from moclip.training.evaluator import Options

    measured = evaluator_run.run(
        name,
        given,
        out,
        Options(epochs=epochs, batch_size=batch_size, seed=seed),
        device=_device.pick(device).type,
        progress=sys.stderr.isatty(),
    )
    if json:
        print(_output.as_json_text(measured.to_dict()))
    else:
        print(f"{out} holds the evaluator; on real test clips:\n{measured.table()}")
