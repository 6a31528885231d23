"""Left becomes right and right left; what is said of both stays."""

from collections.abc import Sequence

from moclip.evaluation.attacks.base import BLIND, Perturbed, Victim
from moclip.evaluation.controls._exchange import Options, both_ways, exchanged

__all__ = ["NEEDS", "STRENGTHS", "Options", "perturb"]

STRENGTHS = (1.0,)
NEEDS: tuple[str, ...] = ()

TABLE = both_ways("left right, leftward rightward, leftwards rightwards, lefts rights")


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """Every word of the table becomes its opposite."""
    return [exchanged(caption, TABLE, options) for caption in captions]
