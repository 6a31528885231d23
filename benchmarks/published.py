"""MoCLIP's training step as its published code does it, written plainly, to time ours against.

77 tokens whatever the captions, student and teacher text towers computed in every step of both
phases, every clip padded to 196 frames, a Python loop over limbs, no masks. Sizes and rates are the
published ones (arXiv 2505.10810): 8 parts x 256, 12 pre-norm blocks of 1032, 12 heads, MLP x4,
QuickGELU; 156.5 M parameters.

Faults that cost no time are not copied (z-scored joints, positions along the batch, a tether
averaged over dimensions), so that it computes the very losses that ours does. It is spared
tokenising and padding, which the published code does on the way.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import CLIPTextModelWithProjection

FRAMES = 196
TOKENS = 77


class Part(nn.Module):
    """One body part: a small network for its positions, another for its velocities."""

    def __init__(self, joints: int, width: int = 128) -> None:
        super().__init__()
        self.position = self._network(3 * joints, width)
        self.velocity = self._network(3 * joints, width)

    @staticmethod
    def _network(inputs: int, width: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Linear(inputs, width), nn.Tanh(), nn.Dropout(0.1), nn.Linear(width, width), nn.Tanh()
        )

    def forward(self, joints: Tensor, velocities: Tensor) -> Tensor:
        position, velocity = self.position(joints.flatten(2)), self.velocity(velocities.flatten(2))
        return torch.cat((position, velocity), dim=-1)


class Block(nn.Module):
    """CLIP's residual attention block."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads)
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.rise, self.fall = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm_1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        y = self.rise(self.norm_2(x))
        return x + self.fall(y * torch.sigmoid(1.702 * y))


class MotionEncoder(nn.Module):
    """Frames to a vector of CLIP's space, with a loop over limbs and a mean over all 196 frames."""

    def __init__(
        self, limbs: Sequence[Sequence[int]], *, width: int = 1032, layers: int = 12, dim: int = 512
    ) -> None:
        super().__init__()
        self.limbs = [list(limb) for limb in limbs]
        self.parts = nn.ModuleList(Part(len(limb)) for limb in self.limbs)
        self.embed = nn.Linear(256 * len(self.limbs), width)
        self.positions = nn.Parameter(torch.zeros(FRAMES, 1, width))
        self.blocks = nn.Sequential(*(Block(width, 12) for _ in range(layers)))
        self.project = nn.Linear(width, dim)

    def forward(self, joints: Float[Tensor, "clip 196 joint 3"]) -> Float[Tensor, "clip dim"]:
        velocities = F.pad(joints[:, 1:] - joints[:, :-1], (0, 0, 0, 0, 0, 1))
        parts = [
            part(joints[:, :, limb], velocities[:, :, limb])
            for part, limb in zip(self.parts, self.limbs, strict=True)
        ]
        x = self.embed(torch.cat(parts, dim=-1)).transpose(0, 1) + self.positions
        return self.project(self.blocks(x).mean(dim=0))


def loss(
    motion: Float[Tensor, "pair dim"],
    text: Float[Tensor, "pair dim"],
    anchor: Float[Tensor, "pair dim"],
    scale: Float[Tensor, ""],
) -> Float[Tensor, ""]:
    """L_contrastive + 0.4 L_tether + L_align, of unit vectors."""
    logits = scale * motion @ text.T
    target = torch.arange(len(logits))
    contrastive = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
    tether = (text - anchor).square().sum(dim=-1).mean()
    return contrastive + 0.4 * tether + 1 - (motion * text).sum(dim=-1).mean()


class Step:
    """One optimiser step of the published procedure."""

    def __init__(
        self,
        motion: MotionEncoder,
        student: CLIPTextModelWithProjection,
        teacher: CLIPTextModelWithProjection,
        *,
        motion_lr: float = 1e-4,
        text_lr: float = 1e-6,
    ) -> None:
        self.motion, self.student, self.teacher = motion, student, teacher.requires_grad_(False)
        self.scale = nn.Parameter(torch.tensor(2.659))
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [*motion.parameters(), self.scale], "lr": motion_lr},
                {"params": list(student.parameters()), "lr": text_lr},
            ],
            weight_decay=1e-4,
        )

    def __call__(
        self,
        joints: Float[Tensor, "clip 196 joint 3"],
        ids: Int[Tensor, "clip 77"],
        *,
        text_is_frozen: bool,
    ) -> float:
        self.student.requires_grad_(not text_is_frozen)
        motion = F.normalize(self.motion(joints), dim=-1)
        text = F.normalize(self.student(input_ids=ids).text_embeds, dim=-1)
        with torch.no_grad():
            anchor = F.normalize(self.teacher(input_ids=ids).text_embeds, dim=-1)
        value = loss(motion, text, anchor, self.scale.exp())
        self.optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(self.motion.parameters(), 1.0)
        self.optimiser.step()
        return float(value.detach())
