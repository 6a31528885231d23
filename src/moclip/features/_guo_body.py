"""What the features of Guo et al. need to know of a body, and how they are to be made."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from moclip.skeletons.base import Skeleton, Vector

_DEVIATION, _REACH = 20, 80
"""Of the Gaussian that smooths the heading, in frames, and where it ends."""


_ROOT = (0.0, 0.0, 0.0)
_AXES: Mapping[str, Vector] = {
    "+x": (1.0, 0.0, 0.0),
    "-x": (-1.0, 0.0, 0.0),
    "+y": (0.0, 1.0, 0.0),
    "-y": (0.0, -1.0, 0.0),
    "+z": (0.0, 0.0, 1.0),
}


@dataclass(frozen=True)
class Body:
    """A skeleton with what the features need to know of it; joints go by name."""

    skeleton: Skeleton
    directions: Mapping[str, str]
    """Axis of each bone in the published rest pose, as ``"+x"`` or ``"-y"``."""
    restart: tuple[str, ...]
    """Joints that begin a chain of their own: their bones turn relative to the root."""
    facing: tuple[str, str, str, str]
    """Right hip, left hip, right shoulder, left shoulder."""
    leg: tuple[str, str]
    """The joints below the two bones whose lengths make the body's scale."""
    feet: tuple[str, str, str, str]
    """Left two, right two."""
    still: float
    """A foot that moves less in a frame, squared, touches the floor; in the features' unit."""

    def numbers(self, joints: tuple[str, ...]) -> tuple[int, ...]:
        """Of joints, by name."""
        return tuple(map(self.skeleton.index, joints))

    @property
    def dim(self) -> int:
        """Numbers a frame."""
        return 12 * len(self.skeleton) - 1

    @cached_property
    def above(self) -> tuple[int, ...]:
        """The joint whose turn each bone's is relative to: its parent, or the root."""
        parents = list(self.skeleton.parents)
        for joint in self.numbers(self.restart):
            parents[joint] = 0
        return tuple(parents)

    @cached_property
    def axes(self) -> tuple[Vector, ...]:
        """Unit vectors of the bones in the rest pose; zero for the root."""
        return (_ROOT, *(_AXES[self.directions[joint]] for joint in self.skeleton.joint_names[1:]))

    @cached_property
    def rest(self) -> tuple[Vector, ...]:
        """Unit vectors of the bones of the skeleton's own rest pose; zero for the root."""
        bones = zip(self.skeleton.offsets[1:], self.template[1:], strict=True)
        return (_ROOT, *((x / length, y / length, z / length) for (x, y, z), length in bones))

    @cached_property
    def tree(self) -> tuple[ndarray, ndarray, ndarray, ndarray, np.float32]:
        """For compiled loops: each joint's parent, ``above`` and axis; ``feet``; ``still``."""
        parents, above = np.array(self.skeleton.parents), np.array(self.above)
        axes, feet = np.array(self.axes, dtype=np.float32), np.array(self.numbers(self.feet))
        return parents, above, axes, feet, np.float32(self.still)

    @cached_property
    def named(self) -> ndarray:
        """For compiled loops: the joints ``facing`` and ``leg``."""
        return np.array(self.numbers((*self.facing, *self.leg)))

    @cached_property
    def template(self) -> tuple[float, ...]:
        """Lengths of the skeleton's own bones, by joint."""
        return tuple(math.hypot(*offset) for offset in self.skeleton.offsets)


@dataclass(frozen=True)
class Settings:
    """How :func:`encode` works."""

    lengths: tuple[float, ...] | None
    """Of every joint's bone in metres, to put the body on; ``None`` keeps its own."""
    place: bool
    """Whether the clip is put on the floor, above the origin, facing +z in the first frame."""
    as_published: bool
    """Whether turns have the published sign where the heading passes -z."""
    least: float = 1e-4
    """A shorter bone points nowhere, in the features' unit: of two joints in one place nothing but
    rounding is left. It lies as it rests, turned as the body is."""


@cache
def smoothing() -> Float[Tensor, " tap"]:
    """Weights of the Gaussian over frames, cut at four deviations."""
    at = torch.arange(-_REACH, _REACH + 1, dtype=torch.float64) / _DEVIATION
    weights = (-0.5 * at.square()).exp()
    return weights / weights.sum()
