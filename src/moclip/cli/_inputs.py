"""What users give a model to read: motion files and captions, told apart and checked."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from moclip import formats
from moclip.canonicalising import canonical_all
from moclip.cli import _body
from moclip.files import read_bounded
from moclip.motion import Motion
from moclip.retargeting import canonical

LONGEST = 1000
"""Characters; a caption beyond this is a mistake (a whole file pasted), not a sentence."""


@dataclass(frozen=True)
class Input:
    """A caption, or the path of a motion file."""

    text: str
    is_motion: bool


def sorted_out(items: Sequence[str]) -> list[Input]:
    """An existing file, or a name that ends as motion files do, is a motion; all else is a caption.

    Raises ``ValueError`` for a folder, an empty caption or an endless one.
    """
    return [Input(item, True) if is_motion(item) else Input(caption(item), False) for item in items]


def is_motion(item: str) -> bool:
    """Whether a word on the command line is a file to read."""
    if not item.strip():
        return False
    if Path(item).suffix.lower() in formats.suffixes():
        return True
    try:
        there = Path(item).exists()
    except OSError:  # a caption longer than any file name
        return False
    if there and Path(item).is_dir():
        raise ValueError(f"{item} is a folder, wanted a motion file or a caption")
    return there


def motion(path: str, skeleton_file: Path | None = None) -> Motion:
    """A motion file in the form models see. Raises ``ValueError`` that names the file."""
    found = formats.read(path, skeleton=_body.read(skeleton_file))
    return canonical_of(found, Path(path).name)


def motions(paths: Sequence[str], skeleton_file: Path | None = None) -> list[Motion]:
    """Motion files in the form models see. Raises ``ValueError`` that names the file."""
    body = _body.read(skeleton_file)
    found = [formats.read(path, skeleton=body) for path in paths]
    try:
        return canonical_all(found)
    except (ValueError, LookupError):  # whose fault it is, one by one
        return [canonical_of(m, Path(path).name) for m, path in zip(found, paths, strict=True)]


def canonical_of(found: Motion, name: str) -> Motion:
    try:
        return canonical(found)
    except (ValueError, LookupError) as error:
        raise ValueError(f"{name}: {error}") from error


def caption(text: str, where: str = "the command line") -> str:
    """The caption without blanks around it. Raises ``ValueError`` when it is empty or endless."""
    text = text.strip()
    if not text:
        raise ValueError(f"{where}: a caption is empty")
    if len(text) > LONGEST:
        raise ValueError(f"{where}: a caption has {len(text):,} characters, more than {LONGEST:,}")
    return text


def captions(path: Path) -> list[str]:
    """Captions of a text file, one a line, or of a CSV file's column ``caption``; each once.

    Raises ``ValueError`` naming the file and line.
    """
    try:
        text = read_bounded(path, 2**26).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no UTF-8 text") from None
    if path.suffix.lower() != ".csv":
        rows = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    else:
        table = csv.DictReader(io.StringIO(text, newline=""))
        columns = table.fieldnames or []
        if "caption" not in columns:
            raise ValueError(f"{path} has no column 'caption'; there are: {', '.join(columns)}")
        rows = [(table.line_num, row["caption"] or "") for row in table]
    found = dict.fromkeys(caption(line, f"{path}, line {n}") for n, line in rows)
    if not found:
        raise ValueError(f"{path} holds no caption")
    return list(found)
