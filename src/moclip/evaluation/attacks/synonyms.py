"""Words of content become synonyms of the same part of speech and form.

The thesaurus is written for captions of motion (``data/thesaurus.toml``). Sides, directions,
numbers and negations stay as they are; "a" and "an" follow the words behind them.
"""

from collections.abc import Sequence

from pydantic import Field

from moclip.evaluation.attacks import _reading, base
from moclip.evaluation.attacks._draw import Draw
from moclip.evaluation.attacks._words import like, replaced
from moclip.evaluation.attacks.base import BLIND, Change, Perturbed, Victim

STRENGTHS = (0.1, 0.25, 0.5)
NEEDS: tuple[str, ...] = ()


class Options(base.Options):
    """How many words are replaced."""

    strength: float = Field(0.25, ge=0, le=1)
    """Share of the words of content; words without a synonym count, and stay."""


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """A synonym is drawn for each word that is drawn."""
    return [_perturbed(caption, options) for caption in captions]


def _perturbed(caption: str, options: Options) -> Perturbed:
    draw = Draw(options.seed, caption)
    content = _reading.terms(caption)
    count = draw.count(options.strength, len(content))
    chosen = draw.order([term for term in content if term.others])[:count]
    return replaced(
        caption,
        (
            Change(term.start, term.end, term.text, like(draw.pick(term.others), term.text))
            for term in chosen
        ),
    )
