"""Bodies as trees of named joints."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

Vector = tuple[float, float, float]
Bone = tuple[str, str | None, Vector]
"""Joint, its parent (``None`` for the root), offset from the parent in metres."""
Source = str | tuple[str, str, float]
"""A joint, the tip that hangs on one (``"end:JOINT"``), or two such points and how far from the
first to the second."""

_NAMESPACE = re.compile(r".*:|mixamorig\d*_?")
"""What tools put before a joint's name: FBX namespaces, and Mixamo's own where a colon is lost."""
_SIDED = (
    re.compile(r"^left|^right|left$|right$", re.IGNORECASE),  # left_hip, LEFT_HIP, HipLeft
    re.compile(r"(?<![A-Za-z])(?:left|right)(?![a-z])|(?<![A-Z])(?:Left|Right)(?![a-z])"),
    re.compile(r"(?<![A-Za-z])(?:LEFT|RIGHT)(?![A-Za-z])"),
    re.compile(r"(?<![^\W_])[LRlr](?![^\W_])"),  # L_Foot, hand.l, Bip01 L Thigh
    re.compile(r"(?<![A-Z])[LR](?![a-z])"),  # LThumb, HandL, upperLArm
)
"""Where a side may stand in a joint's name, as a word of its own."""
_FIRST_LETTER = re.compile(r"^[LRlr]")
"""A side where its twin is there too: ``lfemur``, but not ``ripple``."""


@dataclass(frozen=True)
class Skeleton:
    """A tree of named joints with its rest pose; all tuples, so it can be compared and hashed.

    Parents come before their children. ``limbs`` name groups of joints (they may overlap, they
    need not cover all joints). Raises ``ValueError`` when the parts contradict each other.
    """

    name: str
    joint_names: tuple[str, ...]
    parents: tuple[int, ...]
    """Index of each joint's parent; ``-1`` for the root, which comes first."""
    offsets: tuple[Vector, ...]
    """From the parent, in metres, with all rotations the identity."""
    limbs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    across: tuple[tuple[str, str], ...] = ()
    """Pairs (left, right), as hips and shoulders, that tell which way the body faces."""
    ends: tuple[tuple[str, Vector], ...] = ()
    """Tips beyond the last joints (BVH's End Sites): the joint they hang on, offset in metres."""
    to_humanml3d: tuple[tuple[str, Source], ...] = ()
    """Where HumanML3D's joints stand; empty for a body that is known by its joints."""

    def __post_init__(self) -> None:
        count = len(self.joint_names)
        if len(set(self.joint_names)) != count:
            twice = sorted(n for n, times in Counter(self.joint_names).items() if times > 1)
            raise ValueError(f"skeleton '{self.name}' has two joints named {', '.join(twice)}")
        if len(self.parents) != count or len(self.offsets) != count:
            raise ValueError(
                f"skeleton '{self.name}' has {count} joint names, {len(self.parents)} parents and "
                f"{len(self.offsets)} offsets"
            )
        if not count or self.parents[0] != -1:
            raise ValueError(f"skeleton '{self.name}' must begin with its root")
        for joint, parent in enumerate(self.parents[1:], start=1):
            if not 0 <= parent < joint:
                late = self.joint_names[joint]
                raise ValueError(f"skeleton '{self.name}': '{late}' must come after its parent")
        named = [joint for _, joints in self.limbs for joint in joints]
        named += [joint for pair in self.across for joint in pair]
        for name in (*named, *(joint for joint, _ in self.ends)):
            self.index(name)

    def __len__(self) -> int:
        return len(self.joint_names)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.joint_names)}

    def index(self, joint: str) -> int:
        """Number of a joint. Raises ``LookupError`` naming the joints there are."""
        if joint not in self._index:
            there = ", ".join(self.joint_names)
            raise LookupError(f"skeleton '{self.name}' has no joint '{joint}'; there are: {there}")
        return self._index[joint]

    def limb(self, name: str) -> tuple[str, ...]:
        """Joint names of a limb. Raises ``LookupError`` naming the limbs there are."""
        for limb, joints in self.limbs:
            if limb == name:
                return joints
        there = ", ".join(limb for limb, _ in self.limbs) or "none"
        raise LookupError(f"skeleton '{self.name}' has no limb '{name}'; there are: {there}")

    @cached_property
    def mirror(self) -> tuple[int, ...]:
        """For each joint the number of its left/right twin; a joint without one is its own."""
        twin = dict((*self.twins, *(pair[::-1] for pair in self.twins)))
        return tuple(twin.get(joint, joint) for joint in range(len(self)))

    @cached_property
    def twins(self) -> tuple[tuple[int, int], ...]:
        """Pairs (left, right) of joints; ``across`` and ``to_humanml3d`` tell them before names."""
        found: list[tuple[int, int]] = []
        taken = set[int]()
        for pair in (*self._told_twins(), *self._named_twins()):
            if pair[0] != pair[1] and taken.isdisjoint(pair):
                found.append(pair)
                taken.update(pair)
        return tuple(sorted(found))

    def _told_twins(self) -> Iterator[tuple[int, int]]:
        """What stands for a left joint of HumanML3D may be no twin: a chest for a collar."""
        for left, right in self.across:
            yield self.index(left), self.index(right)
        stands = {joint: at for joint, at in self.to_humanml3d if isinstance(at, str)}
        for joint, at in stands.items():
            other = stands.get(joint.replace("left_", "right_"), at)
            here, there = (self._index.get(x.removeprefix("end:"), 0) for x in (at, other))
            if self._depth(here) == self._depth(there):
                yield here, there

    def _depth(self, joint: int) -> int:
        """Bones to the root."""
        steps = 0
        while joint > 0:
            joint, steps = self.parents[joint], steps + 1
        return steps

    def _named_twins(self) -> Iterator[tuple[int, int]]:
        for number, name in enumerate(self.joint_names):
            others = (*_other_sides(name, _SIDED), *_other_sides(name, (_FIRST_LETTER,)))
            twin = next((other for other in others if other in self._index), name)
            if _is_left_of(name, twin):
                yield number, self._index[twin]

    def with_offsets(
        self, offsets: Iterable[Vector], ends: Iterable[tuple[str, Vector]] | None = None
    ) -> "Skeleton":
        """The same tree with another body's bone lengths."""
        return replace(
            self,
            offsets=tuple(offsets),
            ends=self.ends if ends is None else tuple(ends),
        )

    def same_tree(self, other: "Skeleton") -> bool:
        """Whether both have the same joints under the same parents, whatever the bone lengths."""
        return self.joint_names == other.joint_names and self.parents == other.parents


