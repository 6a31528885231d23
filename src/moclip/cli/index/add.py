"""Add motion files to an index; what it has already is passed over.

Examples:
  moclip index add my.index new_clips
  moclip index add my.index my_clips --workers -1

A file that changed since takes the place of what it was, one that has moved the place of where it
was. If the process is killed, what it has added so far stays, and the same command goes on after
it.
"""

from pathlib import Path

from tyro.conf import Positional

from moclip.cli import _library
from moclip.cli._body import SkeletonFile
from moclip.cli._device import Device


def main(
    index: Positional[Path],
    sources: Positional[tuple[str, ...]],
    /,
    *,
    model: str | None = None,
    skeleton_file: SkeletonFile = None,
    workers: int = 1,
    device: Device = "auto",
) -> None:
    """Add to an index.

    Args:
        index: what `moclip index build` wrote
        sources: folders, motion files, or data sets as NAME or NAME:PATH
        model: the model of the index, where it is no longer where it was
        skeleton_file: JSON of the body in motion files, where it is none of ours
        workers: processes that read files; -1 takes all cores
        device: where to compute
    """
    if not sources:
        raise ValueError("nothing to add; give folders or motion files after the index")
    from moclip.cli.index import _sources

    library = _library.opened(index)
    _sources.check(sources, workers)
    towers = _library.model_of(library, model, device)
    _library.add(library, towers, sources, skeleton_file, workers)
