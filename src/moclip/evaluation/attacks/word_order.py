"""Words change places with their neighbours, and articles and auxiliaries are left out.

What a motion can tell apart keeps its place and so its meaning: "the left hand" never becomes "the
hand left". Nothing moves across a comma.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from moclip.evaluation.attacks import base
from moclip.evaluation.attacks._draw import Draw
from moclip.evaluation.attacks._meaning import meaning
from moclip.evaluation.attacks._words import Word, like, words
from moclip.evaluation.attacks.base import BLIND, Change, Perturbed, Victim

STRENGTHS = (0.1, 0.25, 0.5)
NEEDS: tuple[str, ...] = ()

Kind = Literal["swap", "drop"]
KINDS: tuple[Kind, ...] = ("swap", "drop")

_STAY = frozenset({"and", "or", "but", "then", "while", "before", "after", "who", "which", "that"})
"""What joins clauses: moved, it would change who does what when."""
_DROPPED = frozenset(
    {"a", "an", "the", "his", "her", "its", "their", "this", "is", "are", "was", "were"}
)


class Options(base.Options):
    """How many words move or go."""

    strength: float = Field(0.25, ge=0, le=1)
    """Share of the words that are touched; each change touches two neighbours."""
    kinds: tuple[Kind, ...] = Field(KINDS, min_length=1)
    """What may happen to a word; where both may, one is drawn."""


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """No word is touched twice."""
    return [_perturbed(caption, options) for caption in captions]


def _perturbed(caption: str, options: Options) -> Perturbed:
    draw = Draw(options.seed, caption)
    found = words(caption)
    count = draw.count(options.strength / 2, len(found))
    changes: dict[int, Change] = {}
    for at in draw.order(range(len(found) - 1)):
        kinds = [kind for kind in draw.order(options.kinds) if _may(kind, caption, found, at)]
        if kinds and len(changes) < count and not changes.keys() & {at - 1, at + 1}:
            changes[at] = _change(kinds[0], caption, *found[at : at + 2])
    return Perturbed(caption, tuple(changes[at] for at in sorted(changes)))


def _may(kind: Kind, caption: str, found: Sequence[Word], at: int) -> bool:
    """Whether a word may go, or change places with the one behind it."""
    one, other = found[at : at + 2]
    if not caption[one.end : other.start].isspace():
        return False
    if kind == "drop":
        return one.lower in _DROPPED and other.lower not in _DROPPED
    told_apart = any(meaning(word.text) for word in found[max(0, at - 1) : at + 2])
    return one.lower != other.lower and not (told_apart or {one.lower, other.lower} & _STAY)


def _change(kind: Kind, caption: str, one: Word, other: Word) -> Change:
    space = caption[one.end : other.start]
    if kind == "drop":
        start = like(other.text, one.text)
        return Change(one.start, other.end, f"{one.text}{space}{other.text}", start)
    first = one.text.lower() if one.text.istitle() else one.text
    swapped = f"{like(other.text, one.text)}{space}{first}"
    return Change(one.start, other.end, caption[one.start : other.end], swapped)
