"""Small true towers: a bag of hashed words and a body's mean pose, made from a seed."""

import zlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from moclip.geometry import forward_kinematics
from moclip.models.two_tower import MoCLIP
from moclip.motion import CaptionedMotion, Motion, MotionBatch
from moclip.skeletons import get

DIM = 24
_WORDS = 4096


class HashingText(nn.Module):
    """Sum of a vector for each word; two captions with the same words have the same vector."""

    dim, max_tokens, source = DIM, 77, "double"

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(_WORDS, DIM, mode="sum")

    def encode(self, captions: Sequence[str], *, chunk: int = 256) -> Tensor:
        words = [[zlib.crc32(w.encode()) % _WORDS for w in c.lower().split()] for c in captions]
        flat = torch.tensor([word for line in words for word in line])
        starts = torch.tensor([0, *map(len, words[:-1])]).cumsum(0)
        vectors: Tensor = self.words(flat, starts)
        return vectors


class MeanPose(nn.Module):
    """A linear map of the mean pose and the mean speed over real frames; dropout in train mode."""

    dim = DIM

    def __init__(self, joints: int) -> None:
        super().__init__()
        self.project = nn.Linear(6 * joints, DIM)
        self.drop = nn.Dropout(0.5)

    def forward(self, batch: MotionBatch) -> Tensor:
        real = batch.mask[..., None, None]
        mean = (batch.joints * real).sum(1) / real.sum(1)
        steps = (batch.joints.diff(dim=1).abs() * real[:, 1:]).sum(1) / real.sum(1)
        vectors: Tensor = self.project(self.drop(torch.cat((mean, 10 * steps), -1).flatten(1)))
        return vectors


def model(seed: int = 0) -> MoCLIP:
    """A model of random weights in eval mode."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return MoCLIP(HashingText(), MeanPose(len(get("humanml3d")))).eval()


def walk(speed: float, *, frames: int = 40, fps: float = 20.0, lean: float = 0.0) -> Motion:
    """HumanML3D's body at rest sliding ahead at ``speed`` m/s, its joints spread by ``lean``."""
    body = get("humanml3d")
    ahead = torch.arange(frames) / fps * speed
    root = torch.stack((torch.zeros(frames), torch.full((frames,), 0.95), ahead), -1)
    bones = torch.tensor(body.offsets) * (1 + lean)
    turns = torch.eye(3).expand(frames, len(body), 3, 3)
    joints, _ = forward_kinematics(turns, root, bones, body.parents)
    return Motion(joints, fps, body)


def clips(count: int, *, captions: int = 2) -> list[CaptionedMotion]:
    """Walks of growing speed, each with its own captions and labels."""
    return [
        CaptionedMotion(
            f"clip-{i}",
            walk(0.2 * i, lean=0.02 * i),
            tuple(f"walk number {i} told {j}" for j in range(captions)),
            {"content": f"walk-{i % 3}"},
        )
        for i in range(count)
    ]
