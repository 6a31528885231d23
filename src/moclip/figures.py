"""Which rounded cones make up a body, and how thick they are.

Radii are those of a slim mannequin whose longest way from the hips to a fingertip or toe is 1.1 m;
they grow with the body. Along a limb they follow the share of the way from its first joint to its
tip, so the same few numbers fit every skeleton that names its limbs.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

MIDDLE, LEFT, RIGHT = range(3)
"""Sides, which are drawn in colours of their own."""

_REACH = 1.1
"""Metres from the hips to the farthest tip of the body whose radii stand below."""
_PROFILES = {
    "arm": ((0.0, 0.07), (0.17, 0.06), (0.5, 0.044), (0.85, 0.031), (1.0, 0.035)),
    "leg": ((0.0, 0.09), (0.4, 0.06), (0.8, 0.041), (1.0, 0.036)),
    "torso": ((0.0, 0.1), (0.2, 0.1), (0.45, 0.125), (0.6, 0.09), (0.68, 0.052), (1.0, 0.052)),
    "head": ((0.0, 0.092), (1.0, 0.092)),
}
"""(share of the way along the limb, radius in metres)."""
_HEAD = 0.05
"""Metres from the middle of the head's lower ball to that of its upper one."""
_TIPS = {"arm": 0.09, "leg": 0.05, "torso": 0.09}
"""Metres by which a limb goes on beyond its last joint: hand, toes, crown."""
_PLAIN = (0.15, 0.02, 0.06)
"""A bone of no known limb: radius as a share of its length, at least, at most."""
_SHORT = 0.02
"""Metres; a shorter bone is no shape of its own."""
_STEEPEST = 0.9
"""Radii of a cone's ends differ by at most this share of its length."""


@dataclass(frozen=True, eq=False)
class Figure:
    """Rounded cones in space, one set a pose."""

    starts: Float[Tensor, "pose cone 3"]
    ends: Float[Tensor, "pose cone 3"]
    radii: Float[Tensor, "cone 2"]
    """Metres, at start and end."""
    sides: tuple[int, ...]
    """Of each cone: :data:`MIDDLE`, :data:`LEFT` or :data:`RIGHT`."""
    joints: tuple[int, ...]
    """Number of the joint that carries each cone."""

    def floor(self) -> float:
        """Height above which the body's lowest point stays in nine poses of ten.

        Captures sink for a few frames; a floor below those would have the body float in all others.
        """
        heights = torch.stack((self.starts[..., 1], self.ends[..., 1]), dim=-1) - self.radii
        return float(heights.flatten(1).amin(dim=1).quantile(0.1))

    def at(self, poses: Tensor | slice) -> "Figure":
        """Some of the poses."""
        return replace(self, starts=self.starts[poses], ends=self.ends[poses])


@dataclass(frozen=True, eq=False)
class _Tree:
    """Joints and the tips beyond them, all alike."""

    points: Float[Tensor, "frame point 3"]
    parents: list[int]
    limbs: list[str]
    """Limb of each point, or an empty string."""
    lengths: list[float]
    """Metres from the parent, medians over time."""


def figure(motion: Motion) -> Figure:
    """The body in every frame of a motion, on the CPU."""
    tree = _with_tips(_tree(motion), motion)
    ways = _ways(tree)
    scale = (max(ways) or _REACH) / _REACH
    cones = [
        (parent, point)
        for point, parent in enumerate(tree.parents)
        if _trunk(tree.parents) <= parent and tree.lengths[point] >= _SHORT * scale
    ] or [(0, 0)]
    radii = torch.tensor([_radii(tree, ways, scale, parent, point) for parent, point in cones])
    starts, ends = zip(*cones, strict=True)
    sides = tuple(_side(tree.limbs[point], motion.skeleton, point) for point in ends)
    carriers = tuple(_carrier(tree, start, len(motion.skeleton)) for start in starts)
    return Figure(tree.points[:, list(starts)], tree.points[:, list(ends)], radii, sides, carriers)


def _tree(motion: Motion) -> _Tree:
    skeleton = motion.skeleton
    limbs = dict.fromkeys(skeleton.joint_names, "")
    for limb, joints in skeleton.limbs:
        if limb.rpartition("_")[2] in _PROFILES:
            limbs |= dict.fromkeys(joints, limb)
    lengths = motion.bone_lengths().median(dim=0).values.tolist()
    points = motion.joints.detach().float().cpu()
    return _Tree(points, list(skeleton.parents), list(limbs.values()), [0.0, *lengths])


