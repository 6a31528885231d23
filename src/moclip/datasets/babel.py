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
    by_file: dict[str, dict[str, Clip]] = {}
    unreadable: dict[str, str] = {}
    for split, recordings in _recordings(options.annotations or root, options.extra):
        name = str(recordings[0].babel_sid)
        try:
            key = library.find(recordings[0].feat_p)
        except LookupError as error:
            unreadable[name] = str(error)
            continue
        if split == "train" and _common.share(name, options.seed) < 0.1:
            split = "val"
        clips = _clips(name, split, recordings, options, unreadable)
        if clips:
            by_file.setdefault(key, {}).update({clip.id: clip for clip in clips})
    stamp = _common.fingerprint(
        library.fingerprint,
        _amass.models_stamp(options.body_models),
        [options.min_seconds, options.max_seconds],
        [(clip.id, clip.start, clip.end) for clips in by_file.values() for clip in clips.values()],
    )
    found = tuple(File(key, tuple(clips.values())) for key, clips in by_file.items())
    return Plan(found, unreadable, stamp if options.cache else "")


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


def _recordings(folder: Path, extra: bool) -> Iterator[tuple[str, list[Recording]]]:
    """Each recording with its split and all that is said of it."""
    for name, split in _FILES.items():
        by_number: dict[int, list[Recording]] = {}
        for file in (name, f"extra_{name}")[: 2 if extra else 1]:
            for recording in _babel_labels.read(folder / f"{file}.json"):
                by_number.setdefault(recording.babel_sid, []).append(recording)
        yield from ((split, by_number[number]) for number in sorted(by_number))


def _clips(
    name: str,
    split: str,
    recordings: list[Recording],
    options: Options,
    unreadable: dict[str, str],
) -> list[Clip]:
    """One for each labelled span; what is wrong with others is added to ``unreadable``."""
    spans: dict[Span, list[Label]] = {}
    whole = [label for recording in recordings for label in recording.whole]
    segments = [label for recording in recordings for label in recording.segments]
    if options.spans != "segments" and not (options.spans == "dense" and segments):
        spans[Span(0.0, None)] = whole
    for number, label in enumerate(segments if options.spans != "whole" else ()):
        if label.is_transition and not options.transitions:
            continue
        try:
            spans.setdefault(_babel_labels.span_of(label), []).append(label)
        except ValueError as error:
            unreadable[f"{name}, segment {number}"] = str(error)
    clips = (_clip(name, split, span, labels) for span, labels in spans.items())
    return [clip for clip in clips if clip.captions]


def _clip(name: str, split: str, span: Span, labels: list[Label]) -> Clip:
    """Captions that differ in more than capitals, each once."""
    captions: dict[str, str] = {}
    for caption in (caption for label in labels for caption in label.captions):
        captions.setdefault(caption.lower(), caption)
    categories = [category for label in labels for category in label.act_cat or ()]
    return Clip(
        name if span.end is None else f"{name}@{span.start:.10g}-{span.end:.10g}",
        split,
        tuple(captions.values()),
        {"action": categories[0]} if categories else {},
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
