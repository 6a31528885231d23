"""Find the captions that describe a motion best.

Examples:
  moclip describe runs/demo clip.bvh
  moclip describe runs/demo clip.bvh -k 10 --json
  moclip describe runs/demo clip.bvh --captions sentences.txt

The captions are chosen from a list, not written: by default all captions of the bundled data set,
else a text file with one a line or a CSV file with a column `caption`.
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
    captions: Path | None = None,
    k: Annotated[int, arg(aliases=["-k"])] = 5,
    skeleton_file: SkeletonFile = None,
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Describe a motion with captions from a list.

    Args:
        model: folder of a trained model, or its id on the Hugging Face hub
        clip: the motion file
        captions: file to choose from; the bundled data set's captions if absent
        k: how many to show
        skeleton_file: JSON of the body in motion files, where it is none of ours
        json: print JSON
        device: where to compute
    """
    import torch

    from moclip.cli import _inputs, _model, _output

    if k < 1:
        raise ValueError(f"-k is {k}, wanted at least 1")
    motion = _inputs.motion(str(clip), skeleton_file)
    choice = _inputs.captions(captions) if captions else _bundled()
    towers = _model.load(model, device)
    with torch.inference_mode():
        scores = (towers.encode_motion(motion) @ towers.encode_text(choice).T)[0].float().cpu()
    best = scores.topk(min(k, len(choice)))
    rows = [
        {"score": score, "caption": choice[at]}
        for score, at in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    ]
    _output.show(rows, as_json=json)


def _bundled() -> list[str]:
    from moclip import datasets

    return list(dict.fromkeys(c for clip in datasets.load("bundled", "all") for c in clip.captions))
