"""BABEL (Punnakkal et al., CVPR 2021): what people do in AMASS's recordings, and when.

The user's own copy of both: ``train.json`` and ``val.json`` (and ``extra_train.json``,
``extra_val.json``) name AMASS recordings and label the whole of each, or its segments. A clip is
one labelled span; what annotators said of the same span are its captions (their own words, then
BABEL's shorter ones), and the first category is its label ``action``.

**Times are seconds** and spans are cut from the recording before it is sub-sampled: a label begins
at the same moment of the movement whatever the frame rate. (Code that sub-samples poses but not the
labels of their frames stretches labels over time.)

**Splits.** Labels of ``test.json`` are not public, so the field reports on ``val.json``: it is our
``test``, whole. Our ``val`` is a tenth of the recordings of ``train.json``, by a hash of their
numbers. ``test.json`` is not read.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from moclip.datasets import _amass, _babel_labels, _common
from moclip.datasets._babel_labels import Label, Recording, Span
from moclip.datasets._plan import Clip, File, Plan
from moclip.motion import Motion

LICENCE = (
    "AMASS and BABEL, Max Planck Institute for Intelligent Systems: non-commercial research, "
    "not to be passed on"
)
_FILES = {"train": "train", "val": "test"}
"""BABEL's files, and which split they are here before ``val`` is taken out of ``train``."""
_SLACK = 0.1
"""Seconds by which a segment may end after its recording: times were taken from videos."""


class Options(BaseModel, frozen=True, extra="forbid"):
    """Where the data are and which of them to take."""

    root: Path | None = None
    """The folder with AMASS's ``.npz`` files, at any depth."""
    annotations: Path | None = None
    """The folder with ``train.json`` and ``val.json``, if they are not in the root."""
    body_models: Path | None = None
    """The folder with the body models as ``.npz``; without it, a template body."""
    spans: Literal["dense", "segments", "whole", "all"] = "dense"
    """``dense``: segments where a recording has them, else the whole of it, as BABEL's benchmark;
    ``segments`` or ``whole``: these alone; ``all``: both."""
    extra: bool = False
    """Whether ``extra_train.json`` and ``extra_val.json`` are read too."""
    transitions: bool = False
    """Whether segments that lead from one action to the next are clips."""
    categories: Literal["first", "all"] = "first"
    """What the label ``action`` is: the first category of a span, as the field counts classes, or
    all of them with ``;`` between, for recognition in which any of them is right."""
    min_seconds: float = Field(0.5, ge=0)
    """Shorter spans are left out."""
    max_seconds: float = Field(30.0, gt=0)
    """Longer spans are left out."""
    seed: int = 0
    """Another seed takes another tenth of ``train.json`` as ``val``."""
    cache: bool = True
    """Whether clips once read are kept in ``$MOCLIP_CACHE`` or ``~/.cache/moclip``."""


def plan(options: Options) -> Plan:
    """Recordings by number, ``train.json`` first. Raises ``ValueError`` for damaged annotations."""
    root = _root(options)
    library = _amass.Library.open(root)
    _amass.check_models("babel", options.body_models)
    by_file: dict[str, list[Clip]] = {}
    unreadable: dict[str, str] = {}
    splits: set[str] = set()
    for split, said in _recordings(options.annotations or root, options):
        splits.add(split)
        try:
            key = library.find(said[0].feat_p)
        except LookupError as error:
            unreadable[str(said[0].babel_sid)] = str(error)
            continue
        if clips := _clips(split, said, options, unreadable):
            by_file.setdefault(key, []).extend(clips)
    found = tuple(File(key, tuple(clips)) for key, clips in by_file.items())
    known = frozenset(splits)
    return Plan(found, unreadable, _fingerprint(library, found, options), splits=known)


def read(files: Sequence[File], options: Options) -> Iterator[tuple[str, Motion | str]]:
    """Each recording once, at its own frame rate, and the spans that are labelled in it."""
    root = _root(options)
    for file in files:
        try:
            motion: Motion | str = _amass.read(root, file.key, options.body_models)
        except _common.BROKEN as error:
            motion = str(error)
        for clip in file.clips:
            yield clip.id, _span(motion, clip, options)


def _root(options: Options) -> Path:
    return _common.need_root("babel", options.root, "the folder with AMASS's .npz files")


def _recordings(folder: Path, options: Options) -> Iterator[tuple[str, list[Recording]]]:
    """Each recording with its split and all that is said of it."""
    for name, split in _FILES.items():
        said: dict[int, list[Recording]] = {}
        for file in (name, f"extra_{name}") if options.extra else (name,):
            for recording in _babel_labels.read(folder / f"{file}.json"):
                said.setdefault(recording.babel_sid, []).append(recording)
        for number in sorted(said):
            validates = split == "train" and _common.share(str(number), options.seed) < 0.1
            yield "val" if validates else split, said[number]


def _clips(
    split: str, said: list[Recording], options: Options, unreadable: dict[str, str]
) -> list[Clip]:
    """One for each labelled span; what is wrong with a segment is added to ``unreadable``."""
    name = str(said[0].babel_sid)
    spans: dict[Span, list[Label]] = {}
    segments = [label for recording in said for label in recording.segments]
    if options.spans != "segments" and not (options.spans == "dense" and segments):
        spans[Span(0.0, None)] = [label for recording in said for label in recording.whole]
    for number, label in enumerate(segments if options.spans != "whole" else ()):
        if label.is_transition and not options.transitions:
            continue
        try:
            spans.setdefault(_babel_labels.span_of(label), []).append(label)
        except ValueError as error:
            unreadable[f"{name}, segment {number}"] = str(error)
    most = 1 if options.categories == "first" else None
    clips = (_clip(name, split, span, labels, most) for span, labels in spans.items())
    return [clip for clip in clips if clip.captions]


def _clip(name: str, split: str, span: Span, labels: list[Label], most: int | None) -> Clip:
    """Captions that differ in more than capitals, each once."""
    captions: dict[str, str] = {}
    for caption in (caption for label in labels for caption in label.captions):
        captions.setdefault(caption.lower(), caption)
    said = dict.fromkeys(category for label in labels for category in label.act_cat or ())
    categories = list(said)[:most]
    return Clip(
        name if span.end is None else f"{name}@{span.start:.10g}-{span.end:.10g}",
        split,
        tuple(captions.values()),
        {"action": ";".join(categories)} if categories else {},
        span.start,
        span.end,
    )


def _span(motion: Motion | str, clip: Clip, options: Options) -> Motion | str:
    if isinstance(motion, str):
        return motion
    end = clip.end
    if end is not None and motion.duration < end <= motion.duration + _SLACK:
        end = None
    try:
        cut = _common.cut(motion, clip.start, end)
    except ValueError as error:
        return str(error)
    if not options.min_seconds <= cut.duration <= options.max_seconds:
        return f"{cut.duration:g} s, not {options.min_seconds:g} to {options.max_seconds:g} s"
    return cut


def _fingerprint(library: _amass.Library, found: Sequence[File], options: Options) -> str:
    if not options.cache:
        return ""
    clips = [[file.key, [[c.id, c.start, c.end] for c in file.clips]] for file in found]
    models = _amass.models_stamp(options.body_models)
    limits = [options.min_seconds, options.max_seconds]
    where = str(library.root.resolve())
    return _common.fingerprint(where, library.fingerprint, clips, models, limits)
