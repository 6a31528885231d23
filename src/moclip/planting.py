"""Feet that stand, stand still: legs are bent anew so that planted toes keep their place.

Decoders of motion let feet glide. Where toes stand, as their decoder says or else because they are
low and slow, they are held where they stood on average; where the ankle stands too, the whole foot
keeps its direction. Hip and knee follow by the law of cosines, the knee bent in the plane it was
bent in, and where a leg is too short for that the body comes down a little.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from moclip import geometry
from moclip.motion import Motion

SPEED, HEIGHT = 0.5, 0.06
"""A joint of a foot slower (m/s) and no higher above its lowest place (m) than these stands."""
SHORTEST = 0.15
"""Seconds; what is shorter is a foot that passes by."""
_EASE = 0.15
"""Seconds in which a foot comes to the place it stands at, and leaves it."""
_STRAIGHT = 0.999
"""Share of a leg's length beyond which it is not stretched."""
_DEEPEST = 0.1
"""Metres the body comes down at most."""
_MOVED = 1e-4
"""Metres by which an ankle must be moved before the body comes down for it."""
_SMALL = 1e-6


@dataclass(frozen=True)
class Leg:
    """Joints by name, from the hip to the toes; a foot without toes has its ankle for them."""

    hip: str
    knee: str
    ankle: str
    foot: str


LEGS = tuple(
    Leg(*(f"{side}_{joint}" for joint in ("hip", "knee", "ankle", "foot")))
    for side in ("left", "right")
)
"""Of HumanML3D's body."""


def planted(
    motion: Motion,
    stance: Bool[Tensor, "frame leg 2"] | None = None,
    *,
    legs: tuple[Leg, ...] = LEGS,
    along: Float[Tensor, "frame leg 3"] | None = None,
) -> Motion:
    """The motion with standing feet held; rotations follow where it has them.

    ``stance`` tells when ankle and toes of the left and the right foot stand; without it the motion
    itself does. With ``along`` an ankle moves, while both stand, as its path there does, no more,
    and nothing else does. Raises ``LookupError`` for a body without these ``legs``.
    """
    missing = [
        j for leg in legs for j in vars(leg).values() if j not in motion.skeleton.joint_names
    ]
    if missing:
        raise LookupError(f"skeleton '{motion.skeleton.name}' has no joint '{missing[0]}'")
    if stance is None:
        stance = torch.stack([held(motion, leg) for leg in legs], dim=1)
    if along is None:
        steps = [_Step.of(motion, leg, stance[:, at]) for at, leg in enumerate(legs)]
    else:
        steps = [
            _Step.along(motion, leg, stance[:, at], along[:, at]) for at, leg in enumerate(legs)
        ]
    turned = None
    if motion.rotations is not None:
        turned = geometry.global_rotations(motion.rotations, motion.skeleton.parents)
    joints = motion.joints.clone()
    if along is None:
        joints[..., 1] -= _lowered(motion, steps)[:, None]
    for step in steps:
        _take(motion, step, joints, turned)
    if turned is None:
        return replace(motion, joints=joints)
    rotations = geometry.local_rotations(turned, motion.skeleton.parents)
    return Motion.from_rotations(rotations, joints[:, 0], fps=motion.fps, skeleton=motion.skeleton)


def stands(motion: Motion, joint: str) -> Bool[Tensor, " frame"]:
    """In which frames a joint of a foot stands."""
    path = motion.joint(joint)
    if len(path) < 2:
        return torch.zeros(len(path), dtype=torch.bool)
    speed = path.diff(dim=0).norm(dim=-1) * motion.fps
    slow = torch.minimum(
        F.pad(speed, (1, 0), value=torch.inf), F.pad(speed, (0, 1), value=torch.inf)
    )
    height = path[:, 1]
    return (slow < SPEED) & (height < height.min() + HEIGHT)


def held(motion: Motion, leg: Leg) -> Bool[Tensor, "frame 2"]:
    """In which frames ankle and toes stand."""
    return torch.stack([stands(motion, joint) for joint in (leg.ankle, leg.foot)], dim=1)


@dataclass(frozen=True, eq=False)
class _Step:
    """Where one leg's ankle should be, and which way its foot should point."""

    chain: tuple[int, int, int, int]
    ankle: Float[Tensor, "frame 3"]
    foot: Float[Tensor, "frame 3"]
    """From the ankle to the toes."""

    @classmethod
    def of(cls, motion: Motion, leg: Leg, stance: Tensor) -> "_Step":
        """Toes held where they stand, the whole foot where its ankle stands too."""
        ankle, toes = motion.joint(leg.ankle), motion.joint(leg.foot)
        foot = toes - ankle
        if leg.foot != leg.ankle:
            length = foot.norm(dim=-1, keepdim=True)
            foot = F.normalize(foot + _held(foot, stance.all(dim=1), motion.fps), dim=-1) * length
        toes = toes + _held(toes, stance[:, 1], motion.fps)
        return cls(_chain(motion, leg), toes - foot, foot)

    @classmethod
    def along(cls, motion: Motion, leg: Leg, stance: Tensor, path: Tensor) -> "_Step":
        """An ankle that moves as the path does while ankle and toes stand."""
        ankle, toes = motion.joint(leg.ankle), motion.joint(leg.foot)
        moved = ankle + _held(ankle, stance.all(dim=1), motion.fps, path)
        return cls(_chain(motion, leg), moved, toes - ankle)


def _chain(motion: Motion, leg: Leg) -> tuple[int, int, int, int]:
    hip, knee, ankle, foot = (motion.skeleton.index(name) for name in vars(leg).values())
    return hip, knee, ankle, foot


