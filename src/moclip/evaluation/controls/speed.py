"""Slow becomes fast and fast slow; where no pace is told, walking and running trade places."""

from collections.abc import Sequence

from moclip.evaluation.attacks._words import words
from moclip.evaluation.attacks.base import BLIND, Perturbed, Victim
from moclip.evaluation.controls._exchange import Options, both_ways, exchanged

__all__ = ["NEEDS", "STRENGTHS", "Options", "perturb"]

STRENGTHS = (1.0,)
NEEDS: tuple[str, ...] = ()

TABLE = both_ways(
    "slowly quickly, slow fast, slower faster, leisurely hurriedly, unhurriedly hastily"
) | {
    "quick": "slow",
    "rapid": "slow",
    "rapidly": "slowly",
    "swiftly": "slowly",
    "fastly": "slowly",
    "sluggishly": "quickly",
    "brisk": "slow",
    "briskly": "slowly",
}
GAITS = both_ways(
    "walks runs, walking running, walk run, walked ran, "
    "jogs sprints, jogging sprinting, jog sprint, strolls dashes, strolling dashing, stroll dash"
)


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """Every word of pace becomes its opposite, or else every gait."""
    return [_perturbed(caption, options) for caption in captions]


def _perturbed(caption: str, options: Options) -> Perturbed:
    paced = any(word.lower in TABLE for word in words(caption))
    return exchanged(caption, TABLE if paced else GAITS, options)
