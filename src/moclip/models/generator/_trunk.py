"""What the masked and the residual transformer share: sizes, attention over time, losses."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from moclip.models.generator._codes import STRIDE
from moclip.models.motion._transformer import Block, rotary

_TOKEN_SECONDS = STRIDE / 20.0
"""Rotary angles are made for seconds; at HumanML3D's rate a token lasts this long."""
_WAVES = 16
"""Sines, and as many cosines, that tell a token's place from one end of the clip."""


class Config(BaseModel):
    """Sizes of a transformer over tokens, and how it is trained; the defaults are compact."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(256, ge=1)
    layers: int = Field(4, ge=1)
    heads: int = Field(8, ge=1)
    mlp: int = Field(4, ge=1)
    """Hidden width of each block's network, in widths."""
    dropout: float = Field(0.1, ge=0, lt=1)
    forget_caption: float = Field(0.1, ge=0, lt=1)
    """Share of captions left out in training, without which there is no guidance."""
    smoothing: float = Field(0.1, ge=0, lt=1)
    """Of labels: this share of the target is spread over all codes."""

    @model_validator(mode="after")
    def _heads_fit(self) -> "Config":
        if self.width % (2 * self.heads):
            raise ValueError(f"width {self.width} is no multiple of twice the {self.heads} heads")
        return self

    @classmethod
    def compact(cls) -> "Config":
        """About 3.5 M parameters, for two processor cores."""
        return cls()

    @classmethod
    def paper(cls) -> "Config":
        """MoMask's: 8 layers, 6 heads, 384 wide (hidden 1,152; its code has 1,024)."""
        return cls(width=384, layers=8, heads=6, mlp=3, dropout=0.2)


@dataclass(frozen=True, eq=False)
class Guess:
    """How well hidden tokens were told."""

    loss: Float[Tensor, ""]
    """Cross-entropy with smoothed labels, mean over the tokens asked for."""
    accuracy: Float[Tensor, ""]
    """Share of them whose likeliest code is right; no gradient."""

    @classmethod
    def of(
        cls,
        logits: Float[Tensor, "clip token code"],
        tokens: Int[Tensor, "clip token"],
        asked: Bool[Tensor, "clip token"],
        *,
        smoothing: float,
    ) -> "Guess":
        """Only tokens that are ``asked`` for count."""
        logits, tokens = logits[asked].float(), tokens[asked]
        loss = F.cross_entropy(logits, tokens, label_smoothing=smoothing)
        return cls(loss, (logits.detach().argmax(dim=-1) == tokens).float().mean())


class Trunk(nn.Module):
    """Blocks of attention over what is known of the caption, then the tokens of a clip.

    Tokens know how far apart they stand by rotary angles. Where all are hidden these tell nothing,
    since all look alike; so each also knows its place from the start and from the end.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.head_width = config.width // config.heads
        self.place = nn.Linear(4 * _WAVES, config.width)
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, mlp=config.mlp, dropout=config.dropout)
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)

    def forward(
        self,
        x: Float[Tensor, "clip token width"],
        mask: Bool[Tensor, "clip token"],
        told: Float[Tensor, "clip prefix width"],
    ) -> Float[Tensor, "clip token width"]:
        """``told`` is looked at by all tokens; padding is looked at by none."""
        prefix = told.shape[1]
        x = torch.cat((told, x + self.place(places(mask))), dim=1)
        seen = F.pad(mask, (prefix, 0), value=True)[:, None, None]
        steps = torch.arange(1 - prefix, mask.shape[1] + 1, device=x.device).clamp(min=0)
        by = rotary(steps * _TOKEN_SECONDS, self.head_width)
        for block in self.blocks:
            x = block(x, seen, by)
        return self.norm(x[:, prefix:])


def places(mask: Bool[Tensor, "clip token"]) -> Float[Tensor, "clip token wave"]:
    """Waves of a token's number, counted from the start and from the clip's end."""
    start = torch.arange(mask.shape[1], device=mask.device).expand(mask.shape)
    end = mask.sum(dim=1, keepdim=True) - 1 - start
    rates = torch.logspace(0, math.log10(0.02), _WAVES, device=mask.device)
    angles = torch.cat([number[..., None] * rates for number in (start, end)], dim=-1)
    return torch.cat((angles.sin(), angles.cos()), dim=-1)


def forget(
    text: Float[Tensor, "clip dim"], share: float, generator: torch.Generator
) -> Float[Tensor, "clip dim"]:
    """No caption, which is a vector of zeros, in the place of a share of captions."""
    forgotten = draw((len(text), 1), generator, text.device) < share
    return torch.where(forgotten, 0.0, text)


def draw(
    shape: tuple[int, ...], generator: torch.Generator, device: torch.device
) -> Float[Tensor, "..."]:
    """Uniform numbers from 0 to 1; made where the generator is, so devices agree."""
    return torch.rand(shape, generator=generator, device=generator.device).to(device)
