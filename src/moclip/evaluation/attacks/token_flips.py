"""Words become other tokens of the tower's vocabulary, chosen by the gradient.

HotFlip (Ebrahimi et al., ACL 2018): how much the cosine with the aim would fall if a token became
another is estimated to first order, for the whole vocabulary at once; the most promising are tried.
Sides, directions, numbers and negations stay, no word of the thesaurus is put in, and what is left
of the meaning is held by a floor of similarity alone: the harshest of the attacks by words.
"""

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cosine_similarity

from moclip.evaluation.attacks import _reading, base
from moclip.evaluation.attacks._draw import Draw
from moclip.evaluation.attacks._greedy import Budget, descend
from moclip.evaluation.attacks._meaning import meaning
from moclip.evaluation.attacks._rounds import Attack, together
from moclip.evaluation.attacks._vocabulary import vocabulary
from moclip.evaluation.attacks._words import Word, like, replaced, words
from moclip.evaluation.attacks.base import BLIND, Change, Perturbed, Victim, asked
from moclip.models.text.base import TextTower, forward_from, token_table

STRENGTHS = (0.1, 0.25, 0.5)
NEEDS = ("tower", "aims", "similarity")
_CHUNK = 64
"""Captions whose gradients are taken together."""


class Options(base.Options):
    """How many words flip, and how they are looked for."""

    strength: float = Field(0.25, ge=0, le=1)
    """Share of the words of content."""
    floor: float = Field(0.85, ge=-1, le=1)
    """Least similarity with the clean caption."""
    tries: int = Field(20, ge=1)
    """Most promising flips that are tried for each word."""


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """A gradient for each caption; then its words flip one after another, the steepest first."""
    tower, similarity = asked(victim.tower, "tower"), asked(victim.similarity, "similarity")
    aims = asked(victim.aims, "aims")

    @torch.no_grad()
    def score(texts: Sequence[str], clean: Sequence[str]) -> Float[Tensor, " text"]:
        vectors = tower.encode(texts)
        return cosine_similarity(vectors, aims(clean).to(vectors))

    different = list(dict.fromkeys(captions)) if options.strength else []
    attacks = {
        caption: _attack(caption, places, options)
        for caption, places in zip(different, _flips(different, options, victim), strict=True)
    }
    found = together(attacks, {"score": score, "similarity": similarity})
    return [found.get(caption, Perturbed(caption)) for caption in captions]


def _attack(caption: str, places: Sequence[Sequence[Change]], options: Options) -> Attack:
    count = Draw(options.seed, caption).count(options.strength, len(_content(caption)))
    if not count or not places:
        return Perturbed(caption)
    budget = Budget(1 + sum(map(len, places)))
    (best,) = yield budget.score([caption])
    changes = yield from descend(
        caption, places, count=count, floor=options.floor, best=best, budget=budget
    )
    return replaced(caption, changes, budget.spent)


def _content(caption: str) -> list[Word]:
    """Words that may flip."""
    return [w for w in words(caption) if not (w.lower in _reading.FUNCTION or meaning(w.text))]


def _flips(
    captions: Sequence[str], options: Options, victim: Victim
) -> Iterator[list[list[Change]]]:
    """For each caption its places, the steepest first, and the best flips of each."""
    tower, aims = asked(victim.tower, "tower"), asked(victim.aims, "aims")
    known, table = vocabulary(tower), token_table(tower).weight.detach()
    candidates = table[known.ids]
    for start in range(0, len(captions), _CHUNK):
        chunk = captions[start : start + _CHUNK]
        for caption, slope in zip(chunk, _slopes(tower, chunk, aims(chunk)), strict=True):
            ranked: list[tuple[float, list[Change]]] = []
            for word, at, number in known.places(caption, _content(caption)):
                falls = candidates @ slope[at] - table[number] @ slope[at]
                lowest = falls.topk(min(options.tries, len(falls)), largest=False)
                flips = [known.words[i] for i in lowest.indices.tolist()]
                ranked.append((float(lowest.values[0]), _changes(word, flips)))
            yield [changes for _, changes in sorted(ranked, key=lambda pair: pair[0])]


def _slopes(
    tower: TextTower, captions: Sequence[str], aims: Float[Tensor, "caption dim"]
) -> Float[Tensor, "caption token width"]:
    """Gradients of the cosines with the aims at the captions' tokens."""
    tokens = tower.tokenise(captions)
    with torch.enable_grad():
        points = token_table(tower).weight.detach()[tokens.ids].requires_grad_(True)
        cosines = cosine_similarity(forward_from(tower, tokens, points), aims.to(points))
        (slopes,) = torch.autograd.grad(cosines.sum(), points)
    return slopes


def _changes(word: Word, flips: Sequence[str]) -> list[Change]:
    changed = (like(flip, word.text) for flip in flips if flip != word.lower)
    return [Change(word.start, word.end, word.text, flip) for flip in changed]
