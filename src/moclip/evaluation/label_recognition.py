"""Zero-shot recognition against a list of class names, as MotionCLIP is measured on BABEL-60.

Two protocols, never to be mixed. ``segment``: a clip has one class, its first label.
``any-label``: any of its labels counts as right, as published. In both, clips
none of whose classes is in the list are left out, as the field does with BABEL's rarer actions.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.evaluation import recognition
from moclip.evaluation.figures import Figure
from moclip.models.spaces import Space
from moclip.motion import CaptionedMotion
from moclip.tasks._encoding import motion_vectors, text_vectors

Protocol = Literal["segment", "any-label"]
SEPARATOR = ";"
"""Between the classes of a clip that has several."""


def evaluate(
    model: Space,
    clips: Sequence[CaptionedMotion],
    classes: Sequence[str],
    *,
    kind: str,
    protocol: Protocol = "segment",
    template: str = "{}",
    samples: int = 1000,
    seed: int = 0,
) -> dict[str, Figure]:
    """``top-1``, ``top-5`` and ``balanced top-1`` in percent, and the number of ``clips`` asked.

    Classes are put into the ``template``. Raises ``ValueError`` when no clip has one of them.
    """
    truths = [labels_of(clip, kind) for clip in clips]
    asked = [i for i, truth in enumerate(truths) if judged(truth, classes, protocol)]
    if not asked:
        raise ValueError(
            f"no clip has a label '{kind}' among the {len(classes)} classes, first '{classes[0]}'"
        )
    prompts = text_vectors(model, [template.replace("{}", name) for name in classes])
    scores = motion_vectors(model, [clips[i].motion for i in asked]) @ prompts.T
    right = [judged(truths[i], classes, protocol) for i in asked]
    scores, truth = with_one_right(scores, right)
    found = recognition.accuracy(scores, truth, samples=samples, seed=seed)
    return found | {"clips": Figure(float(len(asked)))}


def labels_of(clip: CaptionedMotion, kind: str) -> list[str]:
    """All classes of a kind, in their order."""
    said = clip.labels.get(kind, "")
    return [label.strip() for label in said.split(SEPARATOR) if label.strip()]


def classes_of(clips: Sequence[CaptionedMotion], kind: str) -> list[str]:
    """All classes of a kind that clips have, sorted. Raises ``LookupError`` where none has one."""
    found = sorted({label for clip in clips for label in labels_of(clip, kind)})
    if not found:
        there = sorted({own for clip in clips for own in clip.labels})
        raise LookupError(f"no clip has a label '{kind}'; there are: {', '.join(there) or 'none'}")
    return found


def judged(truth: Sequence[str], classes: Sequence[str], protocol: Protocol) -> list[int]:
    """Numbers of the classes that count as right."""
    names = list(classes)
    counted = truth if protocol == "any-label" else truth[:1]
    return [names.index(label) for label in counted if label in names]


def with_one_right(
    scores: Float[Tensor, "clip class"], right: Sequence[Sequence[int]]
) -> tuple[Float[Tensor, "clip class"], Tensor]:
    """The likeliest of a clip's right classes stands for it, the others are out of the race."""
    scores = scores.clone()
    truth = []
    for row, own in zip(scores, right, strict=True):
        best = own[int(row[list(own)].argmax())]
        row[[number for number in own if number != best]] = -torch.inf
        truth.append(best)
    return scores, torch.tensor(truth)
