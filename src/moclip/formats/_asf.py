"""Acclaim's skeleton file (``.asf``): bones that begin where the bone above them ends.

Keywords with a colon open sections; ``#`` begins a comment, commas and parentheses are spaces.
Limits, masses and everything about skin are passed over.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from moclip.skeletons.base import Vector

ROOT = "root"
LARGEST = 2**22
"""Bytes; the CMU database's have 7 kB."""
_MOST_BONES = 1000
_MOVES = ("tx", "ty", "tz")
_TURNS = ("rx", "ry", "rz")
_SPACES = str.maketrans(",()", "   ")


@dataclass
class Bone:
    """A bone in its base pose, in the file's own unit, angles in radians."""

    name: str
    line: int
    parent: int = -1
    direction: Vector = (0.0, 0.0, 0.0)
    length: float = 0.0
    axis: Vector = (0.0, 0.0, 0.0)
    """Of the frame in which the bone turns: angles about the fixed axes of ``axis_order``."""
    axis_order: str = "XYZ"
    dof: tuple[str, ...] = ()
    """What the motion file gives, in its order; turns are about fixed axes, the first one first."""

    @property
    def reach(self) -> Vector:
        """From where the bone begins to where it ends."""
        x, y, z = self.direction
        return x * self.length, y * self.length, z * self.length


@dataclass
class Body:
    """A skeleton as its file has it."""

    bones: list[Bone]
    """The root first, parents before their children."""
    position: Vector = (0.0, 0.0, 0.0)
    """Added to the root's path."""
    unit: float = 1.0
    """The ``length`` among the units: ``0.45`` in the CMU database, whose numbers are to be divided
    by it to become inches."""
    degrees: bool = True


@dataclass
class Lines:
    """The lines of a text that hold words, one after another."""

    file: str
    text: str
    at: int = 0
    """The number of the line taken last."""
    ahead: list[str] = field(default_factory=list)
    """The words of the next line; none at the end."""
    _rest: Iterator[tuple[int, list[str]]] = field(init=False, repr=False)
    _next: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        lines = enumerate(self.text.split("\n"), start=1)
        words = ((n, line.partition("#")[0].translate(_SPACES).split()) for n, line in lines)
        self._rest = (line for line in words if line[1])
        self.take()
        self.at = 1

    def take(self) -> list[str]:
        """The next line; no words at the end."""
        line, self.at = self.ahead, self._next
        self._next, self.ahead = next(self._rest, (self._next, []))
        return line

    def is_section(self) -> bool:
        return bool(self.ahead) and self.ahead[0].startswith(":")

    def fail(self, problem: str) -> NoReturn:
        raise ValueError(f"{self.file}, line {max(self.at, 1)}: {problem}")


def read_body(text: str, name: str) -> Body:
    """The skeleton in the text of an ``.asf`` file.

    Raises ``ValueError`` with ``name`` and the line of the first thing that does not fit.
    """
    lines = Lines(name, text)
    if not lines.is_section():
        lines.take()
        lines.fail("this is no Acclaim skeleton: it begins with no section such as ':version'")
    body = Body([Bone(ROOT, 1)])
    found: set[str] = set()
    while lines.ahead:
        section = lines.take()[0].lower()
        if section in found:
            lines.fail(f"a second section '{section[:40]}'")
        found.add(section)
        if reader := _SECTIONS.get(section):
            reader(lines, body)
        while lines.ahead and not lines.is_section():
            lines.take()
    for section in (":root", ":bonedata", ":hierarchy"):
        if section not in found:
            raise ValueError(f"{name} has no section '{section}'")
    _to_radians(body)
    return body


def _section(lines: Lines) -> Iterator[tuple[str, list[str]]]:
    """The lines of a section: the first word in small letters, the others."""
    while lines.ahead and not lines.is_section():
        word, *rest = lines.take()
        yield word.lower(), rest


def _units(lines: Lines, body: Body) -> None:
    for word, rest in _section(lines):
        if word == "length":
            (body.unit,) = _numbers(lines, rest, 1)
            if body.unit <= 0:
                lines.fail(f"the unit of length is {body.unit:g}, wanted a positive number")
        elif word == "angle":
            if [w.lower() for w in rest] not in (["deg"], ["rad"]):
                lines.fail("the unit of angles is 'deg' or 'rad'")
            body.degrees = rest[0].lower() == "deg"


