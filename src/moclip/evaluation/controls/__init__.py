"""Captions that say something else: one file here a change of meaning that a motion can show.

They are the other side of :mod:`moclip.evaluation.attacks`: an encoder that ignores these is not
robust but deaf. A file has what an attack has, ``Options``, ``STRENGTHS``, ``NEEDS`` and
``perturb(captions, options, victim)``, and keeps the same promises, but for the last: it changes
sides, directions, speeds, numbers, negations or actors. A caption that says none of them stays as
it is, without changes, and is to be left out of a figure.
"""

from collections.abc import Sequence
from typing import Any

from moclip import catalog
from moclip.evaluation import attacks
from moclip.evaluation.attacks.base import Perturbed

__all__ = ["names", "perturb"]

FOLDER = "evaluation.controls"


def names() -> list[str]:
    """All controls, sorted."""
    return catalog.names(FOLDER)


def perturb(name: str, captions: Sequence[str], **options: Any) -> list[Perturbed]:
    """The captions with another meaning, in their order.

    Raises ``LookupError`` for an unknown control and ``ValueError`` for a wrong option.
    """
    return attacks.perturb(name, captions, folder=FOLDER, **options)
