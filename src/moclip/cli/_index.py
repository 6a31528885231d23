"""What a command searches: the bundled clips, a folder of motion files, an index."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moclip.models.two_tower import MoCLIP
    from moclip.tasks.retrieval import Index


def check_there(where: Path | None) -> None:
    """Raises ``FileNotFoundError`` before a model is loaded for nothing."""
    if where is not None and not where.exists():
        raise FileNotFoundError(f"there is no folder or index {where}")


def of(model: "MoCLIP", where: Path | None, skeleton_file: Path | None = None) -> "Index":
    """Vectors of what lies ``where``; of the bundled clips if nowhere."""
    from moclip import datasets
    from moclip.cli import _body
    from moclip.tasks.retrieval import Index

    if where is None:
        return Index.of_clips(model, datasets.load("bundled", "all"))
    if (where / "clips.lance").is_dir():
        from moclip.cli import _library

        library = _library.opened(where)
        library.check(model)
        return library.in_memory()
    if where.is_dir():
        return Index.build(model, where, skeleton=_body.read(skeleton_file))
    return Index.load(where, model)
