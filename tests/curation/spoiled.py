"""Real clips, and the ways to spoil them, one for each check."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import torch

from moclip import datasets, geometry
from moclip.curation.checks.base import Case
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton


@cache
def bundled() -> dict[str, Motion]:
    return {clip.id: clip.motion for clip in datasets.load("bundled", "all")}


def walk() -> Motion:
    """A captured walk of 2.8 s, 22 joints at 20 fps, on the floor."""
    return bundled()["cmu_actions/walking_01"]


def jump() -> Motion:
    return bundled()["cmu_actions/jumping_03"]


def of(motion: Motion, **told: object) -> Case:
    return Case("clip", motion, **told)  # type: ignore[arg-type]


def changed(motion: Motion, change: Callable[[torch.Tensor], torch.Tensor]) -> Motion:
    return replace(motion, joints=change(motion.joints.clone()))


def teleported(motion: Motion, frame: int = 20, metres: float = 1.0) -> Motion:
    """From this frame on the whole body is elsewhere."""

    def leap(joints: torch.Tensor) -> torch.Tensor:
        joints[frame:, :, 0] += metres
        return joints

    return changed(motion, leap)


def with_a_lost_joint(motion: Motion, joint: str, frame: int = 20, metres: float = 0.6) -> Motion:
    """One joint is elsewhere for one frame."""

    def lose(joints: torch.Tensor) -> torch.Tensor:
        joints[frame, motion.skeleton.index(joint), 1] += metres
        return joints

    return changed(motion, lose)


def frozen(motion: Motion, start: int = 20, frames: int = 10) -> Motion:
    """Stands still for a while and goes on."""
    held = motion.joints[start : start + 1].expand(frames, -1, -1)
    joints = torch.cat((motion.joints[: start + 1], held, motion.joints[start + 1 :]))
    return replace(motion, joints=joints)


def repeating(motion: Motion, every: int) -> Motion:
    """Every so-manieth frame twice: more frames a second by copying."""
    at = [f for frame in range(len(motion)) for f in [frame] * (1 + (frame % every == every - 1))]
    return replace(motion, joints=motion.joints[at])


def in_unit(motion: Motion, metres: float) -> Motion:
    """As if numbers in this unit were metres."""
    return replace(motion, joints=motion.joints / metres)


def z_up(motion: Motion) -> Motion:
    return motion.turned(geometry.axis_rotation("X", torch.tensor(torch.pi / 2)))


def y_down(motion: Motion) -> Motion:
    return motion.turned(geometry.axis_rotation("Z", torch.tensor(torch.pi)))


def raised(motion: Motion, metres: float) -> Motion:
    return motion.moved(torch.tensor((0.0, metres, 0.0)))


def dipping(motion: Motion) -> Motion:
    """The whole body sinks by 30 cm and comes back, smoothly, in half a second."""
    bump = torch.zeros(len(motion))
    bump[25:34] = torch.hann_window(11, periodic=False)[1:-1]
    return replace(motion, joints=motion.joints - 0.3 * bump[:, None, None] * torch.eye(3)[1])


def swapped(motion: Motion, *words: str, frames: slice = slice(None)) -> Motion:
    """Joints whose name has one of the words take each other's place; all joints without words."""
    body = motion.skeleton
    twin = [
        other if not words or any(word in name for word in words) else number
        for number, (name, other) in enumerate(zip(body.joint_names, body.mirror, strict=True))
    ]

    def swap(joints: torch.Tensor) -> torch.Tensor:
        joints[frames] = joints[frames][:, twin]
        return joints

    return changed(motion, swap)


LEGS = ("hip", "knee", "ankle", "foot")
ARMS = ("collar", "shoulder", "elbow", "wrist")


def with_a_soft_bone(motion: Motion, joint: str = "left_wrist") -> Motion:
    """The bone to a joint at the end of a limb grows by a fifth and shrinks again."""
    number = motion.skeleton.index(joint)
    parent = motion.skeleton.parents[number]
    growth = 1 + 0.2 * torch.sin(torch.linspace(0, torch.pi, len(motion)))[:, None]

    def grow(joints: torch.Tensor) -> torch.Tensor:
        joints[:, number] = joints[:, parent] + growth * (joints[:, number] - joints[:, parent])
        return joints

    return changed(motion, grow)


def standardised(motion: Motion) -> Motion:
    """Each coordinate of each joint without its mean, in its deviations."""
    mean, deviation = motion.joints.mean(dim=0), motion.joints.std(dim=0)
    return replace(motion, joints=(motion.joints - mean) / deviation)


def renamed(motion: Motion) -> Motion:
    """The same tree with names nobody knows."""
    body = motion.skeleton
    names = tuple(f"bone{number}" for number in range(len(body)))
    return replace(motion, skeleton=Skeleton("robot", names, body.parents, body.offsets))


def at_fps(motion: Motion, fps: float) -> Motion:
    """The same frames, said to be so many a second."""
    return replace(motion, fps=fps)
