"""What is to be indexed, checked before a model is loaded or anything is written."""

from collections.abc import Sequence
from pathlib import Path

from moclip import catalog, datasets


def check(sources: Sequence[str], workers: int) -> None:
    """Raises ``OSError`` or ``ValueError`` for a source that is not there or ``workers`` of 0."""
    if workers == 0:
        raise ValueError("--workers is 0, wanted at least 1, or -1 for all cores")
    for source in sources:
        if Path(source).exists():
            continue
        if source.partition(":")[0] not in catalog.names("datasets"):
            raise FileNotFoundError(f"there is no file or folder {source}")
        name, options = datasets.parse(source)
        datasets.plan(name, **options)
