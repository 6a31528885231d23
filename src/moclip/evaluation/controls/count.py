"""Another number: of steps, of times, of degrees."""

from collections.abc import Sequence

from moclip.evaluation.attacks.base import BLIND, Perturbed, Victim
from moclip.evaluation.controls._exchange import Options, both_ways, exchanged

__all__ = ["NEEDS", "STRENGTHS", "Options", "perturb"]

STRENGTHS = (1.0,)
NEEDS: tuple[str, ...] = ()

TABLE = both_ways(
    "two five, three seven, four nine, six ten, 2 5, 3 7, 4 9, 6 10, 45 135, 90 270, 180 60, "
    "360 120, quarter half, couple dozen"
) | {
    "eight": "three",
    "8": "3",
    "few": "dozen",
    "several": "two",
    "once": "six times",
    "twice": "seven times",
    "thrice": "once",
}


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """Every number of the table becomes one far from it; plurals stay plurals."""
    return [exchanged(caption, TABLE, options) for caption in captions]
