"""Tokens of no one's motion, made from a seed."""

import torch
from torch import Tensor

from moclip.models.generator._codes import Codes

CODES, LAYERS, DIM = 32, 4, 12


def codes(frames: tuple[int, ...] = (40, 26, 80, 4), *, seed: int = 0) -> Codes:
    blank = Codes.blank(frames, LAYERS)
    draw = torch.Generator().manual_seed(seed)
    tokens = torch.randint(CODES, tuple(blank.tokens.shape), generator=draw)
    return Codes(tokens * blank.mask[..., None], blank.mask, blank.frames)


def text(count: int = 4, *, seed: int = 0) -> Tensor:
    """Raw vectors, of any length."""
    return 3 * torch.randn(count, DIM, generator=torch.Generator().manual_seed(seed))


def row(many: Codes, number: int, *, padding: int = 0) -> Codes:
    """One clip alone, with as much padding after it."""
    count = int(many.mask[number].sum())
    tokens, mask = many.tokens[number, :count], many.mask[number, :count]
    junk = torch.full((padding, tokens.shape[1]), 7)
    return Codes(
        torch.cat((tokens, junk))[None],
        torch.cat((mask, torch.zeros(padding, dtype=torch.bool)))[None],
        many.frames[number : number + 1],
    )
