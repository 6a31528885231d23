"""From a caption's vector to a motion's: the two lie in different parts of the sphere.

However well captions and motions are aligned, a caption's vector keeps some distance from all
motions (the modality gap, Liang et al., NeurIPS 2022), and a decoder that never saw such a vector
answers with something between all it knows: a body that hardly moves. Besides, one caption fits
many motions, whose mean is none of them. There are three ways across:

- ``none``: the caption's vector is decoded as it is, as MotionCLIP publishes it;
- ``centre``: it is moved by the difference of the means of both kinds;
- ``prior``: a small network, given caption and length, draws a motion's vector (a flow from noise
  to data along straight lines: Lipman et al., ICLR 2023), another for each seed.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from moclip.models.autoencoder.networks import Config, waves
from moclip.models.two_tower import unit

Way = Literal["prior", "centre", "none"]
WAYS: tuple[Way, ...] = ("prior", "centre", "none")
_MOMENTUM = 0.99
_STEPS = 24


class Bridge(nn.Module):
    """All three ways; what they know is learned from pairs of unit vectors."""

    text_mean: Tensor
    motion_mean: Tensor

    def __init__(self, config: Config, dim: int) -> None:
        super().__init__()
        self.register_buffer("text_mean", torch.zeros(dim))
        self.register_buffer("motion_mean", torch.zeros(dim))
        self.prior = Prior(config, dim)

    @torch.no_grad()
    def observe(self, text: Float[Tensor, "pair dim"], motion: Float[Tensor, "pair dim"]) -> None:
        """Running means of both kinds, from a batch of training."""
        for mean, vectors in ((self.text_mean, text), (self.motion_mean, motion)):
            new = vectors.float().mean(dim=0)
            mean.copy_(new if not mean.any() else mean.lerp(new, 1 - _MOMENTUM))

    def forward(
        self,
        text: Float[Tensor, "clip dim"],
        seconds: Float[Tensor, " clip"],
        noise: Float[Tensor, "clip dim"],
        *,
        way: Way,
        guidance: float,
    ) -> Float[Tensor, "clip dim"]:
        """Unit vectors to decode. Only ``prior`` reads ``seconds``, ``noise`` and ``guidance``."""
        if way == "none":
            return text
        if way == "centre":
            return unit(text - self.text_mean + self.motion_mean)
        return self.prior.sample(text, seconds, noise, guidance=guidance)


class Prior(nn.Module):
    """Velocities of the flow that carries noise (time 0) to motion vectors (time 1)."""

    def __init__(self, config: Config, dim: int) -> None:
        super().__init__()
        width = config.prior_width
        self.scale = dim**0.5
        """Of unit vectors, so that their numbers have the deviation of the noise."""
        self.none = nn.Parameter(torch.zeros(dim))
        """Stands for a caption where there is none; guidance needs it."""
        self.vector = nn.Linear(dim, width)
        self.text = nn.Linear(dim, width)
        self.times = nn.Linear(2 * waves(torch.zeros(())).shape[-1], width)
        self.layers = nn.ModuleList(_Residual(width) for _ in range(config.prior_layers))
        self.out = nn.Linear(width, dim)

    def forward(
        self,
        vectors: Float[Tensor, "clip dim"],
        time: Float[Tensor, " clip"],
        text: Float[Tensor, "clip dim"],
        seconds: Float[Tensor, " clip"],
    ) -> Float[Tensor, "clip dim"]:
        times = torch.cat((waves(time), waves(seconds)), dim=-1)
        given = self.text(text) + self.times(times)
        x = self.vector(vectors) + given
        for layer in self.layers:
            x = layer(x, given)
        return self.out(F.silu(x))

    def loss(
        self,
        motion: Float[Tensor, "pair dim"],
        text: Float[Tensor, "pair dim"],
        seconds: Float[Tensor, " pair"],
        *,
        draws: int = 4,
        dropped: float = 0.1,
    ) -> Float[Tensor, ""]:
        """Mean squared error of the velocity at ``draws`` random times of each pair.

        A share of ``dropped`` captions is left out. No gradient reaches the vectors.
        """
        goal = (motion.detach() * self.scale).repeat(draws, 1)
        text, seconds = (text.detach() * self.scale).repeat(draws, 1), seconds.repeat(draws)
        noise, time = torch.randn_like(goal), torch.rand_like(seconds)
        left_out = torch.rand_like(seconds) < dropped
        text = torch.where(left_out[:, None], self.none, text)
        at = torch.lerp(noise, goal, time[:, None])
        return F.mse_loss(self(at, time, text, seconds), goal - noise)

    def sample(
        self,
        text: Float[Tensor, "clip dim"],
        seconds: Float[Tensor, " clip"],
        noise: Float[Tensor, "clip dim"],
        *,
        guidance: float = 1.0,
        steps: int = _STEPS,
    ) -> Float[Tensor, "clip dim"]:
        """Unit vectors; ``guidance`` above 1 keeps nearer to the caption (classifier-free)."""
        x, text = noise, text * self.scale
        for step in range(steps):
            time = torch.full_like(seconds, step / steps)
            velocity = self(x, time, text, seconds)
            if guidance != 1:
                free = self(x, time, self.none.expand_as(text), seconds)
                velocity = free + guidance * (velocity - free)
            x = x + velocity / steps
        return unit(x)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.network = nn.Sequential(
            nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width)
        )

    def forward(
        self, x: Float[Tensor, "clip width"], given: Float[Tensor, "clip width"]
    ) -> Float[Tensor, "clip width"]:
        return x + self.network(self.norm(x) + given)
