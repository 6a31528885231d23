"""Rotations for motions that have only joint positions."""

from dataclasses import replace

import torch
from jaxtyping import Float64
from torch import Tensor

from moclip import geometry
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton


def pose(motion: Motion) -> tuple[Skeleton, Float64[Tensor, "frame joint 3 3"]]:
    """The motion's skeleton and local rotations, or some that bring its bones where the joints are.

    Where none are known, the bones are given their median lengths over time; a joint with one child
    turns as little as it can, one with several by least squares. Twist about a bone is not in the
    positions and stays as it is above.
    """
    if motion.rotations is not None:
        return motion.skeleton, motion.rotations.double().cpu()
    joints = motion.joints.double().cpu()
    skeleton = _with_lengths_of(motion)
    offsets = torch.tensor(skeleton.offsets, dtype=torch.float64)
    turned: list[Tensor] = []
    for joint, parent in enumerate(skeleton.parents):
        above = turned[parent] if joint else torch.eye(3).double().expand(len(joints), 3, 3)
        children = [c for c, p in enumerate(skeleton.parents) if p == joint]
        bones = joints[:, children] - joints[:, joint, None]
        turned.append(_turn(above, offsets[children], bones))
    return skeleton, geometry.local_rotations(torch.stack(turned, dim=1), skeleton.parents)


def _with_lengths_of(motion: Motion) -> Skeleton:
    lengths = motion.bone_lengths().double().cpu().median(dim=0).values
    offsets = torch.tensor(motion.skeleton.offsets, dtype=torch.float64)
    rest = offsets[1:].norm(dim=-1)
    offsets[1:] *= (lengths / rest.clamp(min=1e-9))[:, None]
    rows = [(x, y, z) for x, y, z in offsets.tolist()]
    return replace(motion.skeleton, offsets=tuple(rows))


def _turn(
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
    u, _, vt = torch.linalg.svd(bones.mT @ rest)  # Kabsch: the best rotation of both sets
    flip = torch.ones(len(bones), 3, dtype=torch.float64)
    flip[:, 2] = torch.linalg.det(u @ vt)
    return (u * flip[:, None]) @ vt
