"""The base tokens of a motion, told from those that are not hidden: MoMask's masked transformer.

Trained like BERT: some tokens of a clip are hidden, as many as a cosine of a random number says,
and the network tells what they were (arXiv 2312.00063, section 3.2).
"""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from moclip.models.generator._codes import Codes
from moclip.models.generator._trunk import Config, Guess, Trunk, draw, forget

__all__ = ["Config", "Transformer", "hidden_share", "hide"]

_RANDOM, _MASKED = 0.1, 0.88
"""Of hidden tokens so many are replaced by random ones; of the others so many by the mask."""


class Transformer(nn.Module):
    """Tokens, some of them hidden, and a caption's raw vector to what the hidden ones may be."""

    def __init__(self, config: Config, *, codes: int, text_dim: int) -> None:
        super().__init__()
        self.config, self.codes, self.text_dim = config, codes, text_dim
        self.embed = nn.Embedding(codes + 1, config.width)
        self.caption = nn.Linear(text_dim, config.width)
        self.trunk = Trunk(config)
        self.head = nn.Sequential(
            nn.Linear(config.width, config.width),
            nn.GELU(),
            nn.LayerNorm(config.width),
            nn.Linear(config.width, codes),
        )

    @property
    def hidden_token(self) -> int:
        """Stands where a token is hidden."""
        return self.codes

    def forward(
        self,
        tokens: Int[Tensor, "clip token"],
        mask: Bool[Tensor, "clip token"],
        text: Float[Tensor, "clip dim"],
    ) -> Float[Tensor, "clip token code"]:
        """Logits. ``text`` holds raw vectors, zeros where there is no caption."""
        x = self.trunk(self.embed(tokens), mask, self.caption(text)[:, None])
        logits: Tensor = self.head(x)
        return logits

    def loss(
        self, codes: Codes, text: Float[Tensor, "clip dim"], *, generator: torch.Generator
    ) -> Guess:
        """How well tokens hidden at random are told, some captions left out."""
        base = codes.tokens[..., 0]
        seen, hidden = hide(base, codes.mask, codes=self.codes, generator=generator)
        logits = self(seen, codes.mask, forget(text, self.config.forget_caption, generator))
        return Guess.of(logits, base, hidden, smoothing=self.config.smoothing)


def hidden_share(progress: Float[Tensor, " step"]) -> Float[Tensor, " step"]:
    """Share of tokens that is hidden, from all at 0 to none at 1: a quarter of a cosine."""
    return (progress * (math.pi / 2)).cos()


def hide(
    tokens: Int[Tensor, "clip token"],
    mask: Bool[Tensor, "clip token"],
    *,
    codes: int,
    generator: torch.Generator,
) -> tuple[Int[Tensor, "clip token"], Bool[Tensor, "clip token"]]:
    """Tokens with at least one of each clip hidden, and where: never padding.

    Of the hidden, 10 % become random codes, 88 % of the others ``codes``, and the rest stay, so
    that the network must tell of every token whether it fits.
    """
    device = tokens.device
    share = hidden_share(draw((len(tokens),), generator, device))
    count = (share * mask.sum(dim=1)).round().clamp(min=1)
    order = draw(tuple(tokens.shape), generator, device).masked_fill(~mask, torch.inf)
    hidden = (order.argsort(dim=1).argsort(dim=1) < count[:, None]) & mask
    fate = draw(tuple(tokens.shape), generator, device)
    others = (draw(tuple(tokens.shape), generator, device) * codes).long().clamp(max=codes - 1)
    seen = torch.where(hidden & (fate < _RANDOM), others, tokens)
    masked = (fate >= _RANDOM) & (fate < _RANDOM + (1 - _RANDOM) * _MASKED)
    return seen.masked_fill(hidden & masked, codes), hidden
