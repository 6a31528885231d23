"""Slips of the keyboard: a neighbouring key, two letters swapped, one left out, a look-alike.

Only letters of words of three letters and more are touched, never digits. A slip that would make
another word that captions of motion know ("tight" of "right") is not made.
"""

import functools
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from moclip.evaluation.attacks import _reading, _thesaurus, base
from moclip.evaluation.attacks._draw import Draw
from moclip.evaluation.attacks._meaning import MEANS
from moclip.evaluation.attacks._words import Word, like, words
from moclip.evaluation.attacks.base import BLIND, Change, Perturbed, Victim

STRENGTHS = (0.02, 0.05, 0.1)
NEEDS: tuple[str, ...] = ()

Kind = Literal["neighbour", "swap", "drop", "homoglyph"]
KINDS: tuple[Kind, ...] = ("neighbour", "swap", "drop", "homoglyph")

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_LOOK_ALIKES = dict(zip("aceopxyijsh", "асеорхуіјѕһ", strict=True))
"""Cyrillic letters for Latin ones."""
_SHORTEST = 3
"""Letters; a slip in a shorter word leaves little of it."""


class Options(base.Options):
    """How many letters slip, and how."""

    strength: float = Field(0.05, ge=0, le=1)
    """Share of the letters."""
    kinds: tuple[Kind, ...] = Field(KINDS, min_length=1)
    """Which slips there are, all as likely."""


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """At most one slip touches a letter, however many fall on a word."""
    return [_perturbed(caption, options) for caption in captions]


def _perturbed(caption: str, options: Options) -> Perturbed:
    draw = Draw(options.seed, caption)
    typed = [_Typed(word) for word in words(caption) if _may_slip(word)]
    letters = [(word, at) for word in typed for at in range(len(word.keys))]
    left = draw.count(options.strength, len(letters))
    for word, at in draw.order(letters):
        if left > 0:
            left -= word.slip(at, draw.order(options.kinds), draw)
    return Perturbed(caption, tuple(word.change() for word in typed if word.touched))


def _may_slip(word: Word) -> bool:
    return len(word.text) >= _SHORTEST and word.text.isascii() and not word.text[0].isdigit()


class _Typed:
    """A word letter by letter, as it comes from the keyboard."""

    def __init__(self, word: Word) -> None:
        self.word = word
        self.keys = list(word.text)
        self.touched: set[int] = set()

    def slip(self, at: int, kinds: Sequence[Kind], draw: Draw) -> bool:
        """Makes the first of these slips that can be made here; ``False`` where none can."""
        for kind in kinds:
            slipped = _slipped(kind, self.word.text, at, draw)
            if self.touched & slipped.keys() or not slipped:
                continue
            keys = [slipped.get(i, key) for i, key in enumerate(self.keys)]
            if "".join(keys).lower() not in _vocabulary() and len("".join(keys)) > 1:
                self.keys = keys
                self.touched |= slipped.keys()
                return True
        return False

    def change(self) -> Change:
        return Change(self.word.start, self.word.end, self.word.text, "".join(self.keys))


def _slipped(kind: Kind, text: str, at: int, draw: Draw) -> dict[int, str]:
    """What stands at the places that the slip touches; empty where it cannot be made."""
    letter = text[at]
    if kind == "swap":
        other = text[at + 1 : at + 2]
        if other in ("", letter):
            return {}
        return {at: like(other.lower(), letter), at + 1: letter.lower() if at == 0 else letter}
    options = {
        "drop": ("",),
        "neighbour": _neighbours().get(letter.lower(), ()),
        "homoglyph": tuple(_LOOK_ALIKES.get(letter.lower(), "")),
    }[kind]
    return {at: like(draw.pick(options), letter)} if options else {}


@functools.cache
def _neighbours() -> dict[str, tuple[str, ...]]:
    """Keys that touch a key; each row stands half a key further right than the one above."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    place = {key: (i, j + i / 2) for i, row in enumerate(_ROWS) for j, key in enumerate(row)}
    for key, (row, column) in place.items():
        for other, (its_row, its_column) in place.items():
            if other != key and abs(row - its_row) <= 1 and abs(column - its_column) <= 1:
                found[key].append(other)
    return {key: tuple(others) for key, others in found.items()}


@functools.cache
def _vocabulary() -> frozenset[str]:
    """Words that a slip must not make by chance."""
    return (
        _reading.FUNCTION
        | frozenset(MEANS)
        | {key[0] for key in _thesaurus.index() if len(key) == 1}
    )
