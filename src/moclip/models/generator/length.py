"""How long a motion is, told from its caption."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from moclip.models.generator._codes import STRIDE, Codes

LONGEST = 50
"""Tokens: 200 frames, 10 s at 20 frames a second."""
_WIDTH, _DROPOUT = 256, 0.2


class Predictor(nn.Module):
    """A caption's raw vector to how likely 1..50 tokens are; four frames each."""

    def __init__(self, *, text_dim: int) -> None:
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(text_dim, _WIDTH),
            nn.LayerNorm(_WIDTH),
            nn.GELU(),
            nn.Dropout(_DROPOUT),
            nn.Linear(_WIDTH, _WIDTH),
            nn.GELU(),
            nn.Dropout(_DROPOUT),
            nn.Linear(_WIDTH, LONGEST),
        )

    def forward(self, text: Float[Tensor, "clip dim"]) -> Float[Tensor, "clip length"]:
        """Logits of 1, 2, ... tokens. ``text`` holds raw vectors."""
        logits: Tensor = self.network(text)
        return logits

    def loss(self, text: Float[Tensor, "clip dim"], codes: Codes) -> Float[Tensor, ""]:
        """Cross-entropy; what is longer than the longest counts as the longest."""
        tokens = codes.mask.sum(dim=1).clamp(max=LONGEST)
        return F.cross_entropy(self(text).float(), tokens - 1)

    def mode(self, text: Float[Tensor, "clip dim"]) -> Int[Tensor, " clip"]:
        """The likeliest length, in frames."""
        return (self(text).argmax(dim=-1) + 1) * STRIDE

    def sample(
        self, text: Float[Tensor, "clip dim"], generators: Sequence[torch.Generator]
    ) -> Int[Tensor, " clip"]:
        """A length drawn for each clip by its own generator (on the processor), in frames."""
        chances = self(text).softmax(dim=-1).cpu()
        drawn = [
            torch.multinomial(row, 1, generator=g)
            for row, g in zip(chances, generators, strict=True)
        ]
        return (torch.cat(drawn) + 1).to(text.device) * STRIDE
