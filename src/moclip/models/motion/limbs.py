"""MoCLIP's motion encoder: limbs look at each other inside a moment, then moments over time.

The design of M2T-Interpretable as MoCLIP uses it (arXiv 2505.10810, section 3): body parts encoded
from joint positions and velocities, extra links hand-hand and foot-foot, attention over time,
pooling by attention, a linear projection.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast, overload

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from moclip import skeletons
from moclip.models.motion._blocks import AttentionPooling, Block, rotary_time
from moclip.models.motion._features import Layout, frame_features
from moclip.motion import MotionBatch

_TREE = (
    ("root", "torso"),
    ("torso", "left_arm"),
    ("torso", "right_arm"),
    ("root", "left_leg"),
    ("root", "right_leg"),
)
_LINKS = (
    ("left_arm", "right_arm"),
    ("hands", "left_arm"),
    ("hands", "right_arm"),
    ("left_leg", "right_leg"),
    ("feet", "left_leg"),
    ("feet", "right_leg"),
)
"""Hand-hand and foot-foot, beyond the body's tree."""


class Config(BaseModel):
    """Sizes of the tower."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    skeleton: str = "humanml3d"
    """Whose limbs the tokens are."""
    patch: int = Field(4, ge=1)
    """Frames that one token holds."""
    limb_width: int = Field(64, ge=8)
    limb_layers: int = Field(2, ge=0)
    limb_heads: int = Field(4, ge=1)
    width: int = Field(256, ge=8)
    layers: int = Field(6, ge=1)
    heads: int = Field(4, ge=1)
    queries: int = Field(2, ge=1)
    """Learned queries of the temporal pooling."""
    dropout: float = Field(0.1, ge=0, lt=1)
    links: bool = True
    """Whether hands and feet are linked beyond the body's tree."""

    @classmethod
    def compact(cls) -> "Config":
        """About 5 M parameters, for a laptop."""
        return cls()

    @classmethod
    def paper(cls) -> "Config":
        """The paper's size: 12 layers of 1032, a token a frame, about 156 M parameters."""
        return cls(
            patch=1, limb_width=256, limb_layers=1, limb_heads=4, width=1032, layers=12, heads=12
        )


@dataclass(frozen=True, eq=False)
class LimbAttention:
    """What the tower looked at."""

    limb_names: tuple[str, ...]
    limbs: tuple[Float[Tensor, "clip step head limb limb"], ...]
    """Of each limb layer: how much a limb (last but one axis) looks at another (last)."""
    time: Float[Tensor, "clip head query step"]
    """Weights of the temporal pooling."""


