"""Words are replaced in the order of their importance by what hurts the victim most.

TextFooler (Jin et al., AAAI 2020): a word is important when the score falls without it; its best
synonym is the one of the lowest score among those that leave the sentence's meaning above a floor.
The score is asked for, nothing else is known of the victim.
"""

from collections.abc import Sequence

from pydantic import Field

from moclip.evaluation.attacks import _reading, base
from moclip.evaluation.attacks._draw import Draw
from moclip.evaluation.attacks._reading import Term
from moclip.evaluation.attacks._rounds import Attack, Kind, Question, argmin, together
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
    ask = _Budget(options.queries)
    without = [_text(caption, [Change(t.start, t.end, t.text, "")]) for t in replaceable]
    best, *scores = yield ask.score([caption, *without])
    ranked = sorted(zip(scores, replaceable, strict=False), key=lambda pair: pair[0])
    changes: list[Change] = []
    for _, term in ranked:
        if len(changes) == count or ask.spent == ask.limit:
            break
        tried = [[*changes, change] for change in _changes(term)]
        alike = yield Question("similarity", tuple(_text(caption, one) for one in tried))
        near = [one for one, s in zip(tried, alike, strict=True) if s >= options.floor]
        if not near:
            continue
        judged = yield ask.score([_text(caption, one) for one in near])
        lowest = argmin(judged)
        if judged[lowest] < best:
            best, changes = judged[lowest], near[lowest]
    return replaced(caption, changes, ask.spent)


class _Budget:
    """Counts what is asked and cuts what is too much."""

    def __init__(self, limit: int) -> None:
        self.limit, self.spent = limit, 0

    def score(self, texts: Sequence[str]) -> Question:
        """A question of as many texts as may still be asked."""
        allowed = tuple(texts[: self.limit - self.spent])
        self.spent += len(allowed)
        return Question("score", allowed)


def _changes(term: Term) -> list[Change]:
    return [Change(term.start, term.end, term.text, like(o, term.text)) for o in term.others]


def _text(caption: str, changes: Sequence[Change]) -> str:
    return replaced(caption, changes).text
