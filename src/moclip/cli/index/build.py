"""Build an index of motion files, or of a data set.

Examples:
  moclip index build my_clips -o my.index
  moclip index build mocap more_mocap -o my.index --model runs/bandai_namco --workers -1
  moclip index build bandai_namco:bandai.zip -o bandai.index
  moclip search --index my.index "a person waves"

Folders are read to their bottom; long takes are kept in parts of --window seconds. Files that
cannot be read are named, and so are those whose content is there already. The motions are kept too,
so the index still plays when the files have moved. If it is stopped, `moclip index add` goes on; if
there is nothing to index, nothing is written.
"""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from moclip.cli import _library
from moclip.cli._body import SkeletonFile
from moclip.cli._device import Device


def main(
    sources: Positional[tuple[str, ...]],
    /,
    *,
    out: Annotated[Path, arg(aliases=["-o"])],
    model: str = _library.USUAL_MODEL,
    window: float = 10.0,
    skeleton_file: SkeletonFile = None,
    workers: int = 1,
    device: Device = "auto",
) -> None:
    """Build an index.

    Args:
        sources: folders, motion files, or data sets as NAME or NAME:PATH
        out: the index to write, a new folder
        model: folder of a trained model, or its id on the Hugging Face hub
        window: seconds; longer takes are kept in parts of at most this length
        skeleton_file: JSON of the body in motion files, where it is none of ours
        workers: processes that read files; -1 takes all cores
        device: where to compute
    """
    _library.need_lancedb()
    from moclip.cli import _model
    from moclip.cli.index import _sources
    from moclip.tasks.library.store import Library

    if not sources:
        raise ValueError("nothing to index; give folders or motion files")
    _sources.check(sources, workers)
    towers = _model.load(model, device)
    source = str(Path(model).resolve()) if Path(model).exists() else model
    library = Library.create(out, towers, source=source, window=window)
    try:
        _library.add(library, towers, sources, skeleton_file, workers)
        if not len(library):
            raise ValueError(f"none of the files of {', '.join(sources)} is a motion")
    except Exception:
        if not len(library):  # else it would be in the way of the right command
            library.discard()
        raise
