"""A motion on another body: rotations from that body's own rest pose, which drive its rig.

Rest poses differ, a T-pose here and legs apart there, and so do bones. So every joint begins with
the turn it has on the source, seen from both rest poses, and is turned on until its bones point
where the source's bones point; several bones of one joint by least squares. Where the source has
rotations, the twist of limbs comes from them. The path grows with the legs, and feet that stand on
the source are held (:mod:`moclip.planting`). Joints that HumanML3D's body does not have, such as
fingers, stay as they rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from jaxtyping import Float64
from torch import Tensor

from moclip import geometry, planting
from moclip.motion import Motion
from moclip.planting import LEGS, Leg
from moclip.posing import pose, turn
from moclip.retargeting import retarget, sources
from moclip.skeletons import UserSkeleton
from moclip.skeletons.base import Skeleton, Source

Turns = Float64[Tensor, "frame 3 3"]


def rig(motion: Motion, body: Skeleton | UserSkeleton) -> Motion:
    """The same movement on ``body``, with rotations; at its frame rate, in its place.

    Both bodies must be known or say where HumanML3D's joints stand on them, as a user's own of
    :func:`moclip.skeletons.from_json` may. Raises ``LookupError`` for one that is not and does not,
    ``ValueError`` for a body without bones.
    """
    body = body.skeleton if isinstance(body, UserSkeleton) else body
    target = _Body(body)
    if not any(map(any, body.offsets)):
        raise ValueError(
            f"skeleton '{body.name}' has no offsets: its bones are not known; "
            'add "offsets" to its JSON file'
        )
    points = retarget(motion)
    turned = _solve(target, points, _turns_of(motion, points))
    return _planted(_placed(target, turned, points), target, points)


@dataclass(frozen=True, eq=False)
class _Body:
    """Where HumanML3D's joints stand on a body at rest, and which of its joints turn them."""

    skeleton: Skeleton

    @cached_property
    def sources(self) -> dict[str, Source]:
        return sources(self.skeleton)

    @cached_property
    def rest(self) -> Float64[Tensor, "joint 3"]:
        """Its joints, the root at the origin."""
        still = torch.eye(3, dtype=torch.float64).expand(len(self.skeleton), 3, 3)
        offsets = torch.tensor(self.skeleton.offsets, dtype=torch.float64)
        parents = self.skeleton.parents
        return geometry.forward_kinematics(still, offsets.new_zeros(3), offsets, parents)[0]

    @cached_property
    def points(self) -> dict[str, Float64[Tensor, "3"]]:
        """HumanML3D's joints at rest."""
        found = {}
        for point, source in self.sources.items():
            start, end, share = (source, source, 0.0) if isinstance(source, str) else source
            found[point] = torch.lerp(self._at(start), self._at(end), share)
        return found

    @cached_property
    def joint_of(self) -> dict[str, int]:
        """The joint that stands at a point, or nearest to one between two joints."""
        own = {p: self.skeleton.index(s) for p, s in self.sources.items() if s in self._names}
        for point, source in self.sources.items():
            if isinstance(source, str):
                continue
            free = [
                self.skeleton.index(name)
                for name in source[:2]
                if name in self._names and self.skeleton.index(name) not in own.values()
            ]
            if free:
                gaps = [float((self.rest[j] - self.points[point]).norm()) for j in free]
                own[point] = free[gaps.index(min(gaps))]
        return own

    @cached_property
    def point_at(self) -> dict[int, str]:
        return {joint: point for point, joint in self.joint_of.items()}

    @cached_property
    def below(self) -> dict[int, list[str]]:
        """For each joint that stands at a point, the next points further out that it turns."""
        found: dict[int, list[str]] = {joint: [] for joint in self.point_at}
        for point, source in self.sources.items():
            if (above := self._above(point, source)) is not None:
                found[above].append(point)
        for joint, points in found.items():  # a point on a bone says no more than the bone's end
            ends = [p for p in points if p in self.joint_of]
            found[joint] = ends or points
        return found

    def reach(self, joint: int) -> Float64[Tensor, "child 3"]:
        """From a joint to the points below it, at rest."""
        return torch.stack([self.points[p] - self.rest[joint] for p in self.below[joint]])

    def _above(self, point: str, source: Source) -> int | None:
        if point in self.joint_of:
            joint = self.skeleton.parents[self.joint_of[point]]
        else:
            joint = self.skeleton.index(
                (source if isinstance(source, str) else source[0]).removeprefix("end:")
            )
        while joint >= 0 and joint not in self.point_at:
            joint = self.skeleton.parents[joint]
        return joint if joint >= 0 else None

    @property
    def _names(self) -> tuple[str, ...]:
        return self.skeleton.joint_names

    def _at(self, name: str) -> Float64[Tensor, "3"]:
        place = self.rest[self.skeleton.index(name.removeprefix("end:"))]
        if name.startswith("end:"):
            place = place + place.new_tensor(dict(self.skeleton.ends)[name.removeprefix("end:")])
        return place


@dataclass(frozen=True, eq=False)
class _Source:
    """The body that moves, and how its joints are turned in the world."""

    body: _Body
    turned: Float64[Tensor, "frame joint 3 3"]

    def turns(self, point: str) -> Turns | None:
        joint = self.body.joint_of.get(point)
        return None if joint is None else self.turned[:, joint]


