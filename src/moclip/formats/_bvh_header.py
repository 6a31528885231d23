"""The HIERARCHY of a BVH file: a tree of joints, each with its channels."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from moclip.skeletons.base import Vector

CHANNELS = tuple(f"{axis}{kind}" for kind in ("position", "rotation") for axis in "XYZ")
_BY_NAME = {channel.lower(): channel for channel in CHANNELS}
_MOST_JOINTS = 10_000


@dataclass
class Joint:
    name: str
    parent: int
    offset: Vector = (0.0, 0.0, 0.0)
    channels: tuple[str, ...] = ()
    """In the file's order, as :data:`CHANNELS` spells them."""
    end: Vector | None = None
    """Offset of the End Site, if one hangs here."""


@dataclass
class Words:
    """The words of a text one after another, each with its line; braces are words of their own."""

    file: str
    text: str
    line: int = 1
    _words: Iterator[tuple[int, str]] = field(init=False, repr=False)
    _ahead: tuple[int, str] | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        lines = self.text.replace("{", " { ").replace("}", " } ").split("\n")
        self._words = (
            (number, word) for number, line in enumerate(lines, self.line) for word in line.split()
        )
        self._ahead = next(self._words, None)

    def peek(self) -> str:
        return self._ahead[1] if self._ahead else ""

    def take(self, wanted: str) -> str:
        if self._ahead is None:
            self.fail(f"the hierarchy ends where {wanted} should stand: braces do not match")
        self.line, word = self._ahead
        self._ahead = next(self._words, None)
        return word

    def expect(self, *choices: str) -> str:
        if self.peek().upper() not in choices:
            wanted = " or ".join(f"'{choice}'" for choice in choices)
            self.fail(f"'{self.take(wanted)[:40]}' stands where {wanted} should")
        return self.take("a word").upper()

    def rest_of_line(self) -> str:
        """The words up to a brace or the end of the line: joint names may hold spaces."""
        words = []
        while self._ahead and self._ahead[0] == self.line and self._ahead[1] not in "{}":
            words.append(self.take("a name"))
        return " ".join(words)

    def number(self) -> float:
        word = self.take("a number")
        try:
            number = float(word)
        except ValueError:
            self.fail(f"'{word[:40]}' stands where a number should")
        if not math.isfinite(number):
            self.fail(f"an offset is {word}, wanted a finite number")
        return number

    def fail(self, problem: str) -> NoReturn:
        raise ValueError(f"{self.file}, line {self.line}: {problem}")


def read_joints(words: Words) -> list[Joint]:
    """Joints in the file's order, which puts parents before their children.

    Raises ``ValueError`` with the line of the first word that does not fit.
    """
    words.expect("HIERARCHY")
    words.expect("ROOT")
    joints: list[Joint] = []
    lines: dict[str, int] = {}
    above = _open(words, joints, lines, parent=-1)
    while above >= 0:
        word = words.expect("OFFSET", "CHANNELS", "JOINT", "END", "}")
        if word == "OFFSET":
            joints[above].offset = _vector(words)
        elif word == "CHANNELS":
            joints[above].channels = _channels(words)
        elif word == "JOINT":
            above = _open(words, joints, lines, parent=above)
        elif word == "END":
            joints[above].end = _end_site(words)
        else:
            above = joints[above].parent
    if words.peek():
        words.take("MOTION")
        words.fail("something follows the last brace; one body a file is read")
    return joints


def _open(words: Words, joints: list[Joint], lines: dict[str, int], *, parent: int) -> int:
    name = words.rest_of_line()
    if not name:
        words.fail("a joint has no name")
    if len(joints) == _MOST_JOINTS:
        words.fail(f"a body of more than {_MOST_JOINTS:,} joints is not read")
    if name in lines:
        words.fail(f"a second joint is named '{name[:40]}', the first stands on line {lines[name]}")
    lines[name] = words.line
    words.expect("{")
    joints.append(Joint(name, parent))
    return len(joints) - 1


def _vector(words: Words) -> Vector:
    return words.number(), words.number(), words.number()


def _channels(words: Words) -> tuple[str, ...]:
    count = words.take("the number of channels")
    names = words.rest_of_line().split()
    if not count.isdecimal() or len(count) > 3 or int(count) != len(names):
        words.fail(f"CHANNELS promises {count[:40]} channels and names {len(names)}")
    for name in names:
        if name.lower() not in _BY_NAME:
            words.fail(f"no channel named '{name[:40]}'; there are: {', '.join(CHANNELS)}")
    channels = tuple(_BY_NAME[name.lower()] for name in names)
    if len(set(channels)) != len(channels):
        words.fail("a channel is named twice")
    return channels


def _end_site(words: Words) -> Vector:
    words.rest_of_line()
    words.expect("{")
    words.expect("OFFSET")
    tip = _vector(words)
    words.expect("}")
    return tip
