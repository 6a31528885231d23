"""Find motions with words, or with another motion.

Examples:
  moclip search runs/demo "a person jumps"
  moclip search runs/demo "a person kicks" --in my_clips -k 10
  moclip search runs/demo query.bvh --in my_clips --json
  moclip search runs/demo "a person kicks" --in my_clips --save my_clips.index
  moclip search runs/demo "a person waves" --in my_clips.index
  moclip search graphs "a person jumps" --in my_clips --runtime onnx

Without --in all bundled clips are searched, those that runs/demo was trained on too. A folder is
read to its bottom; long takes are searched in parts of ten seconds, and files that cannot be read
are named. An index is such a folder kept in one file, and answers at once.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from moclip.cli._body import SkeletonFile
from moclip.cli._device import Device
from moclip.cli._model import Runtime

if TYPE_CHECKING:
    from moclip.tasks.retrieval import Hit


def main(
    model: Positional[str],
    query: Positional[str],
    /,
    *,
    where: Annotated[Path | None, arg(name="in", metavar="FOLDER|INDEX")] = None,
    k: Annotated[int, arg(aliases=["-k"])] = 5,
    save: Path | None = None,
    skeleton_file: SkeletonFile = None,
    json: bool = False,
    device: Device = "auto",
    runtime: Runtime = "torch",
) -> None:
    """Search motions.

    Args:
        model: folder of a trained model, or its id on the Hugging Face hub
        query: what to look for, a caption or a motion file
        where: folder of motion files, or an index; the bundled clips if absent
        k: how many to show
        save: keep the index in this file
        skeleton_file: JSON of the body in motion files, where it is none of ours
        json: print JSON
        device: where to compute
        runtime: with what; onnx takes a folder that `moclip export --layout onnx` wrote
    """
    from moclip.cli import _index, _inputs, _model, _output

    if k < 1:
        raise ValueError(f"-k is {k}, wanted at least 1")
    (item,) = _inputs.sorted_out([query])
    asked = _inputs.motion(query, skeleton_file) if item.is_motion else item.text
    _index.check_there(where)
    towers = _model.load(model, device, runtime=runtime)
    index = _index.of(towers, where, skeleton_file)
    if save is not None:
        index.save(save)
    _output.show([_row(hit) for hit in index.search(towers, asked, k)], as_json=json)
    for skipped in index.skipped:
        print(f"moclip: passed over {skipped.path}: {skipped.reason}", file=sys.stderr)


def _row(hit: "Hit") -> dict[str, Any]:
    entry = hit.entry
    found = {"score": hit.score, "clip": entry.path or entry.id}
    found |= {"start": round(entry.start, 2), "end": round(entry.end, 2)}
    return found | ({"caption": entry.captions[0]} if entry.captions else {})
