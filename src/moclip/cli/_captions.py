"""Captions alone: of a text file, a table, HumanML3D's caption files, or a data set."""

from pathlib import Path
from typing import Literal

from moclip.cli import _inputs, _settings

Split = Literal["train", "val", "test", "all"]


def read(source: str, *, split: Split = "test", options: _settings.DataOptions = ()) -> list[str]:
    """Each different caption once, of a file or of a split of the data set ``NAME[:PATH]``.

    No motion is read. Raises ``LookupError`` for what is neither.
    """
    from moclip import catalog

    if Path(source).exists():
        return _of_file(Path(source))
    known = catalog.names("datasets")
    if source.partition(":")[0] not in known:
        raise LookupError(f"'{source}' is no file, and no data set; there are: {', '.join(known)}")
    return _of_data(source, split, options)


def _of_file(path: Path) -> list[str]:
    """A line ``caption#tokens#from#to``, as HumanML3D has them, gives its caption."""
    lines = _inputs.captions(path)
    if path.suffix.lower() == ".csv" or lines[0].count("#") != 3:
        return lines
    from moclip.datasets import _official_texts

    spans = _official_texts.captions_by_span(path).values()
    return list(dict.fromkeys(caption for captions in spans for caption in captions))


def _of_data(data: str, split: str, options: _settings.DataOptions) -> list[str]:
    from moclip import datasets

    name, given = _settings.of_data(data, options)
    clips = datasets.plan(name, **given).clips(split)
    found = list(dict.fromkeys(caption for clip in clips for caption in clip.captions))
    if not found:
        raise ValueError(f"split '{split}' of {data} holds no caption")
    return found
