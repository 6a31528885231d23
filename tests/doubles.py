"""Small true things that stand for big ones: towers of a few weights that run in microseconds."""

import math
import re
import zlib
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from moclip import skeletons
from moclip.models.two_tower import MoCLIP
from moclip.motion import Motion, MotionBatch

DIM = 16


class HashingText(nn.Module):
    """A bag of words: each word's vector is a row of a table, chosen by its checksum."""

    dim, max_tokens, source = DIM, 64, "hashing"

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(512, DIM)
        self.captions_seen = 0

    def encode(self, captions: Sequence[str], *, chunk: int = 256) -> Tensor:
        self.captions_seen += len(captions)
        return torch.stack([self._one(caption) for caption in captions])

    def _one(self, caption: str) -> Tensor:
        words = re.findall(r"\w+", caption.lower()) or [""]
        rows = torch.tensor([zlib.crc32(word.encode()) % 512 for word in words])
        return self.words(rows).sum(dim=0)


class MeanMotion(nn.Module):
    """A projection of where the joints are on average and how fast they go."""

    dim = DIM

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(2 * 22 * 3, DIM)
        self.dropout = nn.Dropout(0.5)

    def forward(self, batch: MotionBatch, **_: Any) -> Tensor:
        weight = batch.mask[:, :, None, None] / batch.lengths[:, None, None, None]
        mean = (batch.joints * weight).sum(dim=1)
        speed = (batch.joints.diff(dim=1).abs() * weight[:, 1:]).sum(dim=1) * batch.fps
        return self.project(self.dropout(torch.cat((mean, speed), dim=1).flatten(1)))


def small_model(seed: int = 0) -> MoCLIP:
    """MoCLIP of the two towers above, weights drawn from the seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return MoCLIP(HashingText(), MeanMotion()).eval()


def waving(seconds: float = 3.0, *, speed: float = 1.0, fps: float = 20.0) -> Motion:
    """The rest pose with a right forearm that swings ``speed`` times a second."""
    skeleton = skeletons.get("humanml3d")
    time = torch.arange(round(seconds * fps)) / fps
    turn = torch.eye(3).repeat(len(time), len(skeleton), 1, 1)
    angle = torch.sin(2 * math.pi * speed * time)
    elbow = skeleton.index("right_elbow")
    turn[:, elbow, 0, 0] = turn[:, elbow, 1, 1] = angle.cos()
    turn[:, elbow, 0, 1], turn[:, elbow, 1, 0] = -angle.sin(), angle.sin()
    root = torch.tensor((0.0, 0.9, 0.0)).expand(len(time), 3)
    return Motion.from_rotations(turn, root, fps=fps, skeleton=skeleton)
