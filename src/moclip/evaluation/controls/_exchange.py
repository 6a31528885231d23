"""Words exchanged for others by a table."""

from collections.abc import Iterable, Mapping

from pydantic import Field

from moclip.evaluation.attacks import base
from moclip.evaluation.attacks._draw import Draw
from moclip.evaluation.attacks._words import like, replaced, words
from moclip.evaluation.attacks.base import Change, Perturbed


class Options(base.Options):
    """How much of a caption is changed."""

    strength: float = Field(1.0, ge=0, le=1)
    """Share of the places that could be changed."""


def both_ways(pairs: str) -> dict[str, str]:
    """``"left right, up down"`` -> a table in which each word of a pair has the other."""
    split = [pair.split() for pair in pairs.split(",")]
    return {one: other for pair in split for one, other in (pair, pair[::-1])}


def exchanged(caption: str, table: Mapping[str, str], options: Options) -> Perturbed:
    """The caption with words of the table exchanged, their case kept."""
    found = (
        Change(word.start, word.end, word.text, like(table[word.lower], word.text))
        for word in words(caption)
        if word.lower in table
    )
    return some(caption, found, options)


def some(caption: str, changes: Iterable[Change], options: Options) -> Perturbed:
    """The share of the changes that the options ask for, drawn by the seed."""
    draw, possible = Draw(options.seed, caption), list(changes)
    count = draw.count(options.strength, len(possible))
    return replaced(caption, draw.order(possible)[:count])