def build(
    name: str,
    bones: Iterable[Bone],
    *,
    limbs: Mapping[str, Iterable[str]] | None = None,
    across: Iterable[tuple[str, str]] = (),
    ends: Iterable[tuple[str, Vector]] = (),
) -> Skeleton:
    """A skeleton from bones in parent-first order: numbers come from the order of the names."""
    bones = tuple(bones)
    number = {joint: i for i, (joint, _, _) in enumerate(bones)}
    for joint, parent, _ in bones:
        if parent is not None and parent not in number:
            raise LookupError(
                f"skeleton '{name}': '{joint}' hangs on '{parent}', which is not there"
            )
    return Skeleton(
        name=name,
        joint_names=tuple(joint for joint, _, _ in bones),
        parents=tuple(-1 if parent is None else number[parent] for _, parent, _ in bones),
        offsets=tuple(offset for _, _, offset in bones),
        limbs=tuple((limb, tuple(joints)) for limb, joints in (limbs or {}).items()),
        across=tuple(across),
        ends=tuple(ends),
    )


def bare(joint: str) -> str:
    """A joint's name without its namespace: ``mixamorig:LeftArm`` is ``LeftArm``."""
    space = _NAMESPACE.match(joint)
    return joint[space.end() :] if space and space.end() < len(joint) else joint


def other_side(joint: str) -> str:
    """A joint's name with left and right exchanged, in the spellings that motion files use.

    ``left_hip`` / ``LeftUpLeg`` / ``HipLeft`` / ``L_Foot`` / ``Bip01 L Thigh`` / ``LThumb``, with
    or without a namespace; a name with no side is returned as it is.
    """
    return next(_other_sides(joint, _SIDED), joint)


def _is_left_of(joint: str, twin: str) -> bool:
    """Of two names that differ in their side: whether the first is the left one."""
    letters = next(((a, b) for a, b in zip(joint, twin, strict=False) if a != b), ("", ""))
    return letters[0].lower() == "l"


def _other_sides(joint: str, places: Iterable[re.Pattern[str]]) -> Iterator[str]:
    """The name with each of the sides exchanged that may stand in it, the likeliest first."""
    name = bare(joint)
    space = len(joint) - len(name)
    for place in places:
        for side in place.finditer(name):
            start, end = space + side.start(), space + side.end()
            yield joint[:start] + _exchanged(side[0]) + joint[end:]


def _exchanged(side: str) -> str:
    """Left for right in the same letters."""
    if len(side) == 1:
        return side.translate(str.maketrans("LRlr", "RLrl"))
    other = "right" if side.lower() == "left" else "left"
    if side.isupper():
        return other.upper()
    return other.capitalize() if side[0].isupper() else other
