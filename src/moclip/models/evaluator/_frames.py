"""Motions as the frames an evaluator reads: HumanML3D's features, without what is solved for.

Of the 263 numbers those that are exact: the root's path, positions and velocities. The rotations
are made from these, and contacts are a threshold on them. Bodies stand on HumanML3D's skeleton, so
a generator's bodies and those of real clips differ in how they move alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from moclip.features import humanml263
from moclip.motion import Motion, MotionBatch
from moclip.retargeting import canonical

FPS = humanml263.FPS
_KEPT = [i for i in range(263) if i not in {*range(67, 193), *range(259, 263)}]
CHANNELS = len(_KEPT)
_CHUNK = 64


@dataclass(frozen=True, eq=False)
class Frames:
    """Clips padded to the longest."""

    values: Float[Tensor, "clip frame channel"]
    mask: Bool[Tensor, "clip frame"]
    """True where a frame is real."""

    @classmethod
    def of(cls, clips: Sequence[Float[Tensor, "_ channel"]]) -> "Frames":
        lengths = torch.tensor([len(clip) for clip in clips], device=clips[0].device)
        values = pad_sequence(list(clips), batch_first=True)
        return cls(values, torch.arange(values.shape[1], device=lengths.device) < lengths[:, None])


def measure(motions: Sequence[Motion]) -> list[Float[Tensor, "_ channel"]]:
    """Frames of each motion, one fewer than it has, on the processor.

    Raises as :func:`features`.
    """
    return [frames[:, _KEPT] for frames in features(motions)]


def features(motions: Sequence[Motion]) -> list[Float[Tensor, "_ 263"]]:
    """All 263 features of each motion, one frame fewer than it has; on the processor.

    Raises ``LookupError`` for an unknown skeleton, ``ValueError`` for fewer than two frames.
    """
    motions = [in_form(motion.to("cpu")) for motion in motions]
    made: list[Tensor] = [torch.empty(0)] * len(motions)
    for chunk in by_length(motions, _CHUNK):
        batch = MotionBatch.of([motions[i] for i in chunk])
        padded = humanml263.from_joints(batch.joints, batch.lengths)
        for row, i in zip(padded, chunk, strict=True):
            made[i] = row[: len(motions[i]) - 1].clone()
    return made


def in_form(motion: Motion) -> Motion:
    """HumanML3D's joints at its frame rate; where they stand makes no difference."""
    if motion.skeleton.same_tree(humanml263.SKELETON) and motion.fps == FPS:
        return Motion(motion.joints, motion.fps, humanml263.SKELETON)
    return canonical(motion, fps=FPS)


def by_length(clips: Sequence[Motion] | Sequence[Tensor], size: int) -> list[list[int]]:
    """Numbers of the clips, like lengths together."""
    order = sorted(range(len(clips)), key=lambda number: len(clips[number]))
    return [order[start : start + size] for start in range(0, len(order), size)]
