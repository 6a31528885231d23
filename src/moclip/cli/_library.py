"""Libraries on the command line: which one, by which model it was made, what was done to it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from moclip.cli import _device, _model

if TYPE_CHECKING:
    from moclip.models.two_tower import MoCLIP
    from moclip.tasks.library.changing import Added
    from moclip.tasks.library.store import Library

USUAL_MODEL = "runs/demo"
"""Where `moclip demo` leaves its model."""


def opened(index: Path) -> "Library":
    """Raises ``ValueError`` or ``OSError`` where there is none."""
    need_lancedb()
    from moclip.tasks.library.store import Library

    return Library.open(index)


def need_lancedb() -> None:
    """Raises ``ValueError`` that names the extra."""
    try:
        import lancedb  # noqa: F401
    except ModuleNotFoundError:
        raise ValueError("an index needs LanceDB; run: pip install 'moclip[index]'") from None


def model_of(library: "Library", model: str | None, device: _device.Device) -> "MoCLIP":
    """The model named, or the one that made the library. Raises ``ValueError`` for another."""
    source = model or library.facts.model_source
    if source is None:
        raise ValueError(f"{library.path} does not say where its model is; name it with --model")
    towers = _model.load(source, device)
    library.check(towers)
    return towers


def add(
    library: "Library",
    model: "MoCLIP",
    sources: tuple[str, ...],
    skeleton_file: Path | None,
    workers: int,
) -> None:
    """Adds folders, files and data sets (``NAME:PATH``) and tells what became of them."""
    from moclip import datasets
    from moclip.cli import _body
    from moclip.tasks.library import changing

    known = {source: _data(source) for source in sources}
    paths = [source for source, data in known.items() if data is None]
    if paths:
        body = _body.read(skeleton_file)
        tell(changing.add_files(library, model, paths, skeleton=body, workers=workers), library)
    for data in filter(None, known.values()):
        name, options = datasets.parse(data)
        tell(changing.add_data(library, model, name, **options), library)


def _data(source: str) -> str | None:
    """The source where it names a data set and no file."""
    from moclip import catalog

    named = source.partition(":")[0] in catalog.names("datasets")
    return source if named and not Path(source).exists() else None


def tell(added: "Added", library: "Library") -> None:
    """What was added on stdout, what was not on stderr."""
    for one in added.skipped:
        print(f"moclip: passed over {one.path}: {one.reason}", file=sys.stderr)
    for twin in added.duplicates:
        print(f"moclip: {twin.path} is the same as {twin.same_as}", file=sys.stderr)
    parts = [f"{added.clips} clips of {added.files} files added"]
    parts += [f"{added.replaced} of them changed since"] * bool(added.replaced)
    parts += [f"{len(added.duplicates)} duplicates"] * bool(added.duplicates)
    parts += [f"{len(added.skipped)} unreadable"] * bool(added.skipped)
    print(f"{library.path}: {', '.join(parts)}; {len(library)} clips in all")
