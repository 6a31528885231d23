"""From nothing, or from some tokens, to all: iterative decoding as MoMask and MaskGIT do it.

All tokens start hidden. In each step the network tells all that are hidden, and the least sure of
them are hidden again, fewer each time by a cosine; then the residual layers follow, one step each.
Each clip draws from random numbers of its own, so its tokens are the same in any batch (but where
two codes tie to within the rounding of a matrix product).
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from moclip.models.generator import masked, residual
from moclip.models.generator._codes import Codes


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn. Raises ``ValueError`` for what cannot be.

    Guidance and temperature were chosen on Bandai-Namco's validation split; MoMask's are 4 and 1.
    """

    steps: int = 10
    """Runs of the masked transformer."""
    guidance: float = 3.0
    """How far to go from what fits no caption to what fits this one, and beyond; 1 is none."""
    temperature: float = 0.6
    """Of the draws; 0 takes the likeliest code."""
    top: float = 0.1
    """Share of the codes, the likeliest, that is drawn from."""

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}, wanted at least 1")
        if not 0 <= self.temperature < math.inf:
            raise ValueError(f"temperature is {self.temperature:g}, wanted 0 or more")
        if not 0 <= self.guidance < math.inf:
            raise ValueError(f"guidance is {self.guidance:g}, wanted 0 or more")
        if not 0 < self.top <= 1:
            raise ValueError(f"top is {self.top:g}, wanted more than 0 and at most 1")


def sample(
    base: masked.Transformer,
    rest: residual.Transformer,
    text: Float[Tensor, "clip dim"],
    start: Codes,
    *,
    seeds: Sequence[int],
    keep: Bool[Tensor, "clip token"] | None = None,
    sampling: Sampling | None = None,
) -> Codes:
    """All tokens of all layers; where ``keep`` is True all layers stay as in ``start``.

    ``text`` holds raw vectors; a clip's result hangs on its own seed alone.
    """
    how = sampling or Sampling()
    keep = torch.zeros_like(start.mask) if keep is None else keep & start.mask
    counts = hidden_counts((start.mask & ~keep).sum(dim=1), how.steps)
    started = fill_base(base, text, start, keep, counts, seeds=seeds, sampling=how)
    return fill_rest(rest, text, started, keep, seeds=seeds, sampling=how)


def one_token_at_a_time(
    base: masked.Transformer,
    text: Float[Tensor, "clip dim"],
    start: Codes,
    *,
    seeds: Sequence[int],
    sampling: Sampling | None = None,
) -> Codes:
    """The base layer by the same network, each run settling only the token it is surest of.

    The plain reference that decoding in few steps is measured against.
    """
    free = start.mask.sum(dim=1)
    counts = (free - torch.arange(int(free.max()), device=free.device)[:, None]).clamp(min=0)
    none = torch.zeros_like(start.mask)
    return fill_base(base, text, start, none, counts, seeds=seeds, sampling=sampling or Sampling())


def hidden_counts(free: Int[Tensor, " clip"], steps: int) -> Int[Tensor, "step clip"]:
    """Tokens that are hidden before each step: all at first, then fewer by a cosine, never none."""
    share = masked.hidden_share(torch.arange(steps, device=free.device) / steps)
    return (share[:, None] * free).round().long().clamp(min=1).minimum(free)


