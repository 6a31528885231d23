"""A transformer over limbs, then over time: MoCLIP's motion encoder (arXiv 2505.10810).

Each limb is a token in each step of time (the design of M2T-Interpretable); limbs look at those
they hang on, and, beyond the skeleton, hand at hand and foot at foot. The limbs of a step together
are one token of a temporal transformer, whose tokens a learned query gathers into one vector.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, overload

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from moclip import skeletons
from moclip.models._packing import Packing
from moclip.models.motion import _channels
from moclip.models.motion._transformer import AttentionPool, Block, rotary
from moclip.models.motion.base import MotionTower
from moclip.motion import MotionBatch
from moclip.skeletons.base import Skeleton

_BODY = skeletons.get("humanml3d")
_SIDED = ("left_arm", "right_arm", "left_leg", "right_leg")
LINKS = (
    ("left_arm", "right_arm"),
    ("hands", "left_arm"),
    ("hands", "right_arm"),
    ("left_leg", "right_leg"),
    ("feet", "left_leg"),
    ("feet", "right_leg"),
)
"""Limbs that look at each other beyond the skeleton: hand and hand, foot and foot."""

_STILL = 0.02
"""Metres, or metres a second: what varies less than this is not blown up to unit deviation."""


class Config(BaseModel):
    """Sizes of the tower; the defaults are the compact ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    patch: int = Field(4, ge=1)
    """Frames that make one step of time."""
    limb_width: int = Field(64, ge=1)
    """Channels of a limb's token."""
    limb_layers: int = Field(1, ge=0)
    """Blocks of attention across limbs."""
    limb_heads: int = Field(4, ge=1)
    links: bool = True
    """Hand-hand and foot-foot links in the attention across limbs."""
    width: int = Field(384, ge=1)
    """Channels of a step of time."""
    layers: int = Field(3, ge=0)
    """Blocks of attention over time."""
    heads: int = Field(8, ge=1)
    mlp: int = Field(4, ge=1)
    """Hidden width of each block's network, in widths."""
    dropout: float = Field(0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _heads_fit(self) -> "Config":
        if self.width % (2 * self.heads):
            raise ValueError(f"width {self.width} is no multiple of twice the {self.heads} heads")
        if self.limb_width % self.limb_heads:
            raise ValueError(
                f"limb_width {self.limb_width} is no multiple of the {self.limb_heads} limb_heads"
            )
        return self

    @classmethod
    def compact(cls) -> "Config":
        """About 6 M parameters, for two processor cores."""
        return cls()

    @classmethod
    def paper(cls) -> "Config":
        """The published size, 156 M parameters: 8 limbs x 256, 12 layers x 1032."""
        return cls(
            patch=1, limb_width=256, limb_layers=1, width=1032, layers=12, heads=12, dropout=0.0
        )


_CHANNELS_IN_CACHE = 1_600_000
"""Steps of a batch times width: with more of them blocks leave a processor's cache."""


@dataclass(frozen=True, eq=False)
class Attention:
    """How limbs look at each other."""

    limbs: tuple[str, ...]
    weights: tuple[Float[Tensor, "clip time head limb limb"], ...]
    """A layer each; rows (from) sum to one over the limbs looked at (to)."""


class Encoder(MotionTower):
    config: Config
    mean: Tensor
    deviation: Tensor
    looks_at: Tensor

    def __init__(self, config: Config, *, dim: int) -> None:
        super().__init__()
        self.config, self.dim, self.skeleton = config, dim, _BODY
        self.frames_in_cache = _CHANNELS_IN_CACHE * config.patch // config.width
        self.limbs = tuple(name for name, _ in _BODY.limbs)
        count = _channels.count(_BODY)
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("deviation", torch.ones(count))
        self.embed = LimbEmbedding(_BODY, self.limbs, patch=config.patch, width=config.limb_width)
        self.register_buffer("looks_at", adjacency(_BODY, links=config.links), persistent=False)
        self.across_limbs = nn.ModuleList(
            Block(config.limb_width, config.limb_heads, mlp=2, dropout=config.dropout)
            for _ in range(config.limb_layers)
        )
        self.join = nn.Linear(len(self.limbs) * config.limb_width, config.width)
        self.over_time = nn.ModuleList(
            Block(config.width, config.heads, mlp=config.mlp, dropout=config.dropout)
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.pool = AttentionPool(config.width, config.heads)
        self.project = nn.Linear(config.width, dim)

    @overload
    def forward(
        self, batch: MotionBatch, *, return_attention: Literal[False] = False
    ) -> Tensor: ...

    @overload
    def forward(
        self, batch: MotionBatch, *, return_attention: Literal[True]
    ) -> tuple[Tensor, Attention]: ...

    def forward(
        self, batch: MotionBatch, *, return_attention: bool = False
    ) -> Float[Tensor, "clip dim"] | tuple[Float[Tensor, "clip dim"], Attention]:
        """Raw vectors; with ``return_attention`` also how limbs look at each other."""
        _channels.require_metres(batch, self.skeleton)
        real = self._steps(batch.mask)
        weights: list[Tensor] | None = [] if return_attention else None
        packing = Packing(real, padded=return_attention)
        limbs = packing.pack(self.limb_inputs(batch))
        for block in self.across_limbs:
            limbs = block(limbs, self.looks_at, weights=weights)
        vectors = self._over_time(self.join(limbs.flatten(1)), packing, real, batch.fps)
        if weights is None:
            return vectors
        shape = real.shape
        return vectors, Attention(self.limbs, tuple(w.unflatten(0, shape) for w in weights))

    def limb_inputs(self, batch: MotionBatch) -> Float[Tensor, "clip time limb width"]:
        """The token of each limb in each step of time, before limbs look at each other."""
        return self.embed(self._normalised(batch))

    def _normalised(self, batch: MotionBatch) -> Float[Tensor, "clip frame channel"]:
        joints = batch.joints.to(self.mean.dtype)
        values = _channels.channels(joints, batch.mask, fps=batch.fps, skeleton=self.skeleton)
        values = (values - self.mean) / self.deviation
        values = torch.where(batch.mask[..., None], values, 0.0)
        return F.pad(values, (0, 0, 0, -values.shape[1] % self.config.patch))

    def _steps(self, mask: Bool[Tensor, "clip frame"]) -> Bool[Tensor, "clip time"]:
        """A step of time is real if any of its frames is."""
        padded = F.pad(mask, (0, -mask.shape[1] % self.config.patch))
        return padded.unflatten(1, (-1, self.config.patch)).any(dim=-1)

    def _over_time(
        self,
        x: Float[Tensor, "step width"],
        packing: Packing,
        mask: Bool[Tensor, "clip time"],
        fps: float,
    ) -> Float[Tensor, "clip dim"]:
        seconds = torch.arange(mask.shape[1], device=x.device) * (self.config.patch / fps)
        by = rotary(seconds, self.config.width // self.config.heads)
        for block in self.over_time:
            x = block(x, mask[:, None, None], by, packing=packing)
        return self.project(self.pool(packing.spread(self.norm(x)), mask))

    @torch.no_grad()
    def fit_normalisation(self, batches: Iterable[MotionBatch]) -> None:
        device = self.mean.device
        frames = 0
        total = squares = torch.zeros_like(self.mean, dtype=torch.float64)
        for batch in batches:
            _channels.require_metres(batch, self.skeleton)
            batch = batch.to(device)
            values = _channels.channels(
                batch.joints.double(), batch.mask, fps=batch.fps, skeleton=self.skeleton
            )[batch.mask]
            frames += len(values)
            total = total + values.sum(dim=0)
            squares = squares + values.square().sum(dim=0)
        if not frames:
            raise ValueError("there are no motions to take mean and deviation from")
        mean = total / frames
        deviation = (squares / frames - mean.square()).clamp(min=0).sqrt()
        self.mean.copy_(mean)
        self.deviation.copy_(deviation.clamp(min=_STILL))


class LimbEmbedding(nn.Module):
    """A linear layer for each limb over the frames of a patch, all of them one matrix product."""

    columns: Tensor

    def __init__(
        self, skeleton: Skeleton, limbs: tuple[str, ...], *, patch: int, width: int
    ) -> None:
        super().__init__()
        self.patch = patch
        count = _channels.count(skeleton)
        per_limb = [_channels.of_limb(skeleton, limb) for limb in limbs]
        inputs = max(len(channels) for channels in per_limb)
        # Limbs differ in channels: the rest of a row points at a column of zeros, number `count`.
        columns = torch.full((len(limbs), patch, inputs), count)
        for row, channels in zip(columns, per_limb, strict=True):
            row[:, : len(channels)] = torch.tensor(channels)
        columns = columns + torch.arange(patch)[:, None] * (count + 1)
        self.register_buffer("columns", columns.flatten(), persistent=False)
        self.weight = nn.Parameter(torch.empty(len(limbs), patch * inputs, width))
        self.bias = nn.Parameter(torch.zeros(len(limbs), 1, width))
        for weight, channels in zip(self.weight, per_limb, strict=True):
            nn.init.normal_(weight, std=(patch * len(channels)) ** -0.5)

    def forward(
        self, values: Float[Tensor, "clip frame channel"]
    ) -> Float[Tensor, "clip time limb width"]:
        patches = F.pad(values, (0, 1)).unflatten(1, (-1, self.patch)).flatten(2)
        shape = patches.shape[:2]
        gathered = patches.flatten(0, 1)[:, self.columns].unflatten(1, (len(self.weight), -1))
        tokens = torch.baddbmm(self.bias, gathered.transpose(0, 1), self.weight)
        return tokens.transpose(0, 1).unflatten(0, shape)


def adjacency(skeleton: Skeleton, *, links: bool) -> Bool[Tensor, "limb limb"]:
    """Which limb looks at which: at itself, those it hangs on, and with ``links`` :data:`LINKS`."""
    names = [name for name, _ in skeleton.limbs]
    table = torch.eye(len(names), dtype=torch.bool)
    pairs = [*_hanging_together(skeleton), *(LINKS if links else ())]
    for one, other in pairs:
        i, j = names.index(one), names.index(other)
        table[i, j] = table[j, i] = True
    return table


def _hanging_together(skeleton: Skeleton) -> list[tuple[str, str]]:
    """Pairs of limbs of the body that share a joint or are joined by a bone."""
    reach = {}
    for limb in ("root", "torso", *_SIDED):
        joints = {skeleton.index(joint) for joint in skeleton.limb(limb)}
        reach[limb] = joints, joints | {skeleton.parents[joint] for joint in joints}
    return [
        (one, other)
        for one, (joints, _) in reach.items()
        for other, (_, with_parents) in reach.items()
        if one != other and joints & with_parents
    ]
