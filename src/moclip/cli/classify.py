"""Name what a motion shows, among labels of your own.

Examples:
  moclip classify runs/demo clip.bvh --labels labels.txt
  moclip classify runs/motionclip_bandai clip.bvh --labels babel_actions.csv --first 60 -k 3
  moclip classify runs/demo clip.bvh --labels labels.txt --template "a person is {}" --json

Labels are one a line, or the column `label` of a CSV file. The probabilities are a softmax over the
cosines of the motion and each label, put into the template as a sentence: they add up to 1 whether
or not any of the labels fits.
"""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from moclip.cli._body import SkeletonFile
from moclip.cli._device import Device


def main(
    model: Positional[str],
    clip: Positional[Path],
    /,
    *,
    labels: Path,
    first: int | None = None,
    template: str = "a person performs: {}",
    k: Annotated[int, arg(aliases=["-k"])] = 5,
    skeleton_file: SkeletonFile = None,
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Classify a motion.

    Args:
        model: folder of a trained model, or its id on the Hugging Face hub
        clip: the motion file
        labels: file of labels
        first: take only so many labels of the file
        template: the sentence a label is put into, at its {}
        k: how many to show
        skeleton_file: JSON of the body in motion files, where it is none of ours
        json: print JSON
        device: where to compute
    """
    from moclip.cli import _inputs, _items, _model, _output
    from moclip.tasks.recognition import classify

    if k < 1 or (first is not None and first < 1):
        raise ValueError("-k and --first want at least 1")
    choice = _items.labels(labels)[:first]
    motion = _inputs.motion(str(clip), skeleton_file)
    shares = classify(_model.load(model, device), [motion], choice, template)[0]
    best = shares.topk(min(k, len(choice)))
    rows = [
        {"probability": share, "label": choice[at]}
        for share, at in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    ]
    _output.show(rows, as_json=json)
