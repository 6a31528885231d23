"""One file a body.

``SKELETON`` is its tree, ``TO_HUMANML3D`` says where HumanML3D's joints stand on it. A body that
has no file here comes from a user's own: :func:`from_json`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from moclip import catalog
from moclip.skeletons._user import UserSkeleton, from_json
from moclip.skeletons.base import Skeleton, bare

__all__ = [
    "Recognised",
    "Skeleton",
    "UserSkeleton",
    "as_known",
    "as_users",
    "from_json",
    "get",
    "match",
    "recognise",
]


@dataclass(frozen=True)
class Recognised:
    """A known body found in another tree."""

    known: Skeleton
    joints: Mapping[str, str]
    """What each joint of the known body is called here."""


def get(name: str) -> Skeleton:
    """A skeleton by name. Raises ``LookupError`` naming those there are."""
    skeleton: Skeleton = catalog.load("skeletons", name, "SKELETON")
    return skeleton


def match(joint_names: tuple[str, ...], parents: tuple[int, ...]) -> Skeleton | None:
    """The known skeleton with exactly these joints under these parents, if there is one."""
    for name in catalog.names("skeletons"):
        known = get(name)
        if known.joint_names == joint_names and known.parents == parents:
            return known
    return None


@cache
def recognise(joint_names: tuple[str, ...], parents: tuple[int, ...]) -> Recognised | None:
    """The known skeleton whose joints are all among these, each below the same ones.

    Namespaces make no difference, and there may be more joints: above the root, at the ends
    (fingers, tips of toes) or between (twist bones). The order of branches does not matter. Of
    several such skeletons the one with most joints is taken; ``None`` where two have as many, or
    where two joints here have one name but for their namespace.
    """
    if exact := match(joint_names, parents):
        return Recognised(exact, {joint: joint for joint in joint_names})
    called = {bare(joint): joint for joint in joint_names}
    if len(called) < len(joint_names):
        return None
    names = tuple(called)
    fitting = [
        known for known in map(get, catalog.names("skeletons")) if _fits(known, names, parents)
    ]
    fitting.sort(key=len, reverse=True)
    if not fitting or (len(fitting) > 1 and len(fitting[0]) == len(fitting[1])):
        return None
    return Recognised(fitting[0], {j: called[bare(j)] for j in fitting[0].joint_names})


def _fits(known: Skeleton, names: Sequence[str], parents: Sequence[int]) -> bool:
    """Whether each joint stands among these, and the next known one above it is its parent."""
    joints = [bare(joint) for joint in known.joint_names]
    return set(joints) <= set(names) and _hangs_alike(joints, known.parents, names, parents)


def _hangs_alike(
    joints: Sequence[str], wanted: Sequence[int], names: Sequence[str], parents: Sequence[int]
) -> bool:
    """Whether above each of these joints the next of them is the one that is wanted."""
    above = {j: names[p] for j, p in zip(names, parents, strict=True) if p >= 0}
    for joint, parent in zip(joints, wanted, strict=True):
        upper = above.get(joint)
        while upper is not None and upper not in joints:
            upper = above.get(upper)
        if upper != (joints[parent] if parent >= 0 else None):
            return False
    return True


def as_known(body: Skeleton) -> tuple[Skeleton, list[int]]:
    """A body with the name, limbs and facing of the known one it is, and its bones as they are.

    With it comes the old number of each joint: joints of exactly a known tree are put in its order,
    those of any other stay in theirs.
    """
    found = recognise(body.joint_names, body.parents)
    if found is None:
        return body, list(range(len(body)))
    known, called = found.known, found.joints
    if len(known) == len(body) and set(called.values()) == set(known.joint_names):
        order = [body.index(joint) for joint in known.joint_names]
        tips = [(joint, tip) for joint in known.joint_names for at, tip in body.ends if at == joint]
        return known.with_offsets((body.offsets[i] for i in order), tips), order
    return _with_limbs_of(known, body, called), list(range(len(body)))


def as_users(body: Skeleton, user: UserSkeleton) -> Skeleton:
    """A file's body, its bones as they are, and all else as the user gives it, its name too.

    It may have more joints. Raises ``ValueError`` where it is not the user's body.
    """
    wanted = user.skeleton
    for joint in wanted.joint_names:
        if joint not in body.joint_names:
            there = ", ".join(body.joint_names[:8])
            raise ValueError(
                f"this body has no joint '{joint}' as '{wanted.name}' has; it begins: {there}"
            )
    if not _hangs_alike(wanted.joint_names, wanted.parents, body.joint_names, body.parents):
        raise ValueError(
            f"the joints of this body do not hang together as those of '{wanted.name}'"
        )
    named = _with_limbs_of(wanted, body, {joint: joint for joint in wanted.joint_names})
    return replace(named, to_humanml3d=wanted.to_humanml3d)


def _with_limbs_of(known: Skeleton, body: Skeleton, called: Mapping[str, str]) -> Skeleton:
    limbs = ((limb, tuple(called[joint] for joint in joints)) for limb, joints in known.limbs)
    across = ((called[left], called[right]) for left, right in known.across)
    return replace(body, name=known.name, limbs=tuple(limbs), across=tuple(across))
