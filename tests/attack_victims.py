"""A small victim of attacks: a bag of hashed words that judges by cosine."""

import functools
from collections.abc import Sequence

import torch
from doubles import HashingText
from torch import Tensor
from torch.nn.functional import normalize

from moclip.evaluation.attacks.base import Victim

SAMPLE = ("a person runs in a circle", "someone sits down", "a man waves with both hands")


@functools.cache
def tower() -> HashingText:
    """Random weights from a seed, frozen."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return HashingText().requires_grad_(False).eval()


def aims(captions: Sequence[str]) -> Tensor:
    """The captions' own clean vectors."""
    with torch.no_grad():
        return normalize(tower().encode([caption or "." for caption in captions]), dim=-1)


def score(texts: Sequence[str], captions: Sequence[str]) -> Tensor:
    """Cosines with the clean captions."""
    return (aims(texts) * aims(captions)).sum(dim=-1)


def similarity(texts: Sequence[str], captions: Sequence[str]) -> Tensor:
    """Share of words kept, by place."""
    pairs = zip(texts, captions, strict=True)
    return torch.tensor([_kept(text.split(), caption.split()) for text, caption in pairs])


def victim() -> Victim:
    """All that an attack may ask for."""
    return Victim(score=score, similarity=similarity, tower=tower(), aims=aims, sample=SAMPLE)


def _kept(text: list[str], caption: list[str]) -> float:
    same = sum(a == b for a, b in zip(text, caption, strict=False))
    return same / max(len(text), len(caption), 1)
