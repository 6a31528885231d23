"""Losses that make a text tower hear the same in other words; all vectors have unit length."""

from jaxtyping import Bool, Float
from torch import Tensor

MARGIN = 0.1
"""Squared distance of unit vectors."""


def consistency(
    said: Float[Tensor, "pair dim"], otherwise: Float[Tensor, "pair dim"]
) -> Float[Tensor, ""]:
    """Squared distance of captions' vectors to those of the same captions in other words.

    A sum over dimensions and a mean over captions, as the tether, so that their weights compare.
    """
    return (said - otherwise).square().sum(dim=-1).mean()


def meaning(
    said: Float[Tensor, "pair dim"],
    otherwise: Float[Tensor, "pair dim"],
    changed: Float[Tensor, "pair dim"],
    differs: Bool[Tensor, " pair"],
) -> Float[Tensor, ""]:
    """How much nearer a caption is to another meaning than to its own in other words.

    A hinge: zero where the change moves a vector farther than other words do, by a squared distance
    of :data:`MARGIN`. Without it a tower may grow robust by growing deaf. Mean over the captions
    that ``differs`` says have another meaning at all.
    """
    near, far = ((said - other).square().sum(dim=-1) for other in (otherwise, changed))
    missing = (near - far + MARGIN).clamp(min=0) * differs
    return missing.sum() / differs.sum().clamp(min=1)
