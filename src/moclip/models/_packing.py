"""Tokens of sequences of several lengths without their padding, one after the other.

Networks that look at one token at a time take the packed ones, so padding costs them nothing and
all sequences are one matrix product; attention takes the grid.
"""

import torch
from jaxtyping import Bool, Shaped
from torch import Tensor


class Packing:
    """From a grid of tokens to the real ones among them, and back."""

    def __init__(self, real: Bool[Tensor, "sequence token"], *, padded: bool = False) -> None:
        """With ``padded`` padding is packed too; for a compiler always: nothing is counted."""
        self.shape, self.places = real.shape, None
        if not (padded or torch.compiler.is_compiling() or real.all()):
            self.places = real.flatten().nonzero().squeeze(1)

    def pack(self, grid: Shaped[Tensor, "sequence token *more"]) -> Shaped[Tensor, "real *more"]:
        """The real ones."""
        flat = grid.flatten(0, 1)
        return flat if self.places is None else flat.index_select(0, self.places)

    def spread(
        self, packed: Shaped[Tensor, "real *more"]
    ) -> Shaped[Tensor, "sequence token *more"]:
        """Each in its place, zeros between them."""
        if self.places is None:
            return packed.unflatten(0, self.shape)
        grid = packed.new_zeros(self.shape.numel(), *packed.shape[1:])
        return grid.index_copy(0, self.places, packed).unflatten(0, self.shape)
