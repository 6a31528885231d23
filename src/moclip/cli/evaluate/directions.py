"""Check that motion does as its words say: ahead, back, left, right, running, jumping, a hand up.

Examples:
  moclip evaluate directions runs/generator
  moclip evaluate directions runs/mc --bridge centre --length 3s --seeds 20 --json

Each prompt is asked with several seeds, and what the joints do is read from the motion itself: no
evaluator and no data are needed. Left is the body's own; turns to the left are positive.
"""

from typing import Literal

from tyro.conf import Positional

from moclip.cli._device import Device
from moclip.cli.evaluate._clips import Out


def main(
    model: Positional[str],
    /,
    *,
    length: str = "4s",
    seeds: int = 5,
    guidance: float | None = None,
    bridge: Literal["prior", "centre", "none"] = "prior",
    seed: int = 0,
    out: Out = None,
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Evaluate what is done of what is said.

    Args:
        model: folder of a trained generator or MotionCLIP, or its id on the Hugging Face hub
        length: of each motion, as 3s or 800ms
        seeds: motions for each prompt
        guidance: how closely to keep to the words; 1 is not at all more than was learned
        bridge: how MotionCLIP gets from a caption's vector to a motion's
        seed: from which all are drawn
        out: file to write the courses of all motions to, as JSON
        json: print JSON
        device: where to compute
    """
    from moclip.cli import _model, _motions
    from moclip.cli.evaluate import _clips

    span = _motions.seconds(length)
    made_by = _model.generator(model, device)
    from moclip.evaluation import directions
    from moclip.evaluation.makers import Maker

    maker = Maker(made_by, bridge, guidance)
    found = directions.evaluate(maker, seconds=span, seeds=seeds, seed=seed)
    about = {"model": model, "seconds": span}
    _clips.show(found.table(), about | found.to_dict(), out=out, as_json=json)
