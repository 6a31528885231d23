"""Any known body's motion on HumanML3D's joints: the form in which every model sees a motion."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from moclip import catalog, geometry, skeletons
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton, Source

_TARGET = skeletons.get("humanml3d")


def canonical(motion: Motion, *, fps: float = 20.0) -> Motion:
    """HumanML3D's joints at ``fps``, floor at y = 0, the root above the origin facing +z at first.

    Raises ``LookupError`` for an unknown skeleton and ``ValueError`` when fewer than two frames are
    left at that rate.
    """
    resampled = motion.resampled(fps)
    if len(resampled) < 2:
        raise ValueError(
            f"a motion of {len(motion)} frames at {motion.fps:g} fps leaves {len(resampled)} frame "
            f"at {fps:g} fps, wanted at least 2"
        )
    return retarget(resampled).grounded().centred()


def is_canonical(motion: Motion, *, fps: float = 20.0) -> bool:
    """Whether :func:`canonical` would change nothing that matters (by a millimetre or so)."""
    if motion.fps != fps or motion.skeleton != _TARGET or motion.rotations is not None:
        return False
    if len(motion) < 2:
        return False
    start, facing = motion.joints[0, 0], motion.facing()[0]
    lowest = motion.joints[..., 1].min()
    off = torch.stack((start[0].abs(), start[2].abs(), lowest.abs(), (1 - facing[2]).abs()))
    return bool(off.max() < 1e-3)


def retarget(motion: Motion, *, bone_lengths: Literal["keep", "template"] = "keep") -> Motion:
    """The same movement of HumanML3D's 22 joints, without rotations.

    Every joint is placed where the skeleton's ``to_humanml3d`` says; where that is empty, by the
    ``TO_HUMANML3D`` of the skeleton that is recognised. Directions of bones are then kept and their
    lengths made the same in all frames: the body's own (medians over time), or those of HumanML3D's
    skeleton (``"template"``), where the path shrinks or grows with the legs so that feet do not
    slide.

    Raises ``LookupError`` naming the known skeletons when this one is none of them.
    """
    if bone_lengths not in ("keep", "template"):
        raise ValueError(f"bone_lengths is '{bone_lengths}', wanted 'keep' or 'template'")
    joints = placed(motion)
    own = joints.bone_lengths().median(dim=0).values
    if bone_lengths == "keep":
        return with_lengths(joints, own)
    template = motion.joints.new_tensor(_TARGET.offsets)[1:].norm(dim=-1)
    growth = _leg(template) / _leg(own).clamp(min=1e-6)
    root = joints.joints[:, :1]
    moved = replace(joints, joints=joints.joints + root * growth - root)
    return with_lengths(moved, template)


def placed(motion: Motion) -> Motion:
    """HumanML3D's joints where they stand on the body; bones may change their lengths over time.

    Raises ``LookupError`` naming the known skeletons when this one is none of them.
    """
    joints = torch.einsum("tp,fpc->ftc", _weights(motion), _points(motion))
    return Motion(joints, motion.fps, _TARGET)


def with_lengths(motion: Motion, lengths: Float[Tensor, "*frame bone"]) -> Motion:
    """Bones keep their directions; summed from the root they give the joints."""
    parents = list(motion.skeleton.parents[1:])
    bones = motion.joints[:, 1:] - motion.joints[:, parents]
    bones = bones * (lengths / bones.norm(dim=-1).clamp(min=1e-8))[..., None]
    chains = motion.joints.new_tensor(_chains(motion.skeleton))
    joints = motion.joints[:, :1] + torch.einsum("jb,fbc->fjc", chains, bones)
    return replace(motion, joints=joints)


@cache
def _chains(skeleton: Skeleton) -> tuple[tuple[float, ...], ...]:
    """For each joint, 1 at every bone between it and the root (named by its lower joint)."""
    rows = torch.zeros(len(skeleton), len(skeleton))
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        rows[joint] = rows[parent]
        rows[joint, joint] = 1
    return tuple(tuple(row) for row in rows[:, 1:].tolist())


def _leg(lengths: Float[Tensor, " bone"]) -> Float[Tensor, ""]:
    """Hip to ankle, both sides."""
    joints = ("left_knee", "left_ankle", "right_knee", "right_ankle")
    return lengths[[_TARGET.index(joint) - 1 for joint in joints]].sum()


def _points(motion: Motion) -> Float[Tensor, "frame point 3"]:
    """All joints, then the tips of those bones that have one."""
    ends = dict(motion.skeleton.ends)
    if motion.rotations is None or not ends:
        return motion.joints
    turned = geometry.global_rotations(motion.rotations, motion.skeleton.parents)
    at = [motion.skeleton.index(joint) for joint in ends]
    tips = motion.joints.new_tensor(list(ends.values()))
    reach = (turned[:, at] @ tips[..., None]).squeeze(-1)
    return torch.cat((motion.joints, motion.joints[:, at] + reach), dim=1)


def _weights(motion: Motion) -> Float[Tensor, "target point"]:
    """What share each point of the body has in each of HumanML3D's joints."""
    skeleton = motion.skeleton
    tips = dict(skeleton.ends) if motion.rotations is not None else {}
    points = (*skeleton.joint_names, *(f"end:{joint}" for joint in tips))
    placed = tuple(sources(skeleton).values())
    turned = motion.rotations is not None
    return motion.joints.new_tensor(_shares(skeleton.name, placed, points, turned))


