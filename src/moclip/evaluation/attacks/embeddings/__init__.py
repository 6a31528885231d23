"""Vectors of tokens moved a little, as no text could: one file here an attack inside a text tower.

They say how far a tower can be driven within a small ball around a caption. A file has ``Options``,
``STRENGTHS`` and ``NEEDS`` as the attacks on captions have (:mod:`moclip.evaluation.attacks`), a
strength being the radius of the ball as a share of the norm of the caption's token vectors, and

``perturb(captions, options, victim) -> Moved``
    the tower's vectors of the captions when their tokens have been moved.

Tokens that the tokenizer adds, and padding, stay where they are. The ball is around the original
point at every step.
"""

from collections.abc import Callable, Sequence
from typing import Any

from moclip import catalog
from moclip.evaluation import attacks
from moclip.evaluation.attacks.base import Options, Victim, asked
from moclip.evaluation.attacks.embeddings.base import Moved

__all__ = ["Moved", "names", "perturb"]

FOLDER = "evaluation.attacks.embeddings"


def names() -> list[str]:
    """All attacks on token vectors, sorted."""
    return catalog.names(FOLDER)


def perturb(name: str, captions: Sequence[str], victim: Victim, **options: Any) -> Moved:
    """The captions under one attack, in their order; each different caption is attacked once.

    Raises ``LookupError`` for an unknown attack, ``ValueError`` for a wrong option and for a victim
    that lacks what the attack needs.
    """
    chosen = attacks.options_of(name, folder=FOLDER, **options)
    for part in catalog.load(FOLDER, name, "NEEDS"):
        asked(getattr(victim, part), part)
    attack: Callable[[Sequence[str], Options, Victim], Moved]
    attack = catalog.load(FOLDER, name, "perturb")
    return attack(captions, chosen, victim)
