"""What an attack is given and what it answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jaxtyping import Float
from pydantic import BaseModel
from torch import Tensor

from moclip.models.text.base import TextTower

Judge = Callable[[Sequence[str], Sequence[str]], Float[Tensor, " text"]]
"""A number for each text, given the clean caption that it stands for; both lists are as long."""


class Options(BaseModel, frozen=True, extra="forbid"):
    """What every attack lets one choose; each adds its ``strength``, in a unit of its own."""

    seed: int = 0
    """Decides, with the caption alone, every random choice."""


@dataclass(frozen=True)
class Change:
    """One place of a caption with what stood there and what stands there now."""

    start: int
    """First character in the clean caption."""
    end: int
    """One past the last; equal to ``start`` where something is put in."""
    before: str
    after: str


@dataclass(frozen=True)
class Perturbed:
    """A caption under attack."""

    clean: str
    changes: tuple[Change, ...] = ()
    """In the order of their places, which do not overlap."""
    queries: int = 0
    """Texts that the victim was asked to judge."""

    def __post_init__(self) -> None:
        at = 0
        for change in self.changes:
            assert at <= change.start <= change.end, f"changes overlap: {self.changes}"
            assert self.clean[change.start : change.end] == change.before, change
            at = change.end

    @property
    def text(self) -> str:
        """The caption with its changes."""
        parts, at = [], 0
        for change in self.changes:
            parts += [self.clean[at : change.start], change.after]
            at = change.end
        return "".join([*parts, self.clean[at:]])


@dataclass(frozen=True, eq=False)
class Victim:
    """What an attack may ask of what it attacks; parts not at hand are ``None``."""

    score: Judge | None = None
    """How well a text still does what the clean caption does, such as finding its own motion: the
    higher, the better for the victim."""
    similarity: Judge | None = None
    """How near a text is in meaning to the clean caption, 1 for the same, by a sentence encoder
    that is not under attack itself."""
    tower: TextTower | None = None
    """The text tower, where the attack may look inside."""
    aims: Callable[[Sequence[str]], Float[Tensor, "caption dim"]] | None = None
    """Unit vectors that the captions' vectors should be near to: of their own motions, or their own
    clean ones. An attack drives them away from there."""
    sample: Sequence[str] = ()
    """Captions that an attack may learn from, apart from those that it is measured on."""


BLIND = Victim()
"""Of whom nothing can be asked: enough for attacks that need no model."""

T = TypeVar("T")


def asked(part: T | None, name: str) -> T:
    """A part of the victim. Raises ``ValueError`` naming it where it is missing."""
    if part is None:
        raise ValueError(f"the victim has no '{name}', and this attack needs it")
    return part
