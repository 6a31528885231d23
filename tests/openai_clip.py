"""A stand-in for OpenAI's ``clip`` package: the same modules, names and text path, written anew.

Generators such as MoMask call ``clip.tokenize(texts, truncate=True)`` and
``clip_model.encode_text(tokens).float()`` on such an object, in half precision on a GPU.
"""

from collections import OrderedDict

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn


class QuickGELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class LayerNorm(nn.LayerNorm):
    """In single precision, whatever comes."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.float()).type(x.dtype)


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads)
        self.ln_1, self.ln_2 = LayerNorm(width), LayerNorm(width)
        self.mlp = nn.Sequential(
            OrderedDict(
                c_fc=nn.Linear(width, 4 * width),
                gelu=QuickGELU(),
                c_proj=nn.Linear(4 * width, width),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        causal = torch.full((len(x), len(x)), -torch.inf, dtype=x.dtype).triu(1)
        normed = self.ln_1(x)
        x = x + self.attn(normed, normed, normed, need_weights=False, attn_mask=causal)[0]
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.resblocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))

    def forward(self, x: Tensor) -> Tensor:
        return self.resblocks(x)


class CLIP(nn.Module):
    """The text half of a whole CLIP, with a token image half."""

    def __init__(self, words: int, *, width: int = 128, layers: int = 2, dim: int = 48) -> None:
        super().__init__()
        self.visual = nn.Linear(4, dim)
        self.transformer = Transformer(width, layers, width // 64)
        self.token_embedding = nn.Embedding(words, width)
        self.positional_embedding = nn.Parameter(0.01 * torch.randn(77, width))
        self.ln_final = LayerNorm(width)
        self.text_projection = nn.Parameter(width**-0.5 * torch.randn(width, dim))
        self.logit_scale = nn.Parameter(torch.tensor(2.6))

    @property
    def dtype(self) -> torch.dtype:
        return self.text_projection.dtype

    def encode_text(self, text: Tensor) -> Tensor:
        x = self.token_embedding(text).type(self.dtype) + self.positional_embedding.type(self.dtype)
        x = self.transformer(x.permute(1, 0, 2)).permute(1, 0, 2)
        x = self.ln_final(x).type(self.dtype)
        return x[torch.arange(len(x)), text.argmax(dim=-1)] @ self.text_projection


def convert_weights(model: CLIP) -> None:
    """Half precision for all but the norms and the two embeddings."""
    for part in model.modules():
        if isinstance(part, nn.Linear | nn.MultiheadAttention):
            part.half()
    model.text_projection.data = model.text_projection.data.half()


def tokenize(tokenizer: Tokenizer, texts: list[str], context_length: int = 77) -> Tensor:
    """Padded with zeros; longer texts are cut and keep their closing token."""
    rows = torch.zeros(len(texts), context_length, dtype=torch.long)
    for row, encoding in enumerate(tokenizer.encode_batch(texts)):
        ids = [i for i, real in zip(encoding.ids, encoding.attention_mask, strict=True) if real]
        if len(ids) > context_length:
            ids = [*ids[: context_length - 1], ids[-1]]
        rows[row, : len(ids)] = torch.tensor(ids)
    return rows
