"""Captions that say the same in other letters or words: one file here an attack.

A file's docstring says what is done to a caption and its source, and the file has

``Options``
    a frozen pydantic model: ``seed``, ``strength`` in a unit of the attack's own, and more where
    the attack needs it,
``STRENGTHS``
    the strengths that a study tries, the weakest first,
``NEEDS``
    the parts of a :class:`~moclip.evaluation.attacks.base.Victim` that it asks,
``perturb(captions, options, victim=BLIND) -> list[Perturbed]``
    the captions under attack, with every change.

What becomes of a caption follows from the seed, the caption and the victim, never from its
neighbours in the list. Strength 0 changes nothing, and no change touches what a motion can tell
apart: sides, directions, numbers, negations.
"""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from moclip import catalog
from moclip.evaluation.attacks.base import BLIND, Change, Options, Perturbed, Victim, asked

__all__ = ["Change", "Options", "Perturbed", "Victim", "names", "options_of", "perturb"]

FOLDER = "evaluation.attacks"


def names(*, folder: str = FOLDER) -> list[str]:
    """All attacks, sorted."""
    return catalog.names(folder)


def perturb(
    name: str,
    captions: Sequence[str],
    victim: Victim = BLIND,
    *,
    folder: str = FOLDER,
    **options: Any,
) -> list[Perturbed]:
    """The captions under one attack, in their order; each different caption is attacked once.

    Raises ``LookupError`` for an unknown attack, ``ValueError`` for a wrong option and for a victim
    that lacks what the attack needs.
    """
    chosen = options_of(name, folder=folder, **options)
    for part in catalog.load(folder, name, "NEEDS"):
        asked(getattr(victim, part) or None, part)
    attack: Callable[[Sequence[str], Options, Victim], list[Perturbed]]
    attack = catalog.load(folder, name, "perturb")
    different = list(dict.fromkeys(captions))
    found = dict(zip(different, attack(different, chosen, victim), strict=True))
    return [found[caption] for caption in captions]


def options_of(name: str, *, folder: str = FOLDER, **options: Any) -> Options:
    """The checked ``Options`` of an attack. Raises as :func:`perturb` does."""
    model = catalog.load(folder, name, "Options")
    try:
        chosen: Options = model(**options)
    except ValidationError as error:
        first = error.errors()[0]
        wrong = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            there = ", ".join(model.model_fields)
            raise ValueError(f"'{name}' has no option '{wrong}'; there are: {there}") from None
        raise ValueError(
            f"'{name}', option '{wrong}': {first['msg'].lower()}, got {first['input']!r}"
        ) from None
    return chosen
