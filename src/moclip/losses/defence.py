"""Losses that make a text tower hear the same in other words; all vectors have unit length."""

from jaxtyping import Float
from torch import Tensor


def consistency(
    said: Float[Tensor, "pair dim"], otherwise: Float[Tensor, "pair dim"]
) -> Float[Tensor, ""]:
    """Squared distance of captions' vectors to those of the same captions in other words.

    A sum over dimensions and a mean over captions, as the tether, so that their weights compare.
    """
    return (said - otherwise).square().sum(dim=-1).mean()