def _turns_of(motion: Motion, points: Motion) -> _Source:
    """Its own rotations, or those that the positions tell."""
    skeleton, local = pose(motion if motion.rotations is not None else points)
    return _Source(_Body(skeleton), geometry.global_rotations(local, skeleton.parents))


def _solve(target: _Body, points: Motion, source: _Source) -> Float64[Tensor, "frame joint 3 3"]:
    """Rotations in the world, from the root outwards."""
    at = {p: points.joint(p).double().cpu() for p in points.skeleton.joint_names}
    still = torch.eye(3, dtype=torch.float64)
    turned: list[Turns] = []
    rests: list[Float64[Tensor, "3 3"]] = []
    """For each joint the rotation from this rest pose to the source's."""
    for joint, parent in enumerate(target.skeleton.parents):
        above = turned[parent] if parent >= 0 else still.expand(len(points), 3, 3)
        rest = rests[parent] if parent >= 0 else still
        point = target.point_at.get(joint)
        if point is not None and target.below[joint]:
            rest = _between_rests(target, source.body, joint, rest)
        known = None if point is None else source.turns(point)
        guess = above if known is None else known @ rest
        if point is not None and target.below[joint]:
            bones = torch.stack([at[p] - at[point] for p in target.below[joint]], dim=1)
            guess = _towards(guess, target.reach(joint), bones)
        turned.append(guess)
        rests.append(rest)
    return torch.stack(turned, dim=1)


def _between_rests(target: _Body, source: _Body, joint: int, above: Tensor) -> Tensor:
    """The rotation that brings a joint's bones at rest to where the source's rest."""
    start = source.points[target.point_at[joint]]
    bones = torch.stack([source.points[p] - start for p in target.below[joint]])
    return _towards(above[None], target.reach(joint), bones[None])[0]


def _towards(
    guess: Turns, reach: Float64[Tensor, "child 3"], bones: Float64[Tensor, "frame child 3"]
) -> Turns:
    """Turned on as little as brings the reach where the bones point, as long as it is itself."""
    lengths = reach.norm(dim=-1, keepdim=True)
    return turn(guess, reach, F.normalize(bones, dim=-1) * lengths)


def _placed(target: _Body, turned: Tensor, points: Motion) -> Motion:
    """Hips over the source's, the path as long as the legs are, and no deeper in the floor."""
    skeleton = target.skeleton
    local = geometry.local_rotations(turned, skeleton.parents).to(points.joints)
    growth = _growth(target, points)
    made = Motion.from_rotations(
        local, torch.zeros_like(points.joints[:, 0]), fps=points.fps, skeleton=skeleton
    )
    hips = [skeleton.joint_names[target.joint_of[leg.hip]] for leg in LEGS]
    middle = torch.stack([made.joint(hip) for hip in hips]).mean(dim=0)
    wanted = growth * torch.stack([points.joint(leg.hip) for leg in LEGS]).mean(dim=0)
    made = Motion.from_rotations(local, wanted - middle, fps=points.fps, skeleton=skeleton)
    lift = growth * _lowest(points, target) - _lowest(made, target)
    return made.moved(made.joints.new_tensor([0.0, lift, 0.0]))


def _planted(made: Motion, target: _Body, points: Motion) -> Motion:
    """Standing feet move as the source's do: a little, and not as other hips would move them."""
    stance = torch.stack([planting.held(points, leg) for leg in LEGS], dim=1)
    paths = torch.stack([points.joint(leg.ankle) for leg in LEGS], dim=1)
    growth = _growth(target, points)
    return planting.planted(made, stance, legs=_legs(target), along=growth * paths)


def _legs(target: _Body) -> tuple[Leg, ...]:
    """By the body's own names; a foot without toes has its ankle for them."""
    names = target.skeleton.joint_names
    found = []
    for leg in LEGS:
        joints = [target.joint_of.get(point) for point in vars(leg).values()]
        joints = [joints[2] if joint is None else joint for joint in joints]
        found.append(Leg(*(names[joint] for joint in joints if joint is not None)))
    return tuple(found)


def _lowest(motion: Motion, target: _Body) -> float:
    """Of the points of feet that the target has, on it or on the source."""
    feet = [p for leg in LEGS for p in (leg.ankle, leg.foot) if p in target.joint_of]
    if motion.skeleton is target.skeleton:
        feet = [motion.skeleton.joint_names[target.joint_of[point]] for point in feet]
    return float(torch.stack([motion.joint(point)[:, 1] for point in feet]).min())


def _growth(target: _Body, points: Motion) -> float:
    """Of the legs, hip to ankle along the bones."""
    own = {name: points.joint(name)[0] for name in points.skeleton.joint_names}
    return _along(target.points) / _along(own)


def _along(at: Mapping[str, Tensor]) -> float:
    """Both legs."""
    both = [(at[leg.hip] - at[leg.knee], at[leg.knee] - at[leg.ankle]) for leg in LEGS]
    return sum(float(bone.norm()) for leg in both for bone in leg)
