"""Codebooks that follow what is quantised, in residual layers (arXiv 2107.03312, 2312.00063).

A codebook is no parameter: each code is a moving mean of the vectors that chose it, and a code
that few choose is put where vectors are. So there is no gradient to it, only the commitment that
draws vectors to their codes.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

_APART = 0.01
"""Noise, in deviations of the batch, that tells codes apart that are drawn from the same vector."""


@dataclass(frozen=True, eq=False)
class Quantised:
    """Vectors, real ones only, as sums of codes."""

    values: Float[Tensor, "vector dim"]
    """With the gradient of the vectors themselves, as if nothing were done to them."""
    tokens: Int[Tensor, "vector layer"]
    commitment: Float[Tensor, ""]
    """Mean squared distance of what each layer is given to its code."""
    perplexity: Float[Tensor, " layer"]
    """Codes in even use that would be as hard to guess: 1 to the size of the codebook."""


class Codebook(nn.Module):
    """One layer's codes.

    ``decay`` is that of the moving means; a code is revived when it is chosen by fewer vectors of a
    batch, on moving average, than ``revive_below`` times its even share.
    """

    vectors: Tensor
    sums: Tensor
    counts: Tensor
    is_placed: Tensor

    def __init__(self, codes: int, dim: int, *, decay: float, revive_below: float) -> None:
        super().__init__()
        self.decay, self.revive_below = decay, revive_below
        self.register_buffer("vectors", torch.randn(codes, dim))
        self.register_buffer("sums", torch.zeros(codes, dim))
        self.register_buffer("counts", torch.zeros(codes))
        self.register_buffer("is_placed", torch.tensor(False))

    def choose(self, x: Float[Tensor, "vector dim"]) -> Int[Tensor, " vector"]:
        """The nearest code of each vector."""
        distance = self.vectors.square().sum(dim=-1) - 2 * x @ self.vectors.T
        return distance.argmin(dim=-1)

    @torch.no_grad()
    def place(self, x: Float[Tensor, "vector dim"]) -> None:
        """Lays the codes on vectors of the first batch; later calls do nothing."""
        if not self.is_placed:
            self._put(torch.ones_like(self.counts, dtype=torch.bool), x, len(x) / len(self.counts))
            self.is_placed.fill_(True)

    @torch.no_grad()
    def follow(self, x: Float[Tensor, "vector dim"], tokens: Int[Tensor, " vector"]) -> None:
        """One step of the moving means; then codes that are hardly chosen are revived."""
        chosen = F.one_hot(tokens, len(self.counts)).to(x)
        self.counts.lerp_(chosen.sum(dim=0), 1 - self.decay)
        self.sums.lerp_(chosen.T @ x, 1 - self.decay)
        least = self.revive_below * len(x) / len(self.counts)
        self.vectors.copy_(self.sums / self.counts.clamp(min=1e-8)[:, None])
        self._put(self.counts < least, x, 2 * least)

    def _put(
        self, which: Bool[Tensor, " code"], x: Float[Tensor, "vector dim"], count: float
    ) -> None:
        """Codes onto vectors drawn from ``x``, as if ``count`` vectors a batch had chosen them."""
        drawn = _draw(x, len(self.counts))
        self.vectors.copy_(torch.where(which[:, None], drawn, self.vectors))
        self.counts.masked_fill_(which, count)
        self.sums.copy_(torch.where(which[:, None], drawn * count, self.sums))


class ResidualCodebooks(nn.Module):
    """Each layer quantises what the layers before have left over."""

    def __init__(
        self, layers: int, codes: int, dim: int, *, decay: float, revive_below: float
    ) -> None:
        super().__init__()
        self.codes = codes
        self.layers = nn.ModuleList(
            Codebook(codes, dim, decay=decay, revive_below=revive_below) for _ in range(layers)
        )

    def __getitem__(self, layer: int) -> Codebook:
        codebook = self.layers[layer]
        assert isinstance(codebook, Codebook)
        return codebook

    def forward(self, x: Float[Tensor, "vector dim"], layers: int) -> Quantised:
        """Quantises by the first ``layers``, which follow the vectors in training."""
        total, tokens, distances = torch.zeros_like(x), [], []
        for layer in range(layers):
            rest = x - total
            chosen, code = _quantise(self[layer], rest.detach())
            tokens.append(chosen)
            distances.append(F.mse_loss(rest, code))
            total = total + code
        return Quantised(
            x + (total - x).detach(),
            torch.stack(tokens, dim=-1),
            torch.stack(distances).mean(),
            torch.stack([perplexity(chosen, self.codes) for chosen in tokens]),
        )

    def choose(self, x: Float[Tensor, "vector dim"]) -> Int[Tensor, "vector layer"]:
        """Tokens of all layers; nothing follows."""
        rest, tokens = x, []
        for layer in range(len(self.layers)):
            tokens.append(self[layer].choose(rest))
            rest = rest - self[layer].vectors[tokens[-1]]
        return torch.stack(tokens, dim=-1)

    def vectors(self, tokens: Int[Tensor, "*place layer"]) -> Float[Tensor, "*place dim"]:
        """The sum of the codes of as many layers as there are tokens."""
        return torch.stack(
            [self[layer].vectors[row] for layer, row in enumerate(tokens.unbind(-1))]
        ).sum(dim=0)


def _quantise(codebook: Codebook, x: Tensor) -> tuple[Tensor, Tensor]:
    """Token and code of each vector; in training the codebook follows afterwards."""
    if codebook.training:
        codebook.place(x)
    tokens = codebook.choose(x)
    codes = codebook.vectors[tokens]
    if codebook.training:
        codebook.follow(x, tokens)
    return tokens, codes


def perplexity(tokens: Int[Tensor, " vector"], codes: int) -> Float[Tensor, ""]:
    """The exponential of the entropy of how often each code is chosen."""
    share = F.one_hot(tokens, codes).float().mean(dim=0)
    return torch.special.entr(share).sum().exp()


def _draw(x: Float[Tensor, "vector dim"], count: int) -> Float[Tensor, "code dim"]:
    """``count`` of the vectors, each once; where they are too few, again with a little noise."""
    rows = torch.randperm(len(x), device=x.device)[:count]
    again = torch.randint(len(x), (count - len(rows),), device=x.device)
    noise = torch.randn(len(again), x.shape[1], device=x.device)
    return torch.cat((x[rows], x[again] + noise * _APART * x.std(dim=0, correction=0)))
