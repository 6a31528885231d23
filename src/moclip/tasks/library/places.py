"""Folders of a library, in every spelling by which a user may know them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from moclip.tasks.library import _takes
from moclip.tasks.library.clips import EVERYTHING, Filter, Located, Where
from moclip.tasks.library.store import Library

_FEW = 8
"""Names that an error tells."""


def located(library: Library, where: Filter) -> Where:
    """A filter whose folder and label are there.

    The folder may be spelled as for ``index remove``: within its source, as it lies on disk, from
    here or from the root, through a link, or as a data set; ``.`` stands for every source. Raises
    ``LookupError`` naming those there are.
    """
    if where.label is not None and not library.count(Filter(label=where.label)):
        there = _few(list(library.labels()))
        told = f"there are: {there}" if there else "its clips have none"
        raise LookupError(f"the index {library.path} has no label '{where.label[:80]}'; {told}")
    rest = where.model_copy(update={"folder": None})
    if where.folder is None or Path(where.folder) == Path():
        return rest
    for inside, places in readings(where.folder):
        folder = Filter(folder=inside) if inside else None
        if library.count(Located(EVERYTHING, folder, places)):
            return Located(rest, folder, places)
    raise LookupError(_no_folder(library, where.folder))


def readings(what: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What stands within a source, empty for nothing, and where on disk.

    First as it is written; then, as ``add`` reads it, a link followed, ``NAME:ROOT``.
    """
    place = Path(what)
    inside = "" if place.is_absolute() or place == Path() else place.as_posix()
    yield inside, (str(place), str(place.absolute()))
    name, _, root = what.partition(":")
    yield "", (str(place.resolve()), *[_takes.source_of(name, {"root": root})] * bool(root))


def _no_folder(library: Library, what: str) -> str:
    clips = library.clips()
    sentence = f"the index {library.path} has no folder '{what[:80]}'; "
    if not clips:
        return sentence + "it holds no clip"
    folders = Counter(clip.folder or "." for clip in clips)
    fullest = sorted(folders, key=lambda name: (-folders[name], name))
    sources = sorted({clip.source for clip in clips})
    return sentence + f"in {_few(sources)} there are: {_few(fullest)}"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more
