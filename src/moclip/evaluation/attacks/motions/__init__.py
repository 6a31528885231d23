"""Motions as a worse capture would have them, or as an adversary: one file here an attack.

A file has ``Options``, ``STRENGTHS`` and ``NEEDS`` as the attacks on captions have
(:mod:`moclip.evaluation.attacks`), and

``perturb(motions, options, victim=BLIND) -> list[Motion]``
    the motions under attack, of the same skeleton, frame rate and length, without rotations.

What becomes of a motion follows from the seed, the motion and the victim, never from its neighbours
in the list. Strength 0 changes nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

from moclip import catalog
from moclip.evaluation import attacks
from moclip.evaluation.attacks.base import Options, asked
from moclip.evaluation.attacks.motions.base import BLIND, MotionVictim
from moclip.motion import Motion

__all__ = ["MotionVictim", "names", "perturb"]

FOLDER = "evaluation.attacks.motions"


def names() -> list[str]:
    """All attacks on motions, sorted."""
    return catalog.names(FOLDER)


def perturb(
    name: str, motions: Sequence[Motion], victim: MotionVictim = BLIND, **options: Any
) -> list[Motion]:
    """The motions under one attack, in their order.

    Raises ``LookupError`` for an unknown attack, ``ValueError`` for a wrong option and for a victim
    that lacks what the attack needs.
    """
    chosen = attacks.options_of(name, folder=FOLDER, **options)
    for part in catalog.load(FOLDER, name, "NEEDS"):
        asked(getattr(victim, part), part)
    attack: Callable[[Sequence[Motion], Options, MotionVictim], list[Motion]]
    attack = catalog.load(FOLDER, name, "perturb")
    return attack(motions, chosen, victim)