class Encoder(nn.Module):
    """Motion to a raw vector; padding and the other clips of a batch make no difference."""

    mean: Tensor
    deviation: Tensor
    gather: Tensor
    linked: Tensor

    def __init__(self, config: Config, *, dim: int) -> None:
        super().__init__()
        self.config, self.dim = config, dim
        self.layout = Layout.of(skeletons.get(config.skeleton))
        limbs, inputs, narrow = len(self.layout.names), self.layout.width, config.limb_width
        self.register_buffer("mean", torch.zeros(limbs, inputs))
        self.register_buffer("deviation", torch.ones(limbs, inputs))
        self.register_buffer("gather", self.layout.gather(), persistent=False)
        self.register_buffer("linked", _linked(self.layout.names, config.links), persistent=False)
        self.embed = LimbLinear(limbs, inputs * config.patch, narrow)
        self.refine = LimbLinear(limbs, narrow, narrow)
        self.limb_blocks = nn.ModuleList(
            Block(narrow, config.limb_heads, hidden=2 * narrow, dropout=0.0)
            for _ in range(config.limb_layers)
        )
        self.join = nn.Linear(limbs * narrow, config.width)
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, hidden=4 * config.width, dropout=config.dropout)
            for _ in range(config.layers)
        )
        self.pool = AttentionPooling(config.width, config.heads, config.queries)
        self.project = nn.Linear(config.queries * config.width, dim)

    @overload
    def forward(self, batch: MotionBatch) -> Float[Tensor, "clip dim"]: ...

    @overload
    def forward(
        self, batch: MotionBatch, *, return_attention: Literal[True]
    ) -> tuple[Float[Tensor, "clip dim"], LimbAttention]: ...

    def forward(
        self, batch: MotionBatch, *, return_attention: bool = False
    ) -> Float[Tensor, "clip dim"] | tuple[Float[Tensor, "clip dim"], LimbAttention]:
        """Raw vectors; with ``return_attention`` also who looked at whom."""
        patches, real = self._patches(batch)
        limbs = self.refine(F.gelu(self.embed(patches)))
        seen: list[Tensor] = []
        tokens = limbs.flatten(0, 1)
        for layer in self.limb_blocks:
            block = cast(Block, layer)
            if return_attention:
                weights = block.attention.weights(block.norm_1(tokens), self.linked)
                seen.append(weights.unflatten(0, real.shape))
            tokens = block(tokens, self.linked)
        x = self.join(tokens.unflatten(0, real.shape).flatten(2))
        x = self._over_time(x, real, batch.fps)
        pooled, weights = self.pool(x, real)
        vectors = self.project(pooled)
        if return_attention:
            return vectors, LimbAttention(self.layout.names, tuple(seen), weights)
        return vectors

    def _over_time(
        self, x: Float[Tensor, "clip step width"], real: Bool[Tensor, "clip step"], fps: float
    ) -> Float[Tensor, "clip step width"]:
        middle = (torch.arange(x.shape[1], device=x.device) + 0.5) * self.config.patch / fps
        rotary = rotary_time(middle, self.config.width // self.config.heads)
        allowed = None if bool(real.all()) else real[:, None, None]
        for block in self.blocks:
            x = block(x, allowed, rotary)
        return x

    def _patches(
        self, batch: MotionBatch
    ) -> tuple[Float[Tensor, "clip step limb inputs"], Bool[Tensor, "clip step"]]:
        """Scaled inputs of each limb, ``patch`` frames together; zero where there is no frame."""
        with torch.autocast(batch.joints.device.type, enabled=False):
            x = (self._limb_inputs(batch) - self.mean) / self.deviation
            x = x * batch.mask[:, :, None, None]
        missing = -batch.mask.shape[1] % self.config.patch
        x = F.pad(x, (0, 0, 0, 0, 0, missing))
        real = F.pad(batch.mask, (0, missing)).unflatten(1, (-1, self.config.patch)).any(dim=-1)
        x = x.unflatten(1, (-1, self.config.patch)).transpose(2, 3).flatten(3)
        return x, real

    def _limb_inputs(self, batch: MotionBatch) -> Float[Tensor, "clip frame limb inputs"]:
        features = F.pad(frame_features(batch), (0, 1))
        return features[..., self.gather]

    @torch.no_grad()
    def fit_normalisation(self, batches: Iterable[MotionBatch]) -> None:
        """Mean and deviation of every input over real frames; both are saved with the weights."""
        count, total, squares = 0, torch.zeros_like(self.mean), torch.zeros_like(self.mean)
        total, squares = total.double(), squares.double()
        for batch in batches:
            frames = self._limb_inputs(batch)[batch.mask].double()
            count += len(frames)
            total += frames.sum(dim=0)
            squares += frames.square().sum(dim=0)
        if not count:
            raise ValueError("there is no motion to take the mean and deviation of")
        mean = total / count
        self.mean.copy_(mean)
        variance = (squares / count - mean.square()).clamp(min=0)
        # A number that hardly varies (or is not used) would only blow up noise.
        self.deviation.copy_(variance.sqrt().clamp(min=0.01))


class LimbLinear(nn.Module):
    """A linear layer of its own for each limb, all in one product."""

    def __init__(self, limbs: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(limbs, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(limbs, outputs))

    def forward(self, x: Float[Tensor, "clip step limb a"]) -> Float[Tensor, "clip step limb b"]:
        return torch.einsum("csla,lab->cslb", x, self.weight) + self.bias


def _linked(names: tuple[str, ...], with_links: bool) -> Bool[Tensor, "1 1 limb limb"]:
    """Who may look at whom inside a moment; everyone sees itself."""
    table = torch.eye(len(names), dtype=torch.bool)
    for one, other in (*_TREE, *(_LINKS if with_links else ())):
        a, b = names.index(one), names.index(other)
        table[a, b] = table[b, a] = True
    return table[None, None]
