"""Tokens are moved at random as far as an attack may move them: the control of equal norm.

An attack that hurts no more than this has found nothing.
"""

from collections.abc import Sequence

import torch
from pydantic import Field

from moclip.evaluation.attacks import base
from moclip.evaluation.attacks.base import Victim, asked
from moclip.evaluation.attacks.embeddings.base import Moved, Start, starts, together
from moclip.models.text.base import TextTower, forward_from

STRENGTHS = (0.005, 0.01, 0.02, 0.05)
NEEDS = ("tower",)


class Options(base.Options):
    """The sphere."""

    strength: float = Field(0.01, ge=0, le=1)
    """Radius as a share of the norm of the caption's token vectors."""


def perturb(captions: Sequence[str], options: Options, victim: Victim) -> Moved:
    """A point of the sphere around each caption's tokens, drawn by the seed and the caption."""
    tower = asked(victim.tower, "tower")
    parts = [(rows, _moved(tower, start, options)) for rows, start in starts(tower, captions)]
    return together(tower, len(captions), parts)


@torch.no_grad()
def _moved(tower: TextTower, start: Start, options: Options) -> Moved:
    by = options.strength * start.norm * start.direction(options.seed)
    return start.moved(forward_from(tower, start.tokens, start.points + by), by)
