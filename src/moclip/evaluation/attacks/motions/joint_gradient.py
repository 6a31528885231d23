"""Bones turn a little, each frame on its own, to where the motion is least like itself.

Projected gradient descent (Madry et al., ICLR 2018) on the directions of the bones: every bone of
every frame may turn by at most a given angle from where it was, so bones keep their lengths exactly
and the root its path. The worst point of all steps of all restarts is kept.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cosine_similarity

from moclip.evaluation.attacks import base
from moclip.evaluation.attacks.base import asked
from moclip.evaluation.attacks.motions.base import BLIND, MotionVictim, generator, with_joints
from moclip.motion import Motion, MotionBatch

STRENGTHS = (0.02, 0.05, 0.1)
NEEDS = ("encode",)

_OVERSHOOT = 2.5
"""Radii that all steps together would go in a straight line."""

Joints = Float[Tensor, "frame joint 3"]
Bones = Float[Tensor, "frame bone 3"]


class Options(base.Options):
    """The ball and the way through it."""

    strength: float = Field(0.05, ge=0, le=1)
    """Largest angle that a bone turns by, in radians."""
    steps: int = Field(20, ge=1)
    restarts: int = Field(3, ge=1)


def perturb(
    motions: Sequence[Motion], options: Options, victim: MotionVictim = BLIND
) -> list[Motion]:
    """Each motion on its own: a tower must not see how many there are."""
    return [_lowest(motion, options, victim) for motion in motions]


def _lowest(motion: Motion, options: Options, victim: MotionVictim) -> Motion:
    """The point of least cosine with the aim that is met, the clean one among them."""
    encode = asked(victim.encode, "encode")

    def vector(joints: Joints) -> Float[Tensor, " dim"]:
        mask = torch.ones(1, len(joints), dtype=torch.bool, device=joints.device)
        return encode(MotionBatch(joints[None], mask, motion.fps, motion.skeleton))[0]

    with torch.no_grad():
        own = vector(motion.joints)
    aim = own if victim.aim is None else victim.aim(motion).to(own)

    def cosine(joints: Joints) -> Float[Tensor, ""]:
        return cosine_similarity(vector(joints), aim, dim=0)

    clean = float(cosine_similarity(own, aim, dim=0)), motion.joints
    met = _met(motion, cosine, options) if options.strength else ()
    _, joints = min((clean, *met), key=lambda point: point[0])
    return with_joints(motion, joints)


def _met(
    motion: Motion, cosine: Callable[[Joints], Float[Tensor, ""]], options: Options
) -> Iterator[tuple[float, Joints]]:
    """Every point of every restart, with its cosine."""
    bones, draw = _bones(motion), generator(options.seed, motion)
    stride = _OVERSHOOT / options.steps * options.strength
    for _ in range(options.restarts):
        noise = torch.randn(bones.shape, generator=draw).to(bones)
        turn = _within(_across(noise, bones), options.strength, fill=True)
        for _ in range(options.steps + 1):
            joints, found, slope = _look(motion, bones, turn, cosine)
            yield found, joints
            down = _within(_across(slope, bones), stride, fill=True)
            turn = _within(turn - down, options.strength)


def _look(
    motion: Motion, bones: Bones, turn: Bones, cosine: Callable[[Joints], Float[Tensor, ""]]
) -> tuple[Joints, float, Bones]:
    """Joints of turned bones, their cosine, and its gradient along the turns."""
    with torch.enable_grad():
        turn = turn.detach().requires_grad_(True)
        joints = _joints(motion, _turned(bones, turn))
        found = cosine(joints)
        (slope,) = torch.autograd.grad(found, turn)
    return joints.detach(), float(found.detach()), slope


def _bones(motion: Motion) -> Bones:
    """From each joint's parent to the joint, without the root."""
    parents = list(motion.skeleton.parents[1:])
    return motion.joints[:, 1:] - motion.joints[:, parents]


def _joints(motion: Motion, bones: Bones) -> Joints:
    joints = [motion.joints[:, 0]]
    for bone, parent in enumerate(motion.skeleton.parents[1:]):
        joints.append(joints[parent] + bones[:, bone])
    return torch.stack(joints, dim=1)


def _turned(bones: Bones, turn: Bones) -> Bones:
    """Each bone along the great circle towards ``turn``, by its length in radians."""
    angle = turn.square().sum(-1, keepdim=True).clamp(min=1e-20).sqrt()
    length = bones.norm(dim=-1, keepdim=True)
    return angle.cos() * bones + angle.sin() * length * turn / angle


def _across(vectors: Bones, bones: Bones) -> Bones:
    """The part that is at right angles to the bones; of bones without length, nothing."""
    squared = bones.square().sum(-1, keepdim=True)
    along = (vectors * bones).sum(-1, keepdim=True) / squared.clamp(min=1e-12)
    return torch.where(squared > 1e-12, vectors - along * bones, 0)


def _within(vectors: Bones, radius: float, *, fill: bool = False) -> Bones:
    """Each scaled down to a length of at most ``radius``; exactly to it with ``fill``."""
    scale = radius / vectors.norm(dim=-1, keepdim=True).clamp(min=1e-20)
    return vectors * (scale if fill else scale.clamp(max=1))