@torch.no_grad()
def fill_base(
    network: masked.Transformer,
    text: Float[Tensor, "clip dim"],
    start: Codes,
    keep: Bool[Tensor, "clip token"],
    counts: Int[Tensor, "step clip"],
    *,
    seeds: Sequence[int],
    sampling: Sampling,
) -> Codes:
    """The base layer, one run of the network for each row of ``counts``."""
    tokens, noise = start.tokens[..., 0], _Noise(seeds, "base")
    settled = keep | ~start.mask
    sureness = torch.zeros_like(tokens, dtype=torch.float).masked_fill(settled, torch.inf)
    for count in counts:
        hidden = sureness.argsort(dim=1, stable=True).argsort(dim=1) < count[:, None]
        shown = tokens.masked_fill(hidden, network.hidden_token)
        logits = _guided(network, text, sampling.guidance, shown, start.mask)
        drawn = _draw(logits, noise.gumbel(start.mask, network.codes), sampling)
        chance = logits.softmax(dim=-1).gather(-1, drawn[..., None])[..., 0]
        tokens = torch.where(hidden, drawn, tokens)
        sureness = torch.where(hidden, chance, torch.inf)
    return replace(start, tokens=torch.cat((tokens[..., None], start.tokens[..., 1:]), dim=-1))


@torch.no_grad()
def fill_rest(
    network: residual.Transformer,
    text: Float[Tensor, "clip dim"],
    start: Codes,
    keep: Bool[Tensor, "clip token"],
    *,
    seeds: Sequence[int],
    sampling: Sampling,
) -> Codes:
    """The layers after the base, each drawn at once, kept tokens keeping theirs."""
    tokens, noise = start.tokens.clone(), _Noise(seeds, "rest")
    for number in range(1, network.layers):
        layer = torch.full((len(tokens),), number, device=tokens.device)
        logits = _guided(network, text, sampling.guidance, tokens, start.mask, layer)
        drawn = _draw(logits, noise.gumbel(start.mask, network.codes), sampling)
        tokens[..., number] = torch.where(start.mask & ~keep, drawn, tokens[..., number])
    return replace(start, tokens=tokens)


def _guided(
    network: nn.Module, text: Tensor, guidance: float, tokens: Tensor, mask: Tensor, *more: Tensor
) -> Float[Tensor, "clip token code"]:
    """Logits, moved away from those without a caption; both come from one doubled batch."""
    if guidance == 1:
        told: Tensor = network(tokens, mask, text, *more)
        return told.float()
    tokens, mask, *more_twice = (torch.cat((part, part)) for part in (tokens, mask, *more))
    text = torch.cat((text, torch.zeros_like(text)))
    with_caption, without = network(tokens, mask, text, *more_twice).float().chunk(2)
    return without + guidance * (with_caption - without)


def _draw(
    logits: Float[Tensor, "clip token code"],
    noise: Float[Tensor, "clip token code"],
    sampling: Sampling,
) -> Int[Tensor, "clip token"]:
    """One of the likeliest codes: the largest of logit / temperature + Gumbel noise."""
    if sampling.temperature == 0:
        return logits.argmax(dim=-1)
    count = max(1, math.ceil(sampling.top * logits.shape[-1]))
    least = logits.topk(count, dim=-1).values[..., -1:]
    likely = logits.masked_fill(logits < least, -torch.inf)
    return (likely / sampling.temperature + noise).argmax(dim=-1)


class _Noise:
    """Random numbers of each clip's own, made on the processor so that devices agree."""

    def __init__(self, seeds: Sequence[int], stage: str) -> None:
        self.generators = generators(seeds, stage)

    def gumbel(
        self, mask: Bool[Tensor, "clip token"], codes: int
    ) -> Float[Tensor, "clip token code"]:
        """Standard Gumbel noise; zero where the mask is False, so a clip's draws end with it."""
        noise = torch.zeros(*mask.shape, codes)
        for row, count, generator in zip(
            noise, mask.sum(dim=1).tolist(), self.generators, strict=True
        ):
            waits = torch.empty(count, codes).exponential_(generator=generator)
            row[:count] = -waits.log()
        return noise.to(mask.device)


def generators(seeds: Sequence[int], purpose: str) -> list[torch.Generator]:
    """One a seed; those of two purposes have nothing in common."""
    return [torch.Generator().manual_seed(seed_of(seed, purpose)) for seed in seeds]


def seed_of(*parts: int | str) -> int:
    """A seed of 63 bits that hangs on all parts."""
    text = "\n".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
