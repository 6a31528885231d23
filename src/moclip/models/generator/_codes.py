"""Motions as tokens: what the quantiser writes and the transformers read."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

STRIDE = 4
"""Frames that one token stands for."""


@dataclass(frozen=True, eq=False)
class Codes:
    """A batch of motions as tokens, padded to the longest; layer 0 holds the base tokens."""

    tokens: Int[Tensor, "clip token layer"]
    """Numbers of codebook entries; zero where ``mask`` is False."""
    mask: Bool[Tensor, "clip token"]
    """True where a token is real, False where it is padding."""
    frames: Int[Tensor, " clip"]
    """Frames of each motion: no more than its tokens stand for."""

    @classmethod
    def blank(cls, frames: Sequence[int], layers: int) -> "Codes":
        """Room for motions of these lengths, all tokens zero."""
        lengths = torch.tensor(frames, dtype=torch.long)
        count = -(lengths // -STRIDE)  # the last token may stand for fewer frames
        mask = torch.arange(int(count.max())) < count[:, None]
        return cls(torch.zeros(*mask.shape, layers, dtype=torch.long), mask, lengths)

    def __len__(self) -> int:
        """Clips."""
        return len(self.tokens)

    def to(self, device: torch.device | str) -> "Codes":
        """The same numbers on another device."""
        return Codes(self.tokens.to(device), self.mask.to(device), self.frames.to(device))
