"""A user's own skeleton, from a JSON file; ``docs/skeletons.md`` shows one."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from moclip import files
from moclip.skeletons import humanml3d
from moclip.skeletons.base import Skeleton, Source, Vector

LARGEST = 2**20
"""Bytes."""
_MOST_JOINTS = 1000
_HUMANML3D = humanml3d.SKELETON.joint_names


@dataclass(frozen=True)
class UserSkeleton:
    """What the file says."""

    skeleton: Skeleton
    """Parents before their children, whatever the order in the file."""
    order: tuple[int, ...] = ()
    """For each joint of ``skeleton`` its number in the file, in whose order arrays hold them."""
    fps: float | None = None
    """Of arrays, which do not tell theirs."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=100)
    joint_names: list[str] = Field(min_length=1, max_length=_MOST_JOINTS)
    parents: list[int | str | None] = Field(max_length=_MOST_JOINTS)
    offsets: list[list[float]] | None = Field(None, max_length=_MOST_JOINTS)
    ends: dict[str, list[float]] = Field(default_factory=dict, max_length=_MOST_JOINTS)
    limbs: dict[str, list[str]] = Field(default_factory=dict, max_length=_MOST_JOINTS)
    across: list[list[str]] = Field(default_factory=list, max_length=_MOST_JOINTS)
    to_humanml3d: dict[str, str | list[str | float]] | None = None
    fps: float | None = Field(None, gt=0, le=10_000)


def from_json(path: str | Path) -> UserSkeleton:
    """A skeleton that no file of ours has, and how to bring it onto HumanML3D's joints.

    Raises ``ValueError`` that begins with the file's name and names the field, ``OSError`` for a
    file that is not there.
    """
    path = Path(path)
    data = files.read_bounded(path, LARGEST)
    try:
        read = _File.model_validate_json(data)
    except ValidationError as error:
        raise ValueError(f"{path.name}: {_first(error)}") from None
    try:
        return _skeleton(read)
    except (ValueError, LookupError) as error:
        problem = " ".join(str(error).split())  # names may hold anything
        raise ValueError(f"{path.name}: {problem}") from None


def _first(error: ValidationError) -> str:
    """The first problem in one sentence."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return f"this is no JSON: {first['ctx']['error']}"
    where = ".".join(str(part) for part in first["loc"][:2])
    if first["type"] == "extra_forbidden":
        return f"there is no field '{where}'; there are: {', '.join(_File.model_fields)}"
    if first["type"] == "missing":
        return f"the field '{where}' is missing"
    return f"field '{where}': {first['msg'][:1].lower()}{first['msg'][1:]}"


def _fail(field: str, problem: str) -> NoReturn:
    raise ValueError(f"field '{field}': {problem}")


def _skeleton(file: _File) -> UserSkeleton:
    names = file.joint_names
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        _fail("joint_names", f"two joints are named '{twice}'")
    parents = list(_parents(file))
    order = _parents_first(names, parents)
    place = {old: new for new, old in enumerate(order)}
    offsets = _offsets(file)
    skeleton = Skeleton(
        name=file.name,
        joint_names=tuple(names[i] for i in order),
        parents=tuple(-1 if parents[i] < 0 else place[parents[i]] for i in order),
        offsets=tuple(offsets[i] for i in order),
        limbs=tuple((limb, _known("limbs", tuple(j), names)) for limb, j in file.limbs.items()),
        across=tuple(_pair(pair, names) for pair in file.across),
        ends=tuple(
            (joint, _vector("ends", joint, tip))
            for joint, tip in zip(
                _known("ends", tuple(file.ends), names), file.ends.values(), strict=True
            )
        ),
        to_humanml3d=_sources(file),
    )
    return UserSkeleton(skeleton, tuple(order), file.fps)


def _parents(file: _File) -> Iterator[int]:
    """Numbers; ``-1`` for the root. They may be given as names too, and the root's as ``null``."""
    names = file.joint_names
    if len(file.parents) != len(names):
        _fail("parents", f"{len(file.parents)} parents for {len(names)} joints")
    for joint, parent in zip(names, file.parents, strict=True):
        if isinstance(parent, str):
            _known("parents", (parent,), names)
            yield names.index(parent)
        elif parent is None or parent == -1:
            yield -1
        elif 0 <= parent < len(names):
            yield parent
        else:
            _fail("parents", f"'{joint}' hangs on joint {parent} of {len(names)}")


def _parents_first(names: Sequence[str], parents: Sequence[int]) -> list[int]:
    """The file's own order where it can be kept."""
    roots = [names[i] for i, parent in enumerate(parents) if parent < 0]
    if len(roots) != 1:
        _fail("parents", f"one root is wanted, these are: {', '.join(roots[:5]) or 'none'}")
    order: list[int] = []
    placed = {-1}
    waiting = list(range(len(names)))
    while waiting:
        ready = next((i for i in waiting if parents[i] in placed), None)
        if ready is None:
            _fail("parents", f"'{names[waiting[0]]}' hangs on itself by way of others")
        order.append(ready)
        placed.add(ready)
        waiting.remove(ready)
    return order


def _offsets(file: _File) -> list[Vector]:
    if file.offsets is None:
        return [(0.0, 0.0, 0.0)] * len(file.joint_names)
    if len(file.offsets) != len(file.joint_names):
        _fail("offsets", f"{len(file.offsets)} offsets for {len(file.joint_names)} joints")
    return [
        _vector("offsets", joint, offset)
        for joint, offset in zip(file.joint_names, file.offsets, strict=True)
    ]


def _vector(field: str, joint: str, numbers: list[float]) -> Vector:
    if len(numbers) != 3 or not all(math.isfinite(number) for number in numbers):
        _fail(field, f"'{joint}' wants three finite numbers, in metres")
    x, y, z = numbers
    return x, y, z


def _pair(pair: list[str], names: Sequence[str]) -> tuple[str, str]:
    if len(pair) != 2:
        _fail("across", "wanted pairs of a left joint and its right twin")
    left, right = _known("across", tuple(pair), names)
    return left, right


def _known(field: str, joints: tuple[str, ...], names: Sequence[str]) -> tuple[str, ...]:
    for joint in joints:
        if joint not in names:
            _fail(field, f"there is no joint '{joint[:40]}'")
    return joints


def _sources(file: _File) -> tuple[tuple[str, Source], ...]:
    if file.to_humanml3d is None:
        return ()
    given = file.to_humanml3d
    missing = [joint for joint in _HUMANML3D if joint not in given]
    foreign = [joint for joint in given if joint not in _HUMANML3D]
    if foreign:
        _fail("to_humanml3d", f"HumanML3D has no joint '{foreign[0][:40]}'")
    if missing:
        _fail("to_humanml3d", f"it does not say where {', '.join(missing)} stands")
    return tuple((joint, _source(joint, given[joint], file)) for joint in _HUMANML3D)


def _source(joint: str, source: str | list[str | float], file: _File) -> Source:
    points = [f"end:{end}" for end in file.ends]
    if isinstance(source, str):
        return _known("to_humanml3d", (source,), (*file.joint_names, *points))[0]
    match source:
        case [str(start), str(end), (int() | float()) as share] if 0 <= share <= 1:
            _known("to_humanml3d", (start, end), (*file.joint_names, *points))
            return start, end, float(share)
    wanted = "a joint, or two joints and how far from the first to the second it stands (0 to 1)"
    _fail("to_humanml3d", f"'{joint}' wants {wanted}")
