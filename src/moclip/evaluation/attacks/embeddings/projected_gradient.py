"""Tokens go downhill to where the caption is least like itself, and never leave a ball.

Projected gradient descent (Madry et al., ICLR 2018) in the Euclidean norm: steps of fixed length
along the gradient of the cosine with the caption's aim, each followed by a projection onto the ball
around the *original* token vectors; the worst point of all steps of all restarts is kept.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cosine_similarity

from moclip.evaluation.attacks import base
from moclip.evaluation.attacks.base import Victim, asked
from moclip.evaluation.attacks.embeddings.base import (
    Moved,
    Points,
    Start,
    norm,
    starts,
    together,
    within,
)
from moclip.models.text.base import TextTower, forward_from

STRENGTHS = (0.005, 0.01, 0.02, 0.05)
NEEDS = ("tower", "aims")

_OVERSHOOT = 2.5
"""Radii that all steps together would go in a straight line: the usual choice."""


class Options(base.Options):
    """The ball and the way through it."""

    strength: float = Field(0.01, ge=0, le=1)
    """Radius of the ball as a share of the norm of the caption's token vectors."""
    steps: int = Field(20, ge=1)
    restarts: int = Field(3, ge=1)
    """Random points on the ball to begin from; in its middle the gradient may be zero."""


def perturb(captions: Sequence[str], options: Options, victim: Victim) -> Moved:
    """Parameters get no gradient; the tower's mode, evaluation or training, is the caller's."""
    tower, aims = asked(victim.tower, "tower"), asked(victim.aims, "aims")
    parts = [
        (rows, lowest(tower, start, aims(start.captions).to(start.points), options))
        for rows, start in starts(tower, captions)
    ]
    return together(tower, len(captions), parts)


def lowest(
    tower: TextTower, start: Start, aims: Float[Tensor, "caption dim"], options: Options
) -> Moved:
    """The point of least cosine with ``aims`` that was met."""
    radius = options.strength * start.norm
    by = torch.zeros_like(start.points)
    with torch.no_grad():
        vectors = forward_from(tower, start.tokens, start.points)
    least = cosine_similarity(vectors, aims)
    for restart in range(options.restarts if options.strength else 0):
        here = radius * start.direction(options.seed + restart)
        for step in range(options.steps + 1):
            found, cosines, slope = _look(tower, start, here, aims)
            better = cosines < least
            least = torch.where(better, cosines, least)
            vectors = torch.where(better[:, None], found, vectors)
            by = torch.where(better[:, None, None], here, by)
            if step < options.steps:
                down = slope / norm(slope).clamp(min=torch.finfo(slope.dtype).tiny)
                here = within(here - _OVERSHOOT / options.steps * radius * down, radius)
    return start.moved(vectors, by)


def _look(
    tower: TextTower, start: Start, by: Points, aims: Float[Tensor, "caption dim"]
) -> tuple[Float[Tensor, "caption dim"], Float[Tensor, " caption"], Points]:
    """Vectors at a point, their cosines with the aims, and the gradient of these."""
    with torch.enable_grad():
        here = by.detach().requires_grad_(True)
        vectors = forward_from(tower, start.tokens, start.points + here)
        cosines = cosine_similarity(vectors, aims)
        (slope,) = torch.autograd.grad(cosines.sum(), here)
    return vectors.detach(), cosines.detach(), slope * start.movable
