"""Small true towers: a bag of hashed words and a body's mean pose, made from a seed."""

import copy
import json
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from pydantic import BaseModel
from torch import Tensor, nn

from moclip.geometry import forward_kinematics
from moclip.models.motion.base import MotionTower
from moclip.models.text.base import TextTower, Tokens
from moclip.models.two_tower import MoCLIP
from moclip.motion import CaptionedMotion, Motion, MotionBatch
from moclip.skeletons import get

DIM = 24
_WORDS = 4096


class HashingText(TextTower):
    """Sum of a vector for each word; two captions with the same words have the same vector."""

    dim, max_tokens, source = DIM, 77, "double"

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(_WORDS, DIM)

    @classmethod
    def from_pretrained(cls, source: str | None = None) -> "HashingText":
        return cls()

    @classmethod
    def from_config(cls, folder: Path) -> "HashingText":
        assert json.loads((folder / "config.json").read_text()) == {"dim": DIM}
        return cls()

    def save_config(self, folder: Path) -> None:
        (folder / "config.json").write_text(json.dumps({"dim": DIM}))

    def tokenise(self, captions: Sequence[str]) -> Tokens:
        words = [caption.lower().split()[: self.max_tokens] for caption in captions]
        ids = torch.zeros(len(words), max(map(len, words)), dtype=torch.long)
        for row, line in zip(ids, words, strict=True):
            row[: len(line)] = torch.tensor([zlib.crc32(w.encode()) % _WORDS for w in line])
        lengths = torch.tensor([len(line) for line in words])
        mask = torch.arange(ids.shape[1]) < lengths[:, None]
        return Tokens(ids, mask).to(self.words.weight.device)

    def forward(self, tokens: Tokens) -> Tensor:
        vectors: Tensor = (self.words(tokens.ids) * tokens.mask[..., None]).sum(dim=1)
        return vectors

    def encode(self, captions: Sequence[str], *, chunk: int = 256) -> Tensor:
        parts = [captions[i : i + chunk] for i in range(0, len(captions), chunk)]
        return torch.cat([self(self.tokenise(part)) for part in parts])

    def frozen_twin(self) -> "HashingText":
        return copy.deepcopy(self).requires_grad_(False).eval()


class MeanPoseConfig(BaseModel):
    """Nothing to choose but the number of joints."""

    joints: int = 22


class MeanPose(MotionTower):
    """A linear map of the mean pose and the mean speed over real frames; dropout in train mode."""

    def __init__(self, joints: int = 22) -> None:
        super().__init__()
        self.config, self.dim = MeanPoseConfig(joints=joints), DIM
        self.project = nn.Linear(6 * joints, DIM)
        self.drop = nn.Dropout(0.5)
        self.centre: Tensor
        self.register_buffer("centre", torch.zeros(6 * joints))

    def forward(self, batch: MotionBatch) -> Tensor:
        vectors: Tensor = self.project(self.drop(self._measured(batch) - self.centre))
        return vectors

    def fit_normalisation(self, batches: Iterable[MotionBatch]) -> None:
        self.centre = torch.cat([self._measured(batch) for batch in batches]).mean(dim=0)

    def _measured(self, batch: MotionBatch) -> Tensor:
        real = batch.mask[..., None, None]
        mean = (batch.joints * real).sum(1) / real.sum(1)
        steps = (batch.joints.diff(dim=1).abs() * real[:, 1:]).sum(1) / real.sum(1)
        return torch.cat((mean, 10 * steps), -1).flatten(1)


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
