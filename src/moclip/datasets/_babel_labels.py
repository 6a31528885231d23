"""BABEL's annotation files: what is said of each recording, and when."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, TypeAdapter, ValidationError

from moclip import files

TRANSITION = "transition"


class Label(BaseModel, frozen=True):
    """One action; those of a whole recording have no times."""

    raw_label: str | None = None
    """As the annotator wrote it."""
    proc_label: str | None = None
    """The same, put into fewer words by BABEL's authors."""
    act_cat: tuple[str, ...] | None = None
    """Its categories, as the field counts them: the first is the class."""
    start_t: float | None = None
    end_t: float | None = None

    @property
    def captions(self) -> Iterator[str]:
        return (text.strip() for text in (self.raw_label, self.proc_label) if text and text.strip())

    @property
    def is_transition(self) -> bool:
        """From one action to the next, and nothing else."""
        return self.proc_label == TRANSITION or self.act_cat == (TRANSITION,)


class Annotation(BaseModel, frozen=True):
    """What one annotator said."""

    labels: tuple[Label, ...] = ()


class Recording(BaseModel, frozen=True):
    """An AMASS recording; the ``extra`` files have the plural keys, with several annotators."""

    babel_sid: int
    feat_p: str
    seq_ann: Annotation | None = None
    frame_ann: Annotation | None = None
    seq_anns: tuple[Annotation | None, ...] | None = None
    frame_anns: tuple[Annotation | None, ...] | None = None

    @property
    def whole(self) -> list[Label]:
        """Labels of the whole recording."""
        return _labels((self.seq_ann, *(self.seq_anns or ())))

    @property
    def segments(self) -> list[Label]:
        """Labels of parts of it."""
        return _labels((self.frame_ann, *(self.frame_anns or ())))


class Span(NamedTuple):
    """Seconds; an end of ``None`` is the end of the recording."""

    start: float
    end: float | None


_FILE = TypeAdapter(dict[str, Recording])


def read(path: Path) -> list[Recording]:
    """The recordings, sorted by their number.

    Raises ``ValueError`` with the place that does not fit, ``OSError`` for no such file.
    """
    try:
        found = _FILE.validate_json(files.read_bounded(path))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ValueError(f"{path}: {where}: {first['msg']}") from None
    return sorted(found.values(), key=lambda recording: recording.babel_sid)


def span_of(label: Label) -> Span:
    """Times of a segment, to a millisecond. Raises ``ValueError`` for none, or no duration."""
    if label.start_t is None or label.end_t is None:
        raise ValueError("the segment has no start_t or no end_t")
    start, end = round(label.start_t, 3), round(label.end_t, 3)
    if not 0 <= start < end < math.inf:
        raise ValueError(f"no segment from {start:g} to {end:g} s")
    return Span(start, end)


def _labels(annotations: tuple[Annotation | None, ...]) -> list[Label]:
    return [label for annotation in annotations if annotation for label in annotation.labels]
