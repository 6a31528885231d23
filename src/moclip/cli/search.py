"""Find motions with words, or with another motion.

Examples:
  moclip search runs/demo "a person jumps"
  moclip search runs/demo "a person kicks" --in my_clips -k 10
  moclip search runs/demo query.bvh --in my_clips --json
  moclip search runs/demo "a person kicks" --in my_clips --save my_clips.index
  moclip search runs/demo "a person waves" --in my_clips.index
  moclip search graphs "a person jumps" --in my_clips --runtime onnx
  moclip search --index my.index "a person waves" --label walk --longer 2 --shorter 8
  moclip search --index my.index clip.bvh --folder captures/monday

Without --in all bundled clips are searched, those that runs/demo was trained on too. A folder is
read to its bottom; long takes are searched in parts of ten seconds, and files that cannot be read
are named. An index is such a folder kept in one file, and answers at once. With --index an index
that `moclip index build` made is searched, by the model it was made with unless another place of
that model is named; filters are of use only there, and `moclip index info` lists its folders and
labels.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from moclip.cli._body import SkeletonFile
from moclip.cli._device import Device
from moclip.cli._model import Runtime

if TYPE_CHECKING:
    from moclip.motion import Motion
    from moclip.tasks.library.clips import Found
    from moclip.tasks.retrieval import Hit


def main(
    words: Annotated[Positional[tuple[str, ...]], arg(metavar="[MODEL] QUERY")],
    /,
    *,
    index: Path | None = None,
    where: Annotated[Path | None, arg(name="in", metavar="FOLDER|INDEX")] = None,
    k: Annotated[int, arg(aliases=["-k"])] = 5,
    longer: float | None = None,
    shorter: float | None = None,
    folder: str | None = None,
    label: str | None = None,
    save: Path | None = None,
    skeleton_file: SkeletonFile = None,
    json: bool = False,
    device: Device = "auto",
    runtime: Runtime = "torch",
) -> None:
    """Search motions.

    Args:
        words: folder or hub id of a trained model, then what to look for: a caption or motion file
        index: what `moclip index build` wrote
        where: folder of motion files, or an index; the bundled clips if absent
        k: how many to show
        longer: only clips of an index that last at least so many seconds
        shorter: only clips of an index that last at most so many seconds
        folder: only clips of this folder of an index, and of the folders in it, by its path on disk
            or within what was added; . stands for all that was added
        label: only clips of an index with this label
        save: keep the index in this file
        skeleton_file: JSON of the body in motion files, where it is none of ours
        json: print JSON
        device: where to compute
        runtime: with what; onnx takes a folder that `moclip export --layout onnx` wrote
    """
    from moclip.cli import _index, _inputs, _model, _output

    if k < 1:
        raise ValueError(f"-k is {k}, wanted at least 1")
    model, query = _told_apart(words, index)
    (item,) = _inputs.sorted_out([query])
    asked = _inputs.motion(query, skeleton_file) if item.is_motion else item.text
    wanted = {"min_seconds": longer, "max_seconds": shorter, "folder": folder, "label": label}
    if index is not None:
        if where is not None or save is not None or runtime != "torch":
            raise ValueError("--in, --save and --runtime are of no use with --index")
        _output.show(_found(index, model, asked, k, wanted, device), as_json=json)
        return
    if any(condition is not None for condition in wanted.values()):
        raise ValueError("--longer, --shorter, --folder and --label need --index")
    assert model is not None
    _index.check_there(where)
    towers = _model.load(model, device, runtime=runtime)
    library = _index.of(towers, where, skeleton_file)
    if save is not None:
        library.save(save)
    _output.show([_row(hit) for hit in library.search(towers, asked, k)], as_json=json)
    for skipped in library.skipped:
        print(f"moclip: passed over {skipped.path}: {skipped.reason}", file=sys.stderr)


def _told_apart(words: tuple[str, ...], index: Path | None) -> tuple[str | None, str]:
    """Model and query; with an index the model may be absent."""
    if len(words) == 2:
        return words[0], words[1]
    if len(words) == 1 and index is not None:
        return None, words[0]
    wanted = "a query, after its model or with --index" if len(words) < 2 else "a model and a query"
    raise ValueError(f"{len(words)} words came, wanted {wanted}; put a query in quotes")


def _found(
    index: Path,
    model: str | None,
    query: "str | Motion",
    k: int,
    wanted: dict[str, Any],
    device: Device,
) -> list[dict[str, Any]]:
    from moclip.cli import _library

    library = _library.opened(index)
    from moclip.tasks.library.clips import Filter
    from moclip.tasks.library.places import located

    where = located(library, Filter(**wanted))
    towers = _library.model_of(library, model, device)
    return [_library_row(found) for found in library.search(towers, query, k, where)]


def _library_row(found: "Found") -> dict[str, Any]:
    clip = found.clip
    row = {"score": found.score, "clip": clip.path}
    row |= {"start": round(clip.start, 2), "end": round(clip.end, 2), "id": clip.id}
    return row | {"caption": clip.captions[0] if clip.captions else ""}


def _row(hit: "Hit") -> dict[str, Any]:
    entry = hit.entry
    found = {"score": hit.score, "clip": entry.path or entry.id}
    found |= {"start": round(entry.start, 2), "end": round(entry.end, 2)}
    return found | {"caption": entry.captions[0] if entry.captions else ""}
