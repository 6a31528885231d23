"""Clips and prompts that latent commands add and blend, from the command line or from a table."""

import csv
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moclip.cli import _inputs, _settings
from moclip.files import read_bounded

if TYPE_CHECKING:
    from moclip.models.autoencoder.model import MotionCLIP
    from moclip.motion import CaptionedMotion
    from moclip.tasks.latents import Item


def item(text: str) -> "Item":
    """A motion file, or a prompt."""
    from moclip.tasks.latents import Item

    if _inputs.is_motion(text):
        return Item(Path(text).name, _inputs.motion(text))
    return Item(_inputs.caption(text))


def rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV file. Raises ``ValueError`` naming a column that is missing or empty."""
    text = read_bounded(path, 2**24).decode("utf-8-sig", errors="replace")
    table = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in columns if name not in (table.fieldnames or ())]
    if missing:
        there = ", ".join(table.fieldnames or ()) or "none"
        raise ValueError(f"{path} has no column '{missing[0]}'; there are: {there}")
    found = []
    for row in table:
        empty = [name for name in columns if not (row[name] or "").strip()]
        if empty:
            raise ValueError(f"{path}, line {table.line_num}: '{empty[0]}' is empty")
        found.append({name: (value or "").strip() for name, value in row.items() if name})
    if not found:
        raise ValueError(f"{path} holds no rows")
    return found


def labels(path: Path) -> list[str]:
    """One a line, or a CSV file's column ``label``; each once."""
    if path.suffix.lower() == ".csv":
        return list(dict.fromkeys(row["label"] for row in rows(path, ("label",))))
    return _inputs.captions(path)


def looker(
    model: "MotionCLIP", data: str | None, options: _settings.DataOptions
) -> Callable[[str], "Item"]:
    """What a phrase stands for: a file, a clip of the data set if there is one, else a prompt."""
    library = None if data is None else Library.of(model, data, options)

    def look_up(phrase: str) -> "Item":
        if library is None or _inputs.is_motion(phrase):
            return item(phrase)
        return library.find(model, phrase)

    return look_up


@dataclass(frozen=True, eq=False)
class Library:
    """Captioned clips in which phrases are looked up."""

    clips: list["CaptionedMotion"]
    captions: list[str]
    owner: list[int]
    vectors: Any

    @classmethod
    def of(cls, model: "MotionCLIP", data: str, options: _settings.DataOptions) -> "Library":
        from moclip import datasets
        from moclip.tasks._encoding import text_vectors

        name, given = _settings.of_data(data, options)
        clips = datasets.load(name, "all", **given)
        said = [(number, caption) for number, c in enumerate(clips) for caption in c.captions]
        captions = [caption for _, caption in said]
        return cls(clips, captions, [n for n, _ in said], text_vectors(model, captions))

    def find(self, model: "MotionCLIP", phrase: str) -> "Item":
        """The clip whose caption is most like a phrase; which one is told."""
        from moclip.tasks._encoding import text_vectors
        from moclip.tasks.latents import Item

        at = int((self.vectors @ text_vectors(model, [phrase])[0]).argmax())
        clip = self.clips[self.owner[at]]
        print(f"moclip: '{phrase}' is {clip.id}: {self.captions[at]}", file=sys.stderr)
        return Item(phrase, clip.motion)
