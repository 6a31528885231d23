"""Frames to one vector and back: two transformers over short pieces of a motion.

A token is ``patch`` frames. Tokens know their time in seconds, by rotary angles and by waves that
are part of them, so a clip may have any length.

When a step is taken is as much of a motion as how. So vectors and waves of time are multiplied on
both ways, not only added: the encoder sums what tokens say over time times those waves, as a
Fourier analysis does, and the decoder begins with the reverse. A vector added to every token alone
took many times the training to tell a left step from a right one.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from moclip.models.autoencoder.frames import CHANNELS, FEET, FPS
from moclip.models.motion._transformer import AttentionPool, Block, Rotation, rotary

_WAVES = 32
_SLOWEST, _FASTEST = 0.3, 40.0
"""Radians a second of the waves that tell a time."""
_TIMES = 6 * _WAVES
"""Sines and cosines of three times; see :func:`_times`."""


class Config(BaseModel):
    """Sizes; the defaults are the compact ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    patch: int = Field(4, ge=1)
    """Frames of a token."""
    width: int = Field(256, ge=1)
    layers: int = Field(4, ge=1)
    """Of the encoder, and as many of the decoder."""
    heads: int = Field(8, ge=1)
    mlp: int = Field(4, ge=1)
    """Hidden width of each block's network, in widths."""
    rank: int = Field(2048, ge=1)
    """Products of a vector's channels with waves of time, on either way."""
    dropout: float = Field(0.0, ge=0, lt=1)
    prior_width: int = Field(512, ge=1)
    """Channels of the network that brings text vectors among motion vectors; see ``bridge``."""
    prior_layers: int = Field(4, ge=1)

    @model_validator(mode="after")
    def _heads_fit(self) -> "Config":
        if self.width % (2 * self.heads):
            raise ValueError(f"width {self.width} is no multiple of twice the {self.heads} heads")
        return self

    @classmethod
    def compact(cls) -> "Config":
        """About 13 M parameters, for two processor cores."""
        return cls()

    @classmethod
    def paper(cls) -> "Config":
        """The published size: 8 + 8 layers, 512 wide, 4 heads, 1,024 hidden; a token a frame."""
        return cls(patch=1, width=512, layers=8, heads=4, mlp=2, dropout=0.1, prior_width=1024)


class Encoder(nn.Module):
    """Normalised frames to raw vectors."""

    def __init__(self, config: Config, dim: int) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Linear(config.patch * CHANNELS, config.width)
        self.time = nn.Linear(_TIMES, config.width)
        self.blocks = _blocks(config)
        self.norm = nn.LayerNorm(config.width)
        self.pool = AttentionPool(config.width, config.heads)
        self.project = nn.Linear(config.width, dim)
        self.said, self.when = nn.Linear(config.width, config.rank), nn.Linear(_TIMES, config.rank)
        self.unfold = nn.Linear(config.rank, dim)

    def forward(
        self, frames: Float[Tensor, "clip frame channel"], mask: Bool[Tensor, "clip frame"]
    ) -> Float[Tensor, "clip dim"]:
        patch = self.config.patch
        frames = torch.where(mask[..., None], frames, 0.0)
        x = self.embed(_whole(frames, patch).unflatten(1, (-1, patch)).flatten(2))
        real = _whole(mask[..., None], patch)[..., 0].unflatten(1, (-1, patch)).any(dim=-1)
        times = _times(x.shape[1], patch, mask.sum(dim=1))
        x = x + self.time(times)
        by = _angles(self.config, x)
        for block in self.blocks:
            x = block(x, real[:, None, None], by)
        x = self.norm(x)
        both = self.said(x) * self.when(times) * real[..., None]
        summed = both.sum(dim=1) / real.sum(dim=1, keepdim=True)
        return self.project(self.pool(x, real)) + self.unfold(summed)


class Decoder(nn.Module):
    """A vector and a length to normalised frames.

    Queries are times, as in the paper. The vector is multiplied with them at first, and scales and
    shifts every token before every block.
    """

    def __init__(self, config: Config, dim: int) -> None:
        super().__init__()
        self.config, self.scale = config, dim**0.5
        self.query = nn.Linear(_TIMES, config.width)
        self.what, self.when = nn.Linear(dim, config.rank), nn.Linear(_TIMES, config.rank)
        self.fold = nn.Linear(config.rank, config.width)
        self.gain = nn.ModuleList(nn.Linear(dim, config.width) for _ in range(config.layers))
        self.memory = nn.ModuleList(nn.Linear(dim, config.width) for _ in range(config.layers))
        self.blocks = _blocks(config)
        self.norm = nn.LayerNorm(config.width)
        self.frames = nn.Linear(config.width, config.patch * (CHANNELS + len(FEET)))

    def forward(
        self, vectors: Float[Tensor, "clip dim"], lengths: Int[Tensor, " clip"]
    ) -> tuple[Float[Tensor, "clip frame channel"], Float[Tensor, "clip frame foot"]]:
        """Normalised features, and how surely feet stand: as many frames as the longest clip has.

        Those beyond a clip's end mean nothing.
        """
        patch, longest = self.config.patch, int(lengths.max())
        tokens = math.ceil(longest / patch)
        times = _times(tokens, patch, lengths)
        wide = vectors * self.scale
        x = self.query(times) + self.fold(self.when(times) * self.what(vectors)[:, None])
        starts = torch.arange(tokens, device=vectors.device) * patch
        real = (starts < lengths[:, None])[:, None, None]
        by = _angles(self.config, x)
        for block, gain, memory in zip(self.blocks, self.gain, self.memory, strict=True):
            x = block(x * (1 + gain(wide)[:, None]) + memory(wide)[:, None], real, by)
        frames = self.frames(self.norm(x)).unflatten(-1, (patch, -1)).flatten(1, 2)[:, :longest]
        return frames[..., :CHANNELS], frames[..., CHANNELS:]


def _times(
    tokens: int, patch: int, lengths: Int[Tensor, " clip"]
) -> Float[Tensor, "clip token wave"]:
    """Seconds since the start, to the end, and in all, as sines and cosines."""
    past = (torch.arange(tokens, device=lengths.device) * patch / FPS).expand(len(lengths), -1)
    whole = (lengths[:, None] / FPS).expand_as(past)
    return torch.cat([waves(seconds) for seconds in (past, whole - past, whole)], dim=-1)


def waves(seconds: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch wave"]:
    """A time as sines and cosines of slow to fast waves."""
    rates = torch.logspace(
        math.log10(_SLOWEST), math.log10(_FASTEST), _WAVES, device=seconds.device
    )
    angles = seconds[..., None] * rates
    return torch.cat((angles.sin(), angles.cos()), dim=-1)


def _blocks(config: Config) -> nn.ModuleList:
    return nn.ModuleList(
        Block(config.width, config.heads, mlp=config.mlp, dropout=config.dropout)
        for _ in range(config.layers)
    )


def _angles(config: Config, x: Float[Tensor, "clip token width"]) -> Rotation:
    seconds = torch.arange(x.shape[1], device=x.device) * (config.patch / FPS)
    return rotary(seconds, config.width // config.heads)


def _whole(x: Tensor, patch: int) -> Tensor:
    """Padded at the end to a whole number of patches."""
    return F.pad(x, (0, 0, 0, -x.shape[1] % patch))
