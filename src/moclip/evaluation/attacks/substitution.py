"""Words are replaced in the order of their importance by what hurts the victim most.

TextFooler (Jin et al., AAAI 2020): a word is important when the score falls without it; its best
synonym is the one of the lowest score among those that leave the sentence's meaning above a floor.
The score is asked for, nothing else is known of the victim.
"""

from collections.abc import Sequence

from pydantic import Field

from moclip.evaluation.attacks import _reading, base
from moclip.evaluation.attacks._draw import Draw
from moclip.evaluation.attacks._greedy import Budget, descend, text
from moclip.evaluation.attacks._reading import Term
from moclip.evaluation.attacks._rounds import Attack, Kind, together
from moclip.evaluation.attacks._words import like, replaced
from moclip.evaluation.attacks.base import BLIND, Change, Judge, Perturbed, Victim, asked

STRENGTHS = (0.25, 0.5, 1.0)
NEEDS = ("score", "similarity")


class Options(base.Options):
    """How far the attack may go."""

    strength: float = Field(0.5, ge=0, le=1)
    """Share of the words of content that may be replaced."""
    floor: float = Field(0.85, ge=-1, le=1)
    """Least similarity with the clean caption."""
    queries: int = Field(100, ge=0)
    """Texts that the score may be asked for, for each caption."""


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """All captions are attacked side by side, a batch of questions at a time."""
    judges: dict[Kind, Judge] = {
        "score": asked(victim.score, "score"),
        "similarity": asked(victim.similarity, "similarity"),
    }
    attacks = {caption: _attack(caption, options) for caption in dict.fromkeys(captions)}
    found = together(attacks, judges)
    return [found[caption] for caption in captions]


def _attack(caption: str, options: Options) -> Attack:
    """Words one after another, the most important first."""
    content = _reading.terms(caption)
    count = Draw(options.seed, caption).count(options.strength, len(content))
    replaceable = [term for term in content if term.others]
    if not count or not replaceable or options.queries < 1:
        return Perturbed(caption)
    budget = Budget(options.queries)
    without = [text(caption, [Change(t.start, t.end, t.text, "")]) for t in replaceable]
    best, *scores = yield budget.score([caption, *without])
    ranked = sorted(zip(scores, replaceable, strict=False), key=lambda pair: pair[0])
    changes = yield from descend(
        caption,
        [_changes(term) for _, term in ranked],
        count=count,
        floor=options.floor,
        best=best,
        budget=budget,
    )
    return replaced(caption, changes, budget.spent)


def _changes(term: Term) -> list[Change]:
    return [Change(term.start, term.end, term.text, like(o, term.text)) for o in term.others]
