"""A model on captioned clips: retrieval both ways and, where clips have labels, classes."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from moclip import catalog
from moclip.evaluation import protocols, recognition
from moclip.evaluation.figures import Figure, Report
from moclip.evaluation.gallery import Gallery, Strings
from moclip.models.spaces import Space
from moclip.motion import CaptionedMotion
from moclip.tasks._encoding import motion_vectors, text_vectors

TextEncoder = Callable[[Sequence[str]], Tensor]
"""Captions to vectors, one a row."""


def evaluate(
    model: Space,
    clips: Sequence[CaptionedMotion],
    *,
    gallery_clips: Sequence[CaptionedMotion] | None = None,
    protocol: str = "all-identical",
    samples: int = 1000,
    seed: int = 0,
    reference: TextEncoder | None = None,
) -> Report:
    """How well ``clips`` and their captions find each other.

    Captions of ``gallery_clips`` widen the gallery, each string once. ``reference`` tells which
    captions are alike for the protocols that ask it; without one, the pre-trained ``minilm`` tower
    does. ``samples=0`` leaves the intervals out. Raises ``LookupError`` for an unknown protocol and
    ``ValueError`` when there are no clips.
    """
    if protocol not in protocols.NAMES:
        there = ", ".join(protocols.NAMES)
        raise LookupError(f"no protocol named '{protocol}'; there are: {there}")
    gallery = gallery_of(model, clips, gallery_clips=gallery_clips)
    vectors = None
    if protocol in ("all-threshold", "dissimilar"):
        vectors = _once_each(reference or _sentence_encoder(), gallery.captions)
    report = protocols.evaluate(gallery, protocol, reference=vectors, samples=samples, seed=seed)
    return replace(report, recognition=_recognition(gallery, clips, gallery_clips, samples, seed))


def gallery_of(
    model: Space,
    clips: Sequence[CaptionedMotion],
    *,
    gallery_clips: Sequence[CaptionedMotion] | None = None,
) -> Gallery:
    """Vectors of the clips and of all captions, every string encoded once."""
    if not clips:
        raise ValueError("there are no clips to evaluate on")
    own = [(number, caption) for number, clip in enumerate(clips) for caption in clip.captions]
    known = {caption for _, caption in own}
    others = (caption for clip in gallery_clips or () for caption in clip.captions)
    extra = [caption for caption in dict.fromkeys(others) if caption not in known]
    captions = (*(caption for _, caption in own), *extra)
    motion = motion_vectors(model, [clip.motion for clip in clips])
    text = _once_each(lambda strings: text_vectors(model, strings), captions)
    owner = torch.tensor([number for number, _ in own] + [-1] * len(extra))
    return Gallery(motion, text, owner, captions)


def _recognition(
    gallery: Gallery,
    clips: Sequence[CaptionedMotion],
    gallery_clips: Sequence[CaptionedMotion] | None,
    samples: int,
    seed: int,
) -> dict[str, dict[str, Figure]]:
    """For each kind of label that the clips have, accuracy among the values the gallery has."""
    known = Strings.of(gallery)
    found = {}
    for kind in sorted({kind for clip in clips for kind in clip.labels}):
        values: dict[str, set[str]] = {string: set() for string in known.strings}
        for clip in (*clips, *(gallery_clips or ())):
            for caption in clip.captions if kind in clip.labels else ():
                values[caption].add(clip.labels[kind])
        found[kind] = recognition.by_captions(
            known.similarity,
            [frozenset(values[string]) for string in known.strings],
            [clip.labels.get(kind) for clip in clips],
            samples=samples,
            seed=seed,
        )
    return found


def _once_each(encode: TextEncoder, captions: Sequence[str]) -> Tensor:
    """Vectors of all captions; the encoder sees every string once."""
    number = {string: i for i, string in enumerate(dict.fromkeys(captions))}
    with torch.no_grad():
        vectors = encode(list(number)).float().cpu()
    return vectors[[number[caption] for caption in captions]]


def _sentence_encoder() -> TextEncoder:
    encoder = catalog.load("models.text", "minilm", "Encoder").from_pretrained().eval()
    encode: TextEncoder = encoder.encode
    return encode
