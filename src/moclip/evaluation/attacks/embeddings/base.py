"""What attacks on token vectors share: their points, the ball around them, and what they answer."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from moclip.models.text.base import TextTower, Tokens, is_word, token_table

Points = Float[Tensor, "caption token width"]
_CHUNK = 32
"""Captions of like length that are moved together."""


@dataclass(frozen=True, eq=False)
class Moved:
    """Captions whose tokens have been moved."""

    vectors: Float[Tensor, "caption dim"]
    """Raw vectors of the tower, of any length."""
    radius: Float[Tensor, " caption"]
    """How far the tokens are from where they were, as a share of their norm."""


@dataclass(frozen=True, eq=False)
class Start:
    """Captions before they are moved."""

    captions: tuple[str, ...]
    tokens: Tokens
    points: Points
    """Vectors of their tokens."""
    movable: Bool[Tensor, "caption token 1"]
    """True where a token may be moved."""

    @property
    def norm(self) -> Float[Tensor, "caption 1 1"]:
        """Of all movable vectors of a caption together."""
        return norm(self.points * self.movable)

    def direction(self, seed: int) -> Points:
        """A random direction for each caption, of norm 1; its neighbours make no difference."""
        drawn = torch.zeros_like(self.points, device="cpu")
        for row, caption, movable in zip(drawn, self.captions, self.movable.cpu(), strict=True):
            place = movable[:, 0]
            digest = hashlib.sha256(f"{seed}\n{caption}".encode("utf-8", "surrogatepass")).digest()
            generator = torch.Generator().manual_seed(int.from_bytes(digest[:8]) >> 1)
            row[place] = torch.randn(int(place.sum()), row.shape[1], generator=generator)
        return within(drawn.to(self.points), 1.0, fill=True)

    def moved(self, vectors: Float[Tensor, "caption dim"], by: Points) -> Moved:
        """The answer for captions whose tokens have been moved ``by`` so much."""
        radius = norm(by) / self.norm.clamp(min=torch.finfo(by.dtype).tiny)
        return Moved(vectors.detach(), radius[:, 0, 0])


def starts(tower: TextTower, captions: Sequence[str]) -> Iterator[tuple[list[int], Start]]:
    """Different captions, those of like length together, with their places in the list."""
    order = sorted(range(len(captions)), key=lambda i: len(captions[i]))
    for first in range(0, len(order), _CHUNK):
        rows = order[first : first + _CHUNK]
        chosen = tuple(captions[i] for i in rows)
        tokens = tower.tokenise(chosen)
        points = token_table(tower).weight.detach()[tokens.ids]
        yield rows, Start(chosen, tokens, points, is_word(tower, tokens)[..., None])


def together(tower: TextTower, count: int, parts: Sequence[tuple[list[int], Moved]]) -> Moved:
    """Parts put back in the order of the captions."""
    like = token_table(tower).weight
    vectors, radius = like.new_zeros(count, tower.dim), like.new_zeros(count)
    for rows, moved in parts:
        vectors[rows], radius[rows] = moved.vectors.to(vectors), moved.radius.to(radius)
    return Moved(vectors, radius)


def norm(points: Points) -> Float[Tensor, "caption 1 1"]:
    """Of all vectors of a caption together."""
    return points.flatten(1).norm(dim=1)[:, None, None]


def within(
    points: Points, radius: Float[Tensor, "caption 1 1"] | float, *, fill: bool = False
) -> Points:
    """Scaled down to a norm of at most ``radius``; exactly to it with ``fill``."""
    scale = radius / norm(points).clamp(min=torch.finfo(points.dtype).tiny)
    return points * (scale if fill else scale.clamp(max=1))
