"""Measure motion made from words as the field does: FID, R-precision, Diversity, feet and more.

Examples:
  moclip evaluate generation runs/gen --data bandai_namco:bandai.zip --evaluator runs/evaluator
  moclip evaluate generation runs/mc --data bandai_namco:bandai.zip --evaluator runs/evaluator \\
    --bridge none --repeats 5 -o mc.json
  moclip evaluate generation runs/big --data humanml3d:HumanML3D --evaluator guo:text-to-motion

MODEL is a generator or a MotionCLIP. Every clip of the split is made anew from one of its captions,
as long as it is, in each repeat. The column `real` has the same figures of the real clips, and
distances between two random halves of them. With -o, an evaluation that was stopped goes on.
"""

import sys
from typing import Literal

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
    repeats: int = 20,
    clips: int | None = None,
    prompts: int = 20,
    generations: int = 10,
    by: str | None = None,
    guidance: float | None = None,
    bridge: Literal["prior", "centre", "none"] = "prior",
    seed: int = 0,
    out: Out = None,
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Evaluate a generator.

    Args:
        model: folder of a trained generator or MotionCLIP, or its id on the Hugging Face hub
        data: data set and where it lies, as NAME or NAME:PATH
        evaluator: folder of `moclip train-evaluator`, or guo:FOLDER with checkpoints/t2m and glove
        split: which clips to make anew
        options: options of the data set
        repeats: how often; intervals are over the repeats
        clips: at most so many of the split
        prompts: clips of each repeat for MultiModality, 0 to leave it out
        generations: motions for each of these
        by: kind of labels, as content: how fast joints move is told for each of its values
        guidance: how closely to keep to the words; 1 is not at all more than was learned
        bridge: how MotionCLIP gets from a caption's vector to a motion's
        seed: of all that is drawn
        out: file to write the figures of all repeats to, as JSON
        json: print JSON
        device: where to compute
    """
    from moclip.cli import _model, _output
    from moclip.cli.evaluate import _clips

    judge = _clips.judge(evaluator, data, options, device)
    made_by = _model.generator(model, device)
    from moclip.evaluation import generation
    from moclip.evaluation.makers import Maker

    about = {"model": model, "data": data, "split": split, "evaluator": evaluator, "seed": seed}
    report = generation.evaluate(
        Maker(made_by, bridge, guidance),
        judge,
        _clips.load(data, split, options, clips),
        generation.Plan(repeats, seed, prompts, generations, by),
        out=out,
        about=about | {"bridge": bridge, "guidance": guidance},
        progress=sys.stderr.isatty(),
    )
    print(_output.as_json_text(about | report.to_dict()) if json else report.table())
