"""Rotations for motions that have only joint positions."""

from dataclasses import replace

import torch
from jaxtyping import Float64
from torch import Tensor

from moclip import geometry
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton, Vector

_ROUNDS = 20
_SETTLED = 1e-7
"""Metres."""
_PULL = 1e-6
"""How much the joint above counts beside the children, which may leave a twist open."""


def pose(motion: Motion) -> tuple[Skeleton, Float64[Tensor, "frame joint 3 3"]]:
    """The motion's skeleton and local rotations, or some that bring its bones where the joints are.

    Where none are known, the bones are given their median lengths over time, and the children of
    one joint the angles that this body has between them. A joint with one child turns as little as
    it can, one with several by least squares. Twist about a bone is not in the positions and stays
    as it is above.
    """
    if motion.rotations is not None:
        return motion.skeleton, motion.rotations.double().cpu()
    joints, parents = motion.joints.double().cpu(), motion.skeleton.parents
    offsets = _with_lengths_of(motion)
    turned: list[Tensor] = []
    for joint, parent in enumerate(parents):
        above = turned[parent] if joint else torch.eye(3).double().expand(len(joints), 3, 3)
        children = [child for child, above_it in enumerate(parents) if above_it == joint]
        bones = joints[:, children] - joints[:, joint, None]
        if len(children) > 1:
            offsets[children] = _own_shape(above, offsets[children], bones)
        turned.append(turn(above, offsets[children], bones))
    skeleton = replace(motion.skeleton, offsets=_tuples(offsets))
    return skeleton, geometry.local_rotations(torch.stack(turned, dim=1), parents)


def local_bones(
    joints: Float64[Tensor, "frame joint 3"],
    rotations: Float64[Tensor, "frame joint 3 3"],
    skeleton: Skeleton,
) -> Float64[Tensor, "frame joint 3"]:
    """Each joint in its parent's frame; the root where it is."""
    parents = list(skeleton.parents[1:])
    turned = geometry.global_rotations(rotations, skeleton.parents)[:, parents]
    bones = (joints[:, 1:] - joints[:, parents])[..., None]
    return torch.cat((joints[:, :1], (turned.mT @ bones).squeeze(-1)), dim=1)


def _with_lengths_of(motion: Motion) -> Float64[Tensor, "joint 3"]:
    lengths = motion.bone_lengths().double().cpu().median(dim=0).values
    offsets = torch.tensor(motion.skeleton.offsets, dtype=torch.float64)
    rest = offsets[1:].norm(dim=-1)
    offsets[1:] *= (lengths / rest.clamp(min=1e-9))[:, None]
    return offsets


def _tuples(offsets: Float64[Tensor, "joint 3"]) -> tuple[Vector, ...]:
    return tuple((x, y, z) for x, y, z in offsets.tolist())


def _own_shape(
    above: Float64[Tensor, "frame 3 3"],
    rest: Float64[Tensor, "child 3"],
    bones: Float64[Tensor, "frame child 3"],
) -> Float64[Tensor, "child 3"]:
    """Where the children of a joint rest in this body: their mean over time, seen from the joint.

    The joint's rotation and the mean depend on each other and are found in turns (generalised
    Procrustes analysis, Gower 1975); lengths are kept.
    """
    lengths = rest.norm(dim=-1, keepdim=True)
    for _ in range(_ROUNDS):
        before = rest
        mean = (bones @ turn(above, rest, bones)).mean(dim=0)
        rest = mean * (lengths / mean.norm(dim=-1, keepdim=True).clamp(min=1e-9))
        if (rest - before).abs().max() < _SETTLED:
            break
    return rest


def turn(
    above: Float64[Tensor, "frame 3 3"],
    rest: Float64[Tensor, "child 3"],
    bones: Float64[Tensor, "frame child 3"],
) -> Float64[Tensor, "frame 3 3"]:
    """The global rotation that brings the children's rest offsets nearest to where they are."""
    reach = rest.norm(dim=-1)
    if not len(rest) or reach.max() < 1e-9:
        return above
    if len(rest) == 1:
        seen = (above.mT @ bones[:, 0, :, None]).squeeze(-1)
        return above @ geometry.rotation_between(rest.expand_as(seen), seen)
    both = bones.mT @ rest + _PULL * reach.max() ** 2 * above
    u, _, vt = torch.linalg.svd(both)  # Kabsch: the best rotation of both sets
    flip = torch.ones(len(bones), 3, dtype=torch.float64)
    flip[:, 2] = torch.linalg.det(u @ vt)
    return (u * flip[:, None]) @ vt
