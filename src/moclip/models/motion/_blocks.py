"""Transformer pieces of the motion towers, on ``scaled_dot_product_attention``."""

from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

_SHORT = 64
"""Tokens up to which attention on a processor is computed by plain products."""


class Attention(nn.Module):
    """Multi-head self-attention with optional rotary time."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(
        self,
        x: Float[Tensor, "batch token width"],
        allowed: Bool[Tensor, "#batch 1 #token token"] | None,
        rotary: tuple[Tensor, Tensor] | None = None,
    ) -> Float[Tensor, "batch token width"]:
        """``allowed`` is True where a token (last but one axis) may look at another (last axis)."""
        q, k, v = self._split(x, rotary)
        with _short_on_cpu(x):
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        return self.out(y.transpose(1, 2).flatten(2))

    def weights(
        self, x: Float[Tensor, "batch token width"], allowed: Bool[Tensor, "#batch 1 #token token"]
    ) -> Float[Tensor, "batch head token token"]:
        """Who looks at whom, as :meth:`forward` computes it inside."""
        q, k, _ = self._split(x, None)
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        return scores.masked_fill(~allowed, -torch.inf).softmax(dim=-1)

    def _split(self, x: Tensor, rotary: tuple[Tensor, Tensor] | None) -> tuple[Tensor, ...]:
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        if rotary is not None:
            q, k = rotate(q, *rotary), rotate(k, *rotary)
        return q, k, v


def _short_on_cpu(x: Tensor) -> AbstractContextManager[None]:
    """On a processor the fused kernel's backward is many times slower than plain products here."""
    if x.device.type == "cpu" and x.shape[1] <= _SHORT:
        return sdpa_kernel(SDPBackend.MATH)
    return nullcontext()


class Block(nn.Module):
    """Pre-norm attention and a GELU network; dropout on what each adds."""

    def __init__(self, width: int, heads: int, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.rise, self.fall = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.drop = nn.Dropout(dropout)

    def forward(
        self,
        x: Float[Tensor, "batch token width"],
        allowed: Bool[Tensor, "#batch 1 #token token"] | None,
        rotary: tuple[Tensor, Tensor] | None = None,
    ) -> Float[Tensor, "batch token width"]:
        x = x + self.drop(self.attention(self.norm_1(x), allowed, rotary))
        return x + self.drop(self.fall(F.gelu(self.rise(self.norm_2(x)))))


class AttentionPooling(nn.Module):
    """Learned queries look at all real tokens; what they see is joined to one vector."""

    def __init__(self, width: int, heads: int, queries: int) -> None:
        super().__init__()
        self.heads = heads
        self.queries = nn.Parameter(torch.randn(queries, width) * width**-0.5)
        self.norm = nn.LayerNorm(width)
        self.key_value = nn.Linear(width, 2 * width)

    def forward(
        self, x: Float[Tensor, "clip token width"], real: Bool[Tensor, "clip token"]
    ) -> tuple[Float[Tensor, "clip pooled"], Float[Tensor, "clip head query token"]]:
        """The joined vector and the weights of the tokens in it (zero where ``real`` is False)."""
        k, v = self.key_value(self.norm(x)).unflatten(2, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q = self.queries.unflatten(1, (self.heads, -1)).transpose(0, 1)
        scores = (q @ k.transpose(-1, -2)).float() / q.shape[-1] ** 0.5
        weights = scores.masked_fill(~real[:, None, None], -torch.inf).softmax(dim=-1)
        return (weights.to(v.dtype) @ v).transpose(1, 2).flatten(1), weights


def rotary_time(
    seconds: Float[Tensor, " token"], size: int, *, shortest: float = 0.2, longest: float = 40.0
) -> tuple[Float[Tensor, "token half"], Float[Tensor, "token half"]]:
    """Cosines and sines of rotary positions (Su et al., 2021) in seconds instead of token numbers.

    Periods run from ``shortest`` to ``longest`` seconds, so the frame rate does not matter.
    """
    steps = torch.linspace(0, 1, size // 2, device=seconds.device)
    periods = shortest * (longest / shortest) ** steps
    angles = seconds[:, None] * (2 * torch.pi / periods)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
