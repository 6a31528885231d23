"""Feet that stand, stand still: legs are bent anew so that a planted foot keeps its place.

Decoders of motion let feet glide. Where a foot stands, as its decoder says or else because it is
low and slow, its ankle is held where it stood on average, and hip and knee follow by the law of
cosines; the knee bends in the plane it was bent in, and the foot keeps the way it points.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from moclip import geometry
from moclip.motion import Motion

SPEED, HEIGHT = 0.5, 0.06
"""A foot slower (m/s) and no higher above its lowest place (m) than these stands."""
SHORTEST = 0.15
"""Seconds; what is shorter is a foot that passes by."""
_EASE = 0.15
"""Seconds in which a foot comes to the place it stands at, and leaves it."""
_STRAIGHT = 0.999
"""Share of a leg's length beyond which it is not stretched."""
_SMALL = 1e-6


@dataclass(frozen=True)
class Leg:
    """Joints by name, from the hip to the toes."""

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
    stance: Bool[Tensor, "frame leg"] | None = None,
    *,
    legs: tuple[Leg, ...] = LEGS,
    along: Float[Tensor, "frame leg 3"] | None = None,
) -> Motion:
    """The motion with standing feet held; rotations follow where it has them.

    ``stance`` tells when the left and the right foot stand; without it the motion itself does.
    While one stands it keeps its place, or moves as the path of ``along`` does and no more.
    Raises ``LookupError`` for a body without these ``legs``.
    """
    missing = [
        j for leg in legs for j in vars(leg).values() if j not in motion.skeleton.joint_names
    ]
    if missing:
        raise LookupError(f"skeleton '{motion.skeleton.name}' has no joint '{missing[0]}'")
    turned = None
    if motion.rotations is not None:
        turned = geometry.global_rotations(motion.rotations, motion.skeleton.parents)
    joints = motion.joints.clone()
    for number, leg in enumerate(legs):
        stays = held(motion, leg) if stance is None else stance[:, number]
        stays = _lasting(stays, max(2, round(SHORTEST * motion.fps)))
        path = None if along is None else along[:, number]
        _plant(motion, leg, stays, path, joints, turned)
    if turned is None:
        return replace(motion, joints=joints)
    rotations = geometry.local_rotations(turned, motion.skeleton.parents)
    return Motion.from_rotations(
        rotations, motion.joints[:, 0], fps=motion.fps, skeleton=motion.skeleton
    )


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


def held(motion: Motion, leg: Leg) -> Bool[Tensor, " frame"]:
    """In which frames a whole foot stands."""
    return stands(motion, leg.ankle) & stands(motion, leg.foot)


def _plant(
    motion: Motion,
    leg: Leg,
    held: Tensor,
    along: Tensor | None,
    joints: Tensor,
    turned: Tensor | None,
) -> None:
    """Writes one leg's new joints and rotations into ``joints`` and ``turned``."""
    hip, knee, ankle, foot = (motion.skeleton.index(name) for name in vars(leg).values())
    path = motion.joint(leg.ankle)
    goal = _goals(path, torch.zeros_like(path) if along is None else along, held, motion.fps)
    top, middle, low, toe = (motion.joints[:, joint] for joint in (hip, knee, ankle, foot))
    bent, reached = bend(top, middle, low, goal)
    joints[:, knee], joints[:, ankle], joints[:, foot] = bent, reached, toe + reached - low
    if turned is None:
        return
    for joint, before, after in (
        (hip, middle - top, bent - top),
        (knee, low - middle, reached - bent),
    ):
        turned[:, joint] = geometry.rotation_between(before, after) @ turned[:, joint]


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


def _goals(
    path: Float[Tensor, "frame 3"],
    along: Float[Tensor, "frame 3"],
    held: Bool[Tensor, " frame"],
    fps: float,
) -> Float[Tensor, "frame 3"]:
    """Where the ankle should be: held while the foot stands, eased into and out of that."""
    moved = torch.zeros_like(path)
    known = torch.zeros(len(path), dtype=torch.bool)
    aside = along - path
    for start, stop in _runs(held):
        moved[start:stop] = aside[start:stop] - aside[start:stop].mean(dim=0)
        moved[start:stop, 1] = 0.0
        known[start:stop] = True
    return path + _eased(moved, known, max(1, round(_EASE * fps)))


def _eased(
    moved: Float[Tensor, "frame 3"], known: Bool[Tensor, " frame"], frames: int
) -> Float[Tensor, "frame 3"]:
    """Shifts beside held stretches fall off to nothing within ``frames``."""
    if not known.any():
        return moved
    at = torch.arange(len(known), dtype=moved.dtype)
    places = known.nonzero()[:, 0]
    after = torch.searchsorted(places, torch.arange(len(known))).clamp(max=len(places) - 1)
    before = (torch.searchsorted(places, torch.arange(len(known)), right=True) - 1).clamp(min=0)
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
