"""How far our own evaluator can be trusted: what it makes of real motions and their captions."""

from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from moclip.evaluation import protocols, recognition
from moclip.evaluation.figures import Figure, Report
from moclip.evaluation.gallery import Gallery
from moclip.models.evaluator.own import Evaluator
from moclip.motion import CaptionedMotion

_APART = 512
"""Dimensions in which random directions are nearly at right angles."""


@torch.no_grad()
def quality(
    evaluator: Evaluator,
    clips: Sequence[CaptionedMotion],
    *,
    gathered: Float[Tensor, "clip width"] | None = None,
    samples: int = 1000,
    seed: int = 0,
) -> Report:
    """R-precision of real clips in pools of 32 (``small-32``) and accuracy of their labels.

    Only the paired caption is right, though others of the pool may fit as well: no evaluator
    reaches 100 % where clips share what is told of them (:func:`ceiling`). ``gathered`` is what the
    evaluator makes of the clips' motions, where it is known already. Raises ``ValueError`` for no
    clips.
    """
    if not clips:
        raise ValueError("there are no clips to measure the evaluator on")
    if gathered is None:
        gathered = evaluator.gather([clip.motion for clip in clips])
    gallery = _gallery(evaluator, clips, evaluator.motion_vectors(gathered))
    report = protocols.evaluate(gallery, "small-32", samples=samples, seed=seed)
    told = {
        kind: _accuracy(evaluator, clips, gathered, kind, samples, seed)
        for kind in evaluator.labels
        if any(kind in clip.labels for clip in clips)
    }
    return replace(report, recognition=told)


def ceiling(clips: Sequence[CaptionedMotion], *, seed: int = 0) -> Report:
    """What a judge would reach who never errs, but cannot tell clips of the same captions apart."""
    draw = torch.Generator().manual_seed(seed)
    told = [frozenset(clip.captions) for clip in clips]
    group = {captions: i for i, captions in enumerate(dict.fromkeys(told))}
    apart = F.normalize(torch.randn(len(group), _APART, generator=draw), dim=-1)
    vectors = apart[[group[captions] for captions in told]]
    pairs = [(row, caption) for row, clip in enumerate(clips) for caption in clip.captions]
    owner = torch.tensor([row for row, _ in pairs])
    gallery = Gallery(vectors, vectors[owner], owner, tuple(caption for _, caption in pairs))
    return protocols.evaluate(gallery, "small-32", samples=0, seed=seed)


def _gallery(
    evaluator: Evaluator, clips: Sequence[CaptionedMotion], motion: Float[Tensor, "clip dim"]
) -> Gallery:
    """Every caption string is encoded once."""
    pairs = [(row, caption) for row, clip in enumerate(clips) for caption in clip.captions]
    number = {caption: i for i, caption in enumerate(dict.fromkeys(c for _, c in pairs))}
    text = evaluator.encode_text(list(number)).cpu()
    return Gallery(
        motion.cpu(),
        text[[number[caption] for _, caption in pairs]],
        torch.tensor([row for row, _ in pairs]),
        tuple(caption for _, caption in pairs),
    )


def _accuracy(
    evaluator: Evaluator,
    clips: Sequence[CaptionedMotion],
    gathered: Float[Tensor, "clip width"],
    kind: str,
    samples: int,
    seed: int,
) -> dict[str, Figure]:
    """A label the evaluator was never taught is always mistaken."""
    asked = [i for i, clip in enumerate(clips) if kind in clip.labels]
    truth = [clips[i].labels[kind] for i in asked]
    taught = evaluator.labels_of(kind)
    names = [*taught, *sorted(set(truth) - set(taught))]
    scores = evaluator.label_scores(gathered[asked], kind).cpu()
    scores = F.pad(scores, (0, len(names) - len(taught)), value=-torch.inf)
    right = torch.tensor([names.index(name) for name in truth])
    return recognition.accuracy(scores, right, samples=samples, seed=seed)
