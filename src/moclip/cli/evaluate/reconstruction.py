"""Measure what a generator's quantiser or a MotionCLIP loses of motions that go through it.

Examples:
  moclip evaluate reconstruction runs/gen --data bandai_namco:bandai.zip --evaluator runs/evaluator
  moclip evaluate reconstruction runs/mc --data bandai_namco:bandai.zip -o rebuilt.json

The pose error is of joints with each frame's roots on one place, the joint error counts the path
too. With an evaluator, the FID of the rebuilt motions stands beside that of two halves of the real.
"""

from tyro.conf import Positional

from moclip.cli import _settings
from moclip.cli._device import Device
from moclip.cli.evaluate._clips import Out, Split


def main(
    model: Positional[str],
    /,
    *,
    data: str,
    evaluator: str | None = None,
    split: Split = "test",
    options: _settings.DataOptions = (),
    clips: int | None = None,
    seed: int = 0,
    out: Out = None,
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Evaluate reconstructions.

    Args:
        model: folder of a trained generator or MotionCLIP, or its id on the Hugging Face hub
        data: data set and where it lies, as NAME or NAME:PATH
        evaluator: folder of `moclip train-evaluator`, or guo:FOLDER; no FID without it
        split: which clips to rebuild
        options: options of the data set
        clips: at most so many of the split
        seed: of the intervals and the halves
        out: file to write the figures to, as JSON
        json: print JSON
        device: where to compute
    """
    from moclip.cli import _model
    from moclip.cli.evaluate import _clips

    judge = None if evaluator is None else _clips.judge(evaluator, data, options, device)
    rebuilds = _model.generator(model, device).model
    from moclip.evaluation import reconstruction

    found = reconstruction.evaluate(
        rebuilds, _clips.load(data, split, options, clips), judge=judge, seed=seed
    )
    about = {"model": model, "data": data, "split": split}
    _clips.show(found.table(), about | found.to_dict(), out=out, as_json=json)
