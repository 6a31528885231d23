"""What is done is not done, and what is not done is."""

import re
from collections.abc import Iterator, Sequence

from moclip.evaluation.attacks._sentence import forms_of_third, parsed
from moclip.evaluation.attacks.base import BLIND, Change, Perturbed, Victim
from moclip.evaluation.controls._exchange import Options, some

__all__ = ["NEEDS", "STRENGTHS", "Options", "perturb"]

STRENGTHS = (1.0,)
NEEDS: tuple[str, ...] = ()

_NOT = re.compile(r"\b(?:(?P<not>not |never )|(?P<without>without))\b", re.IGNORECASE)


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """Negations go; where there is none, the sentence's first verb is negated if it is found."""
    return [some(caption, _changes(caption), options) for caption in captions]


def _changes(caption: str) -> Iterator[Change]:
    negations = list(_NOT.finditer(caption))
    for found in negations:
        yield Change(found.start(), found.end(), found[0], "" if found["not"] else "with")
    sentence = parsed(caption)
    if sentence.verb is not None and not negations:
        verb = caption[slice(*sentence.verb)]
        progressive = verb.startswith("is ")
        after = f"is not {verb[3:]}" if progressive else f"does not {forms_of_third(verb)[0]}"
        yield Change(*sentence.verb, verb, after)
