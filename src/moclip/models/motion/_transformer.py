"""Pre-norm transformer blocks, rotary time in seconds, attention pooling."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from moclip.models._packing import Packing

Rotation = tuple[Tensor, Tensor]
"""Cosine and sine, (token, pair) each, of the angles that turn pairs of a head's channels."""

_FASTEST, _SLOWEST = 10.0, 0.05
"""Radians a second: neighbouring patches of 0.2 s stand 2 rad apart, half a turn takes a minute."""


def rotary(seconds: Float[Tensor, " token"], width: int) -> Rotation:
    """Angles for heads of ``width`` channels, tokens at any times (RoFormer, Su et al., 2021)."""
    pairs = width // 2
    rates = torch.logspace(math.log10(_FASTEST), math.log10(_SLOWEST), pairs, device=seconds.device)
    angles = seconds[:, None] * rates
    return angles.cos(), angles.sin()


def _turned(x: Float[Tensor, "*batch token width"], by: Rotation) -> Tensor:
    cosine, sine = (part.to(x.dtype) for part in by)
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cosine - b * sine, a * sine + b * cosine), dim=-1)


def _attend(query: Tensor, key: Tensor, value: Tensor, mask: Bool[Tensor, "..."]) -> Tensor:
    """Torch's fused attention; in single precision on a processor.

    There its backward in bf16 took seven times as long as in fp32 (128 clips, 8 heads, 24 tokens).
    """
    if query.device.type != "cpu" or query.dtype == torch.float64:
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    with torch.autocast("cpu", enabled=False):
        seen = F.scaled_dot_product_attention(
            query.float(), key.float(), value.float(), attn_mask=mask
        )
    return seen.to(query.dtype)


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(
        self,
        x: Float[Tensor, "*tokens width"],
        mask: Bool[Tensor, "..."],
        by: Rotation | None,
        packing: Packing | None = None,
    ) -> Float[Tensor, "*tokens width"]:
        """``mask`` is True where a token may look; it broadcasts to (batch, head, from, to)."""
        query, key, value = self._split(x, by, packing)
        seen = _attend(query, key, value, mask).transpose(1, 2).flatten(2)
        return self.out(seen if packing is None else packing.pack(seen))

    def weights(
        self, x: Float[Tensor, "batch token width"], mask: Bool[Tensor, "..."], by: Rotation | None
    ) -> Float[Tensor, "batch head token token"]:
        """How much each token takes from each other: what :meth:`forward` computes on the way."""
        query, key, _ = self._split(x, by)
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        return scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)

    def _split(
        self, x: Tensor, by: Rotation | None, packing: Packing | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (batch, head, token, channel)."""
        all_three = self.query_key_value(x)
        if packing is not None:
            all_three = packing.spread(all_three)
        query, key, value = all_three.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        if by is not None:
            query, key = _turned(query, by), _turned(key, by)
        return query, key, value


class Block(nn.Module):
    """Attention, then a small network for each token, both added to what came in."""

    def __init__(self, width: int, heads: int, *, mlp: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.network_norm = nn.LayerNorm(width)
        self.network = nn.Sequential(
            nn.Linear(width, mlp * width), nn.GELU(), nn.Linear(mlp * width, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Float[Tensor, "*tokens width"],
        mask: Bool[Tensor, "..."],
        by: Rotation | None = None,
        *,
        packing: Packing | None = None,
        weights: list[Tensor] | None = None,
    ) -> Float[Tensor, "*tokens width"]:
        """Tokens as (batch, token), or those of a ``packing`` alone.

        The attention's weights are appended to ``weights`` when it is given.
        """
        y = self.attention_norm(x)
        if weights is not None:
            weights.append(self.attention.weights(y, mask, by))
        x = x + self.dropout(self.attention(y, mask, by, packing))
        return x + self.dropout(self.network(self.network_norm(x)))


class AttentionPool(nn.Module):
    """A learned query for each head weighs the tokens; at first it weighs them all alike."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(heads, width // heads))

    def forward(
        self, x: Float[Tensor, "clip token width"], mask: Bool[Tensor, "clip token"]
    ) -> Float[Tensor, "clip width"]:
        tokens = x.unflatten(-1, self.query.shape).transpose(1, 2)
        query = self.query[:, None].to(x.dtype).expand(x.shape[0], -1, -1, -1)
        return _attend(query, tokens, tokens, mask[:, None, None]).flatten(1)
