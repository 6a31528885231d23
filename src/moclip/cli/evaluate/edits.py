"""Measure whether sums of vectors move the style of a motion and keep its content.

Examples:
  moclip evaluate edits runs/mc --data bandai_namco:bandai.zip --evaluator runs/evaluator
  moclip evaluate edits runs/mc --data bandai_namco:bandai.zip --evaluator runs/evaluator --most 500

walk, normal + (run, elderly - run, normal) should be read as an elderly walk. All such sums that
the clips' labels `content` and `style` allow are made, and the evaluator, a recogniser of real
motion, reads them. Above stands what it reads of the clips themselves and of the clips rebuilt.
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
    evaluator: str,
    split: Split = "test",
    options: _settings.DataOptions = (),
    neutral: str = "normal",
    scale: float = 1.3,
    most: int | None = None,
    out: Out = None,
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Evaluate edits.

    Args:
        model: folder of a trained MotionCLIP, or its id on the Hugging Face hub
        data: data set and where it lies, as NAME or NAME:PATH
        evaluator: folder of `moclip train-evaluator`
        split: which clips to edit
        options: options of the data set
        neutral: the style that edits lead away from
        scale: how much of the change, as in `moclip edit`
        most: at most so many sums, spread evenly over all
        out: file to write the figures to, as JSON
        json: print JSON
        device: where to compute
    """
    from moclip.cli import _device, _model
    from moclip.cli.evaluate import _clips

    edited = _model.motionclip(model, device)
    from moclip.evaluation import edits
    from moclip.evaluation.figures import grid
    from moclip.models.evaluator.own import Evaluator

    recogniser = Evaluator.from_pretrained(evaluator).to(_device.pick(device))
    clips = _clips.load(data, split, options, None)
    wanted = edits.sums(clips, neutral=neutral, most=most)
    bounds = edits.bounds(edited, recogniser, clips)
    verdict = edits.judge(edited, recogniser, clips, wanted, scale=scale, neutral=neutral)
    shares = {
        name: {kind: f"{share:.1f}" for kind, share in vars(reading).items()}
        for name, reading in bounds.items()
    }
    table = f"{grid('read as what they are, %', shares)}\n\n{verdict.table()}"
    about = {"model": model, "data": data, "split": split, "scale": scale}
    found = {name: vars(reading) for name, reading in bounds.items()} | vars(verdict)
    _clips.show(table, about | found, out=out, as_json=json)
