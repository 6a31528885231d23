"""Somebody else does it: another sex, age, build or mood, where the caption says one."""

from collections.abc import Sequence

from moclip.evaluation.attacks.base import BLIND, Perturbed, Victim
from moclip.evaluation.controls._exchange import Options, both_ways, exchanged

__all__ = ["NEEDS", "STRENGTHS", "Options", "perturb"]

STRENGTHS = (1.0,)
NEEDS: tuple[str, ...] = ()

TABLE = both_ways(
    "man woman, men women, boy girl, lady gentleman, male female, masculine feminine, "
    "manly womanly, old young, elderly childish, giant dwarf, happy sad, happily sadly, "
    "joy sadness, angry calm, angrily calmly, anger calmness, tired energetic, exhausted lively, "
    "proud ashamed, proudly shyly, pride shame, confident insecure, shy bold, drunk sober, "
    "strong weak, nervous relaxed"
) | {
    "active": "exhausted",
    "furious": "calm",
    "youthful": "elderly",
    "unsure": "confident",
    "macho": "feminine",
    "child": "giant",
    "kid": "giant",
    "thug": "child",
    "thuggish": "gentle",
    "frail": "strong",
    "hesitant": "determined",
    "downcast": "happy",
}


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """Every word of the table becomes its opposite."""
    return [exchanged(caption, TABLE, options) for caption in captions]
