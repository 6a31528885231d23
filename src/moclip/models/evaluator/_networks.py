"""Frames to one vector, words to one vector: the two sides of our own evaluator."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from moclip.models.evaluator._frames import CHANNELS, FPS, Frames
from moclip.models.evaluator._hashed_words import HashedWords
from moclip.models.motion._transformer import AttentionPool, Block, rotary

_STEP = 4
"""Frames of a step of time, after two convolutions of stride 2."""
_WORD_SECONDS = 0.2
"""Words stand as far from each other as steps of motion do."""
_STILL = 0.01
"""Metres, or metres or half radians a frame: what varies less is not blown up."""


class Config(BaseModel):
    """Sizes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dim: int = Field(128, ge=1)
    """Width of the vectors; few, so that a few hundred clips tell their covariance."""
    width: int = Field(128, ge=1)
    layers: int = Field(3, ge=0)
    """Of the motion side."""
    text_layers: int = Field(2, ge=0)
    heads: int = Field(4, ge=1)
    mlp: int = Field(2, ge=1)
    """Hidden width of each block's network, in widths."""
    dropout: float = Field(0.1, ge=0, lt=1)
    buckets: int = Field(4096, ge=1)
    """Of pieces of words."""
    unknown: float = Field(0.1, ge=0, lt=1)
    """Share of words taken for unknown ones in training."""
    most_words: int = Field(64, ge=1)
    """A caption is cut to so many."""

    @model_validator(mode="after")
    def _heads_fit(self) -> "Config":
        if self.width % (2 * self.heads):
            raise ValueError(f"width {self.width} is no multiple of twice the {self.heads} heads")
        return self


class MotionNetwork(nn.Module):
    """Measured frames to one vector a clip."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(CHANNELS))
        self.register_buffer("deviation", torch.ones(CHANNELS))
        self.halve = nn.ModuleList(
            nn.Conv1d(channels, config.width, kernel_size=4, stride=2, padding=1)
            for channels in (CHANNELS, config.width)
        )
        self.gather = Gather(config, config.layers)

    def forward(self, frames: Frames) -> Float[Tensor, "clip width"]:
        # A clip shorter than a step of time is followed by the mean pose.
        short = max(0, _STEP - frames.mask.shape[1])
        x = F.pad((frames.values - self.mean) / self.deviation, (0, 0, 0, short))
        mask = F.pad(frames.mask, (0, short))
        lengths = mask.sum(dim=1).clamp(min=_STEP)
        x = torch.where(mask[..., None], x, 0.0).mT
        for convolution in self.halve:
            x, lengths = F.gelu(convolution(x)), lengths // 2
            mask = torch.arange(x.shape[2], device=x.device) < lengths[:, None]
            x = torch.where(mask[:, None], x, 0.0)
        return self.gather(x.mT, mask, seconds=_STEP / FPS)

    @torch.no_grad()
    def fit_normalisation(self, clips: Sequence[Float[Tensor, "_ channel"]]) -> None:
        """Mean and deviation of measured frames."""
        frames = torch.cat(list(clips)).double()
        self.mean.copy_(frames.mean(dim=0))
        self.deviation.copy_(frames.std(dim=0, correction=0).clamp(min=_STILL))


class TextNetwork(nn.Module):
    """Captions to one vector each."""

    def __init__(self, config: Config, words: Sequence[str]) -> None:
        super().__init__()
        self.words = HashedWords(
            words,
            width=config.width,
            buckets=config.buckets,
            unknown=config.unknown,
            most=config.most_words,
        )
        self.gather = Gather(config, config.text_layers)

    def forward(self, captions: Sequence[str]) -> Float[Tensor, "caption width"]:
        x, mask = self.words(captions)
        return self.gather(x, mask, seconds=_WORD_SECONDS)


class Gather(nn.Module):
    """A small transformer whose tokens are weighed into one vector."""

    def __init__(self, config: Config, layers: int) -> None:
        super().__init__()
        self.head_width = config.width // config.heads
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, mlp=config.mlp, dropout=config.dropout)
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.pool = AttentionPool(config.width, config.heads)

    def forward(
        self,
        x: Float[Tensor, "row token width"],
        mask: Bool[Tensor, "row token"],
        *,
        seconds: float,
    ) -> Float[Tensor, "row width"]:
        """Tokens stand ``seconds`` apart."""
        by = rotary(torch.arange(x.shape[1], device=x.device) * seconds, self.head_width)
        for block in self.blocks:
            x = block(x, mask[:, None, None], by)
        return self.pool(self.norm(x), mask)
