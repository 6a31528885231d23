"""Frames to steps of four frames and back, by convolutions over time (as in arXiv 2301.06052).

Whatever is padding is zero after every layer, so it is to a clip what lies beyond the end of the
tensor, and its amount makes no difference.
"""

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

_HALVINGS = 2
"""Twice half as many steps: one for each four frames."""


class Encoder(nn.Module):
    """``channels`` numbers a frame to ``dim`` numbers a step of four frames."""

    def __init__(self, channels: int, dim: int, *, width: int, depth: int, growth: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(channels, width, 3, padding=1)
        self.shrink = nn.ModuleList(
            nn.Conv1d(width, width, 4, stride=2, padding=1) for _ in range(_HALVINGS)
        )
        self.blocks = nn.ModuleList(Blocks(width, depth, growth) for _ in range(_HALVINGS))
        self.last = nn.Conv1d(width, dim, 3, padding=1)

    def forward(
        self, x: Float[Tensor, "clip frame channel"], mask: Bool[Tensor, "clip frame"]
    ) -> tuple[Float[Tensor, "clip step dim"], Bool[Tensor, "clip step"]]:
        """Frames are a multiple of four; a step is real if any of its frames is."""
        real = mask[:, None].to(x)
        x = F.relu(self.first(x.transpose(1, 2) * real)) * real
        for shrink, blocks in zip(self.shrink, self.blocks, strict=True):
            real = F.max_pool1d(real, 2)
            x = shrink(x) * real
            x = blocks(x, real)
        steps = self.last(x) * real
        return steps.transpose(1, 2), real[:, 0].bool()


class Decoder(nn.Module):
    """``dim`` numbers a step to ``channels`` numbers for each of its four frames."""

    def __init__(self, channels: int, dim: int, *, width: int, depth: int, growth: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(dim, width, 3, padding=1)
        self.blocks = nn.ModuleList(Blocks(width, depth, growth) for _ in range(_HALVINGS))
        self.enlarge = nn.ModuleList(
            nn.Conv1d(width, width, 3, padding=1) for _ in range(_HALVINGS)
        )
        self.smooth = nn.Conv1d(width, width, 3, padding=1)
        self.last = nn.Conv1d(width, channels, 3, padding=1)

    def forward(
        self, steps: Float[Tensor, "clip step dim"], mask: Bool[Tensor, "clip step"]
    ) -> Float[Tensor, "clip frame channel"]:
        """All frames of a real step are made; which of them a clip has is for the caller to say."""
        real = mask[:, None].to(steps)
        x = F.relu(self.first(steps.transpose(1, 2) * real)) * real
        for enlarge, blocks in zip(self.enlarge, self.blocks, strict=True):
            x = blocks(x, real)
            x, real = (part.repeat_interleave(2, dim=-1) for part in (x, real))
            x = enlarge(x) * real
        x = F.relu(self.smooth(x)) * real
        frames: Tensor = self.last(x) * real
        return frames.transpose(1, 2)


class Blocks(nn.Module):
    """Dilated convolutions at one rate, those that look furthest first."""

    def __init__(self, width: int, depth: int, growth: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, growth**n) for n in reversed(range(depth)))

    def forward(
        self, x: Float[Tensor, "clip width step"], real: Float[Tensor, "clip 1 step"]
    ) -> Float[Tensor, "clip width step"]:
        """``real`` is 1 where a step is real, 0 where it is padding."""
        for block in self.blocks:
            x = block(x, real)
        return x


class Block(nn.Module):
    """Adds what a dilated convolution sees around each step."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.look = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)

    def forward(
        self, x: Float[Tensor, "clip width step"], real: Float[Tensor, "clip 1 step"]
    ) -> Float[Tensor, "clip width step"]:
        """``real`` is as in :class:`Blocks`."""
        return x + self.mix(F.relu(self.look(F.relu(x)))) * real