def _lowered(motion: Motion, steps: list[_Step]) -> Float[Tensor, " frame"]:
    """Metres the hips come down so that all legs reach, smoothly over time."""
    lacking = torch.zeros_like(motion.joints[:, 0, 1])
    for step in steps:
        hip, knee, ankle, _ = (motion.joints[:, joint] for joint in step.chain)
        longest = _STRAIGHT * ((knee - hip).norm(dim=-1) + (ankle - knee).norm(dim=-1))
        aside = (step.ankle - hip)[:, [0, 2]].square().sum(dim=-1)
        reach = (longest.square() - aside).clamp(min=0).sqrt()
        moved = (step.ankle - ankle).norm(dim=-1) > _MOVED
        short = hip[:, 1] - step.ankle[:, 1] - reach
        lacking = torch.maximum(lacking, torch.where(moved, short, 0.0))
    width = 2 * max(1, round(_EASE * motion.fps)) + 1
    lacking = lacking.clamp(max=_DEEPEST)[None, None]
    highest = F.max_pool1d(lacking, width, stride=1, padding=width // 2)
    ends = F.pad(highest, (width // 2, width // 2), mode="replicate")
    return F.avg_pool1d(ends, width, stride=1)[0, 0]


def _take(motion: Motion, step: _Step, joints: Tensor, turned: Tensor | None) -> None:
    """Writes one leg's new joints and rotations into ``joints`` and ``turned``."""
    hip, knee, ankle, toe = step.chain
    top, middle, low = (joints[:, joint].clone() for joint in (hip, knee, ankle))
    before = motion.joints[:, toe] - motion.joints[:, ankle]
    bent, reached = bend(top, middle, low, step.ankle)
    joints[:, knee], joints[:, ankle] = bent, reached
    if toe != ankle:
        joints[:, toe] = reached + step.foot
    if turned is None:
        return
    for joint, old, new in (
        (hip, middle - top, bent - top),
        (knee, low - middle, reached - bent),
        (ankle, before, step.foot),
    ):
        if joint != toe:
            turned[:, joint] = geometry.rotation_between(old, new) @ turned[:, joint]


def bend(
    hip: Float[Tensor, "frame 3"],
    knee: Float[Tensor, "frame 3"],
    ankle: Float[Tensor, "frame 3"],
    goal: Float[Tensor, "frame 3"],
) -> tuple[Float[Tensor, "frame 3"], Float[Tensor, "frame 3"]]:
    """Knee and ankle of a leg whose ankle comes as near to ``goal`` as its bones allow."""
    thigh, shin = ((a - b).norm(dim=-1, keepdim=True) for a, b in ((knee, hip), (ankle, knee)))
    before, after = ankle - hip, goal - hip
    longest, shortest = _STRAIGHT * (thigh + shin), (thigh - shin).abs() / _STRAIGHT + _SMALL
    reach = after.norm(dim=-1, keepdim=True).clamp(min=_SMALL)
    ahead, reach = after / reach, reach.clamp(min=shortest, max=longest)
    aside = (geometry.rotation_between(before, after) @ (knee - hip)[..., None]).squeeze(-1)
    aside = F.normalize(aside - (aside * ahead).sum(dim=-1, keepdim=True) * ahead, dim=-1)
    along = (thigh.square() - shin.square() + reach.square()) / (2 * reach)
    out = (thigh.square() - along.square()).clamp(min=0).sqrt()
    return hip + ahead * along + aside * out, hip + ahead * reach


def _held(
    path: Float[Tensor, "frame 3"],
    stands: Bool[Tensor, " frame"],
    fps: float,
    along: Float[Tensor, "frame 3"] | None = None,
) -> Float[Tensor, "frame 3"]:
    """What to add over the floor, so that a path is held while it stands; eased in and out."""
    known = _lasting(stands, max(2, round(SHORTEST * fps)))
    moved = torch.zeros_like(path)
    aside = -path if along is None else along - path
    for start, stop in _runs(known):
        moved[start:stop] = aside[start:stop] - aside[start:stop].mean(dim=0)
    moved[:, 1] = 0.0
    return _eased(moved, known, max(1, round(_EASE * fps)))


def _eased(
    moved: Float[Tensor, "frame 3"], known: Bool[Tensor, " frame"], frames: int
) -> Float[Tensor, "frame 3"]:
    """Shifts beside held stretches fall off to nothing within ``frames``."""
    if not known.any():
        return moved
    at = torch.arange(len(known), device=moved.device)
    places = known.nonzero()[:, 0]
    after = torch.searchsorted(places, at).clamp(max=len(places) - 1)
    before = (torch.searchsorted(places, at, right=True) - 1).clamp(min=0)
    total = torch.zeros_like(moved)
    for near in (places[before], places[after]):
        share = (1 - (at - near).abs() / (frames + 1)).clamp(min=0)
        total = total + (share * share * (3 - 2 * share))[:, None] * moved[near]
    return torch.where(known[:, None], moved, total)


def _lasting(values: Bool[Tensor, " frame"], least: int) -> Bool[Tensor, " frame"]:
    """True only where it stays so for ``least`` frames."""
    kept = torch.zeros_like(values)
    for start, stop in _runs(values):
        kept[start:stop] = stop - start >= least
    return kept


def _runs(values: Bool[Tensor, " frame"]) -> list[tuple[int, int]]:
    """First frame and the one after the last of each stretch of True."""
    edges = torch.cat((values.new_zeros(1), values, values.new_zeros(1))).int().diff()
    starts, stops = (edges == 1).nonzero()[:, 0], (edges == -1).nonzero()[:, 0]
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