def _with_tips(tree: _Tree, motion: Motion) -> _Tree:
    """Each last joint of a limb goes on to its tip, known or supposed."""
    scale = (max(_ways(tree)) or _REACH) / _REACH
    for joint in sorted(set(range(len(motion.skeleton))) - set(motion.skeleton.parents)):
        tip = _tip(tree, motion, joint, scale)
        if tip is None:
            continue
        limb, parent = tree.limbs[joint], joint
        if limb == "torso":
            back = F.normalize(tree.points[:, joint] - tip, dim=-1) * _HEAD * scale
            parent, tree = len(tree.parents), _grown(tree, joint, tip + back, "torso")
            limb = "head"
        tree = _grown(tree, parent, tip, limb)
    return tree


def _grown(tree: _Tree, parent: int, point: Float[Tensor, "frame 3"], limb: str) -> _Tree:
    length = float((point - tree.points[:, parent]).norm(dim=-1).median())
    return _Tree(
        torch.cat((tree.points, point[:, None]), dim=1),
        [*tree.parents, parent],
        [*tree.limbs, limb],
        [*tree.lengths, length],
    )


def _tip(tree: _Tree, motion: Motion, joint: int, scale: float) -> Float[Tensor, "frame 3"] | None:
    name = motion.skeleton.joint_names[joint]
    known = dict(motion.skeleton.ends).get(name)
    if known and motion.rotations is not None and np.hypot.reduce(known) > _SHORT * scale:
        return motion.end(name).detach().float().cpu()
    kind, above = tree.limbs[joint].rpartition("_")[2], tree.parents[joint]
    if not kind or above < 0:
        return None
    if kind == "torso" and tree.parents[above] >= 0:
        above = tree.parents[above]  # a neck is too short to say where the crown is
    bone = tree.points[:, joint] - tree.points[:, above]
    if bone.norm(dim=-1).median() < _SHORT * scale:
        return None
    return tree.points[:, joint] + F.normalize(bone, dim=-1) * _TIPS[kind] * scale


def _carrier(tree: _Tree, point: int, joints: int) -> int:
    """The joint a point hangs on, or which it is."""
    while point >= joints:
        point = tree.parents[point]
    return point


def _trunk(parents: list[int]) -> int:
    """The first fork: joints above it tie the body to the world and are not drawn."""
    children = [parents.count(joint) for joint in range(len(parents))]
    fork = next((joint for joint, count in enumerate(children) if count != 1), 0)
    return fork if children[fork] else 0


def _ways(tree: _Tree) -> list[float]:
    """Metres along the bones from the trunk to each point."""
    ways = [0.0] * len(tree.parents)
    for point in range(_trunk(tree.parents) + 1, len(tree.parents)):
        ways[point] = ways[tree.parents[point]] + tree.lengths[point]
    return ways


def _radii(
    tree: _Tree, ways: list[float], scale: float, parent: int, point: int
) -> tuple[float, float]:
    end, length = _radius(tree, ways, scale, point), tree.lengths[point]
    inside = tree.limbs[parent] == tree.limbs[point]
    start = _radius(tree, ways, scale, parent) if inside and tree.limbs[point] else end
    steepest = _STEEPEST * length
    return min(max(start, end - steepest), end + steepest), end


def _radius(tree: _Tree, ways: list[float], scale: float, point: int) -> float:
    limb, kind = tree.limbs[point], tree.limbs[point].rpartition("_")[2]
    if not limb:
        share, least, most = _PLAIN
        return float(np.clip(share * tree.lengths[point], least * scale, most * scale))
    along = [way for way, other in zip(ways, tree.limbs, strict=True) if other == limb]
    span = max(along) - min(along)
    share = (ways[point] - min(along)) / span if span else 0.0
    shares, radii = zip(*_PROFILES[kind], strict=True)
    return scale * float(np.interp(share, shares, radii))


def _side(limb: str, skeleton: Skeleton, point: int) -> int:
    """From the limb's name, else from the joint's twin."""
    if limb.startswith("left") or limb.startswith("right"):
        return LEFT if limb.startswith("left") else RIGHT
    if limb or point >= len(skeleton) or skeleton.mirror[point] == point:
        return MIDDLE
    return LEFT if any(point == left for left, _ in skeleton.twins) else RIGHT