def _root(lines: Lines, body: Body) -> None:
    root = body.bones[0]
    root.line = lines.at
    for word, rest in _section(lines):
        if word == "order":
            root.dof = _dof(lines, rest, _MOVES + _TURNS)
        elif word == "axis":
            root.axis_order = _order(lines, rest)
        elif word == "position":
            body.position = _vector(lines, rest)
        elif word == "orientation":
            root.axis = _vector(lines, rest)
    if not root.dof:
        lines.fail("the root has no 'order' such as TX TY TZ RX RY RZ")


def _bonedata(lines: Lines, body: Body) -> None:
    known = {ROOT: 0}
    for word, _ in _section(lines):
        if word != "begin":
            lines.fail(f"'{word[:40]}' stands where a bone should begin")
        bone = _bone(lines)
        if bone.name in known:
            lines.fail(f"a second bone is named '{bone.name[:40]}'")
        known[bone.name] = len(body.bones)
        body.bones.append(bone)
        if len(body.bones) > _MOST_BONES:
            lines.fail(f"more than {_MOST_BONES:,} bones")


def _bone(lines: Lines) -> Bone:
    bone = Bone("", lines.at)
    for word, rest in _section(lines):
        if word == "end":
            if not bone.name:
                lines.fail("a bone has no name")
            return bone
        if word == "name":
            bone.name = " ".join(rest)
        elif word == "direction":
            bone.direction = _vector(lines, rest)
        elif word == "length":
            (bone.length,) = _numbers(lines, rest, 1)
        elif word == "axis":
            bone.axis = _vector(lines, rest[:3])
            bone.axis_order = _order(lines, rest[3:] or ["XYZ"])
        elif word == "dof":
            bone.dof = _dof(lines, rest, _TURNS)
    lines.fail(f"bone '{bone.name[:40]}' has no 'end'")


def _hierarchy(lines: Lines, body: Body) -> None:
    """Hangs the bones on each other and puts them in the order of the tree, depth first."""
    number = {bone.name: i for i, bone in enumerate(body.bones)}
    below: dict[str, list[str]] = {}
    hung: set[str] = {ROOT}
    for word, rest in _section_as_written(lines):
        if word.lower() in ("begin", "end") and not rest:
            continue
        for name in (word, *rest):
            if name not in number:
                lines.fail(f"no bone is named '{name[:40]}'")
        for name in rest:
            if name in hung:
                lines.fail(f"bone '{name[:40]}' hangs on a second one")
            hung.add(name)
        below.setdefault(word, []).extend(rest)
    order: list[Bone] = []
    ahead = [(ROOT, -1)]
    while ahead:
        name, parent = ahead.pop()
        bone = body.bones[number[name]]
        bone.parent = parent
        ahead += [(child, len(order)) for child in reversed(below.get(name, []))]
        order.append(bone)
    if len(order) < len(body.bones):
        loose = next(bone for bone in body.bones if bone not in order)
        lines.fail(f"bone '{loose.name[:40]}' of line {loose.line} does not hang on the root")
    body.bones = order


def _section_as_written(lines: Lines) -> Iterator[tuple[str, list[str]]]:
    while lines.ahead and not lines.is_section():
        word, *rest = lines.take()
        yield word, rest


_SECTIONS: dict[str, Callable[[Lines, Body], None]] = {
    ":units": _units,
    ":root": _root,
    ":bonedata": _bonedata,
    ":hierarchy": _hierarchy,
}


def _to_radians(body: Body) -> None:
    if body.degrees:
        for bone in body.bones:
            x, y, z = bone.axis
            bone.axis = math.radians(x), math.radians(y), math.radians(z)


def _numbers(lines: Lines, words: Sequence[str], count: int) -> list[float]:
    if len(words) != count:
        lines.fail(f"{len(words)} numbers, wanted {count}")
    return [_number(lines, word) for word in words]


def _number(lines: Lines, word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not abs(number) < 1e9:
        lines.fail(f"'{word[:40]}' stands where a finite number should")
    return number


def _vector(lines: Lines, words: Sequence[str]) -> Vector:
    x, y, z = _numbers(lines, words, 3)
    return x, y, z


def _order(lines: Lines, words: Sequence[str]) -> str:
    order = "".join(words).upper()
    if sorted(order) != ["X", "Y", "Z"]:
        lines.fail(f"'{order[:40]}' is no order of axes such as XYZ")
    return order


def _dof(lines: Lines, words: Sequence[str], known: tuple[str, ...]) -> tuple[str, ...]:
    dof = tuple(word.lower() for word in words)
    for word in dof:
        if word not in known or dof.count(word) > 1:
            there = ", ".join(known)
            lines.fail(f"'{word[:40]}' among the degrees of freedom; read are, once each: {there}")
    return dof
