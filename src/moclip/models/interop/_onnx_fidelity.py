"""How near graphs are to the towers they were drawn from, on several batch sizes and lengths.

Torch never sees the padding that onnxruntime is given, so a graph that heeds it is found out.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from moclip import skeletons
from moclip.geometry import axis_rotation, forward_kinematics
from moclip.models import onnx_runtime
from moclip.models.motion.base import MotionTower
from moclip.models.text.base import TextTower, Tokens
from moclip.models.two_tower import MoCLIP, unit
from moclip.motion import MotionBatch

CAPTIONS = (
    "waves",
    "a person walks forward",
    "someone jumps twice, then sits down on the floor",
    "a man turns around slowly, raises both arms above his head and bows",
    "walks " * 100,
)
_FRAMES = ((1,), (2,), (7, 3), (40, 64, 21), (200, 11))
_PADDING = 5
"""Frames or tokens that are added, which must make no difference."""
_BODY = skeletons.get("humanml3d")

Pairs = list[tuple[Tensor, Tensor]]
"""Unit vectors of the same by torch and by onnxruntime."""


def largest_difference(source: TextTower | MoCLIP, folder: Path) -> float:
    """Of any number in unit vectors."""
    pairs = [pair for pairs in _vectors(source, folder).values() for pair in pairs]
    return max(float((ours - theirs).abs().max()) for ours, theirs in pairs)


def cosines(source: TextTower | MoCLIP, folder: Path) -> dict[str, tuple[float, float]]:
    """Least and mean between a folder's vectors and torch's, by kind of tower."""
    found = {}
    for kind, pairs in _vectors(source, folder).items():
        cosine = torch.cat([(ours * theirs).sum(dim=-1) for ours, theirs in pairs])
        found[kind] = float(cosine.min()), float(cosine.mean())
    return found


def moving(frames: Sequence[int], fps: float, *, padding: int = 0) -> MotionBatch:
    """Bodies that walk a curve while all their joints swing, each in its own time."""
    draw = torch.Generator().manual_seed(0)
    width = max(frames) + padding
    joints = torch.stack([_walk(torch.arange(width) / fps, draw) for _ in frames])
    mask = torch.arange(width) < torch.tensor(frames)[:, None]
    return MotionBatch(torch.where(mask[..., None, None], joints, 0.0), mask, fps, _BODY)


def _walk(seconds: Tensor, draw: torch.Generator) -> Tensor:
    rate, size = torch.rand(2, len(_BODY), 1, generator=draw)
    turns = axis_rotation("X", 0.6 * size * torch.sin(6 * rate * seconds)).transpose(0, 1).clone()
    turns[:, 0] = axis_rotation("Y", rate[0] * seconds)
    root = torch.stack((size[0] * seconds, 0.9 + 0 * seconds, rate[0] * seconds), dim=-1)
    joints, _ = forward_kinematics(turns, root, torch.tensor(_BODY.offsets), _BODY.parents)
    return joints


def _vectors(source: TextTower | MoCLIP, folder: Path) -> dict[str, Pairs]:
    if isinstance(source, TextTower):
        return {"text": _of_captions(source, onnx_runtime.load_text(folder))}
    model = onnx_runtime.load(folder)
    motions = _of_motions(source.motion, model.motion, source.fps)
    return {"text": _of_captions(source.text, model.text), "motion": motions}


def _of_captions(tower: TextTower, graph: TextTower) -> Pairs:
    return [_of_batch(tower, graph, CAPTIONS[: n + 1]) for n in range(len(CAPTIONS))]


def _of_batch(tower: TextTower, graph: TextTower, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
    tokens = tower.tokenise(captions)
    more = min(_PADDING, tower.max_tokens - tokens.ids.shape[1])
    ids = F.pad(tokens.ids, (0, more), value=pad_id(tower))
    given = Tokens(ids, F.pad(tokens.mask, (0, more))).to("cpu")
    return unit(tower(tokens)).cpu(), unit(graph(given))


def _of_motions(tower: MotionTower, graph: MotionTower, fps: float) -> Pairs:
    device = next(tower.parameters()).device
    pairs = []
    for frames in _FRAMES:
        batch = moving(frames, fps)
        ours = unit(tower(batch.to(device))).cpu()
        pairs += [(ours, unit(graph(moving(frames, fps, padding=n)))) for n in (0, _PADDING)]
    return pairs


def pad_id(tower: TextTower) -> int:
    """Number of the token that fills up captions."""
    padding = tower.tokenizer.padding
    assert padding is not None
    return int(padding["pad_id"])
