"""What several checks measure."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from moclip.motion import Motion
from moclip.skeletons.base import Skeleton


def hips(skeleton: Skeleton) -> int:
    """The joint that carries the body: the one called root, else the first at which it forks."""
    for limb, joints in skeleton.limbs:
        if limb == "root":
            return skeleton.index(joints[0])
    children = [skeleton.parents.count(joint) for joint in range(len(skeleton))]
    return next((joint for joint, count in enumerate(children) if count > 1), 0)


def below(skeleton: Skeleton, joint: int) -> list[int]:
    """The joints that hang on this one, at any depth; those above tie the body to the world."""
    found = {joint}
    for child, parent in enumerate(skeleton.parents):
        if parent in found:
            found.add(child)
    return sorted(found - {joint})


def steps(motion: Motion) -> Float[Tensor, " step"]:
    """How far the joint that moves most goes from each frame to the next, in metres."""
    return (motion.joints[1:] - motion.joints[:-1]).norm(dim=-1).amax(dim=1)


def runs(marked: Bool[Tensor, " any"]) -> list[tuple[int, int]]:
    """Stretches of True as (first, one past the last)."""
    edges = torch.diff(marked.int(), prepend=torch.zeros(1).int(), append=torch.zeros(1).int())
    starts, ends = (edges == 1).nonzero().flatten(), (edges == -1).nonzero().flatten()
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