def sources(skeleton: Skeleton) -> dict[str, Source]:
    """Where HumanML3D's joints, in their order, stand on a body, by its own names.

    Raises ``LookupError`` for one that is not known and does not say it.
    """
    if skeleton.to_humanml3d:
        placed = _own_sources(skeleton)
    else:
        placed = _known_sources(skeleton.name, skeleton.joint_names, skeleton.parents)
    return dict(zip(_TARGET.joint_names, placed, strict=True))


def _own_sources(skeleton: Skeleton) -> tuple[Source, ...]:
    sources = dict(skeleton.to_humanml3d)
    missing = [joint for joint in _TARGET.joint_names if joint not in sources]
    if missing:
        raise LookupError(
            f"skeleton '{skeleton.name}' does not say where HumanML3D's {', '.join(missing)} stands"
        )
    return tuple(sources[joint] for joint in _TARGET.joint_names)


@cache
def _known_sources(
    name: str, joint_names: tuple[str, ...], parents: tuple[int, ...]
) -> tuple[Source, ...]:
    """Of HumanML3D's joints in their order, on the body that is recognised, by its own names."""
    found = skeletons.recognise(joint_names, parents)
    if found is None:
        there = ", ".join(catalog.names("skeletons"))
        raise LookupError(
            f"skeleton '{name}' is not known; known are: {there}; a JSON file can describe another"
        )
    called = dict(found.joints)
    for joint, own in found.joints.items():
        called[f"end:{joint}"] = _tip(own, joint_names, parents, tuple(found.joints.values()))
    sources: dict[str, Source] = catalog.load("skeletons", found.known.name, "TO_HUMANML3D")
    return tuple(_renamed(sources[joint], called) for joint in _TARGET.joint_names)


def _tip(
    joint: str, names: tuple[str, ...], parents: tuple[int, ...], known: tuple[str, ...]
) -> str:
    """The tip of a joint, or the only joint that hangs there and that the known body has not."""
    at = names.index(joint)
    below = [n for n, p in zip(names, parents, strict=True) if p == at and n not in known]
    return below[0] if len(below) == 1 else f"end:{joint}"


def _renamed(source: Source, called: Mapping[str, str]) -> Source:
    if isinstance(source, str):
        return called[source]
    start, end, share = source
    return called[start], called[end], share


@cache
def _shares(
    body: str, sources: tuple[Source, ...], points: tuple[str, ...], turned: bool
) -> tuple[tuple[float, ...], ...]:
    rows = []
    for joint, source in zip(_TARGET.joint_names, sources, strict=True):
        start, end, share = (source, source, 0.0) if isinstance(source, str) else source
        row = dict.fromkeys(points, 0.0)
        for point, weight in ((start, 1 - share), (end, share)):
            if point not in row:
                raise LookupError(_problem(body, point, joint, turned))
            row[point] += weight
        rows.append(tuple(row.values()))
    return tuple(rows)


def _problem(body: str, point: str, joint: str, turned: bool) -> str:
    what = f"a '{body}' without {'' if point.startswith('end:') else 'a joint '}'{point}'"
    what += " cannot be retargeted"
    if not point.startswith("end:"):
        return what
    remedy = f"map {joint} to a joint"
    if turned:
        return f"{what}: no such tip is in the file; {remedy}"
    return f"{what}: tips need rotations; {remedy}, or give rotations"
