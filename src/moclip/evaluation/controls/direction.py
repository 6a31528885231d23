"""Forward becomes backward, upwards downwards, clockwise counterclockwise, and so the other way."""

from collections.abc import Sequence

from moclip.evaluation.attacks.base import BLIND, Perturbed, Victim
from moclip.evaluation.controls._exchange import Options, both_ways, exchanged

__all__ = ["NEEDS", "STRENGTHS", "Options", "perturb"]

STRENGTHS = (1.0,)
NEEDS: tuple[str, ...] = ()

TABLE = both_ways(
    "forward backward, forwards backwards, "
    "upward downward, upwards downwards, upstairs downstairs, clockwise counterclockwise"
) | {
    "ahead": "backwards",
    "onward": "backward",
    "front": "back",
    "anticlockwise": "clockwise",
    "counter-clockwise": "clockwise",
    "anti-clockwise": "clockwise",
    "rearward": "forward",
}


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """Every word of the table becomes its opposite."""
    return [exchanged(caption, TABLE, options) for caption in captions]
