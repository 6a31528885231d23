"""Which clips are measured, and how long they are: a step's cost is its frames."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch

from moclip import datasets
from moclip.datasets import bandai_namco
from moclip.motion import CaptionedMotion, Motion

SHORTEST, LONGEST, MEAN = 40, 196, 142
"""Frames at 20 fps. HumanML3D's clips last 2 to 10 s, 7.1 s on average (Guo et al., CVPR 2022);
the published code cuts them at 196 frames."""

Lengths = Literal["humanml3d", "own"]


@dataclass(frozen=True)
class Mix:
    """Clips of at most :data:`LONGEST` frames."""

    name: str
    clips: list[CaptionedMotion]
    root: Path | None = None
    """Bandai-Namco's folder or zip, if the clips come from there."""

    @classmethod
    def of(cls, count: int, *, lengths: Lengths = "humanml3d", root: Path | None = None) -> "Mix":
        """``count`` real clips, of the package or of Bandai-Namco's zip, drawn by a fixed seed.

        All there are if ``count`` is 0.

        ``humanml3d`` gives them lengths as HumanML3D has them, by cutting clips that are too long
        and playing those that are too short to and fro; ``own`` leaves them as they are.
        """
        source = "bandai_namco" if root else "bundled"
        found = datasets.load(source, "all", **({"root": root} if root else {}))
        count = count or len(found)
        if not 2 <= count <= len(found):
            raise ValueError(f"{count} clips are asked for; '{source}' has {len(found)}, least 2")
        order = torch.randperm(len(found), generator=torch.Generator().manual_seed(0))
        clips = [found[i] for i in order[:count].tolist()]
        frames = [min(len(clip.motion), LONGEST) for clip in clips]
        if lengths == "humanml3d":
            frames = humanml3d_lengths(count)
        return cls(
            f"clips of {source}, {'lengths of HumanML3D' if lengths == 'humanml3d' else 'as is'}",
            [replace(c, motion=lasting(c.motion, n)) for c, n in zip(clips, frames, strict=True)],
            root,
        )

    def captured(self) -> list[Motion]:
        """The clips as files have them: their own body, rotations, frame rate and length.

        None where they are those of the package, which keeps canonical clips.
        """
        if self.root is None:
            return []
        options = bandai_namco.Options(root=self.root)
        ids = {clip.id for clip in self.clips}
        files = [file for file in bandai_namco.plan(options).files if file.clips[0].id in ids]
        found = (motion for _, motion in bandai_namco.read(files, options))
        return [motion for motion in found if isinstance(motion, Motion)]

    @property
    def frames(self) -> list[int]:
        """Length of each clip."""
        return [len(clip.motion) for clip in self.clips]

    def facts(self) -> dict[str, Any]:
        """What the ratios depend on."""
        frames = self.frames
        return {
            "clips": len(frames),
            "what": self.name,
            "min": min(frames),
            "median": statistics.median(frames),
            "mean": round(statistics.fmean(frames), 1),
            "max": max(frames),
        }


def humanml3d_lengths(count: int) -> list[int]:
    """``count`` even quantiles of the lengths of which only least, most and mean are known.

    The distribution that assumes nothing else has the density exp(rate * length) between the ends
    (maximum entropy); the rate gives it the mean. The data set itself is not needed.
    """
    rate = _rate()
    growth = math.expm1(rate * (LONGEST - SHORTEST))
    shares = ((i + 0.5) / count for i in range(count))
    return [round(SHORTEST + math.log1p(share * growth) / rate) for share in shares]


def _rate() -> float:
    """By halving: the mean grows with the rate."""

    def mean(rate: float) -> float:
        span = LONGEST - SHORTEST
        return SHORTEST + span / -math.expm1(-rate * span) - 1 / rate

    low, high = 1e-6, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if mean(middle) < MEAN else (low, middle)
    return low


def lasting(motion: Motion, frames: int) -> Motion:
    """The motion's beginning, or the motion to and fro until it is long enough."""
    once = torch.arange(len(motion))
    there_and_back = torch.cat((once, once.flip(0)))
    number = there_and_back.repeat(-(-frames // len(there_and_back)))[:frames]
    return replace(motion, joints=motion.joints[number], rotations=None)


def captions(clips: Sequence[CaptionedMotion]) -> list[str]:
    """All different captions of the clips."""
    return list(dict.fromkeys(caption for clip in clips for caption in clip.captions))
