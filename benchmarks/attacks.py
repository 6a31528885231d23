"""An attack that asks: all captions side by side, nothing asked twice, against one query at a time.

The work is what a study does: importance-ranked substitution of the same captions at each of its
strengths. Both ways take the very same decisions, and no ratio is reported when they do not.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from benchmarks._clips import Mix, captions
from benchmarks._timing import Row, alternate
from moclip.evaluation import attacks, victims
from moclip.evaluation.attacks import substitution
from moclip.evaluation.attacks.base import Perturbed, Victim
from moclip.models.motion import limbs
from moclip.models.text import minilm
from moclip.models.two_tower import MoCLIP, unit

_COUNT, _FEW = 48, 4
_BAR = 10.0
_SHIFT = 1e-3
"""Deviation of what is added to the weights of a tower that has been trained."""


def substituting(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """A tower that was trained, and the sentence encoder itself, which judges meaning too."""
    told = captions(mix.clips)[: _FEW if quick else _COUNT]
    plain = minilm.Encoder.from_pretrained()
    trained = _shifted(plain)
    return [
        _row("substitution, a trained tower", trained, plain, told, repeats),
        _row("substitution, the plain tower", plain, plain, told, repeats),
    ]


def _row(
    name: str, tower: minilm.Encoder, plain: minilm.Encoder, told: list[str], repeats: int
) -> Row:
    model = MoCLIP(tower, limbs.Encoder(limbs.Config.compact(), dim=tower.dim), text_name="minilm")
    model.eval()

    def together() -> list[Perturbed]:
        victims._sentences.cache_clear()
        return _attacked(told, victims.of_model(model))

    def one_by_one() -> list[Perturbed]:
        victim = _plain_victim(tower, plain, told)
        return [found for caption in told for found in _attacked([caption], victim)]

    ours, theirs = together(), one_by_one()
    if sorted(one.text for one in ours) != sorted(one.text for one in theirs):
        raise ValueError("the two ways do not find the same words")
    queries = sum(one.queries for one in ours)
    seconds, reference = alternate([together, one_by_one], repeats=repeats, warm_up=False)
    return Row(name, "one query at a time", queries, "queries", seconds, reference, _BAR)


def _attacked(told: Sequence[str], victim: Victim) -> list[Perturbed]:
    return [
        found
        for strength in substitution.STRENGTHS
        for found in attacks.perturb("substitution", told, victim, strength=strength)
    ]


def _plain_victim(tower: minilm.Encoder, plain: minilm.Encoder, told: Sequence[str]) -> Victim:
    """Every text that is judged goes through the networks by itself, and nothing is kept."""
    aims = dict(zip(told, _unit(tower, told), strict=True))

    def score(texts: Sequence[str], clean: Sequence[str]) -> Tensor:
        pairs = zip(texts, clean, strict=True)
        return torch.stack([_unit(tower, [text])[0] @ aims[caption] for text, caption in pairs])

    def similarity(texts: Sequence[str], clean: Sequence[str]) -> Tensor:
        pairs = zip(texts, clean, strict=True)
        return torch.stack(
            [_unit(plain, [text])[0] @ _unit(plain, [caption])[0] for text, caption in pairs]
        )

    return Victim(score=score, similarity=similarity)


@torch.no_grad()
def _unit(tower: minilm.Encoder, texts: Sequence[str]) -> Tensor:
    return unit(tower.encode(texts))


def _shifted(tower: minilm.Encoder) -> minilm.Encoder:
    """Another tower of the same size."""
    other = copy.deepcopy(tower)
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(_SHIFT * torch.randn(parameter.shape, generator=draw))
    return other
