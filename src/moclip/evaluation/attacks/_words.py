"""Words of a caption, and what English needs when one of them changes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from moclip.evaluation.attacks.base import Change, Perturbed

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_AN = re.compile(r"(?!u[nst][aei]|one|once|eu)[aeiou]|hour|honest", re.IGNORECASE)
"""Words that follow "an"."""


@dataclass(frozen=True)
class Word:
    """A word or a number where it stands in its caption."""

    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        return self.text.lower()


def words(caption: str) -> list[Word]:
    """In order, without punctuation; ``counter-clockwise`` and ``it's`` are one."""
    return [Word(found[0], found.start(), found.end()) for found in _WORD.finditer(caption)]


def like(text: str, pattern: str) -> str:
    """``text`` in capitals or with a capital, where ``pattern`` is so."""
    if len(pattern) > 1 and pattern.isupper():
        return text.upper()
    return text[:1].upper() + text[1:] if pattern[:1].isupper() else text


def replaced(caption: str, changes: Iterable[Change], queries: int = 0) -> Perturbed:
    """The caption with these changes in the order of their places, and "a" and "an" put right."""
    ordered = sorted(changes, key=lambda change: (change.start, change.end))
    return Perturbed(caption, tuple(_with_articles(caption, ordered)), queries)


def _with_articles(caption: str, changes: list[Change]) -> Iterable[Change]:
    """Before each change of a word, that of the article in front of it."""
    before = {after.start: word for word, after in _pairs(caption) if word.lower in ("a", "an")}
    done = 0
    for change in changes:
        article = before.get(change.start)
        if article is not None and change.after[:1].isalpha() and article.start >= done:
            wanted = like("an" if _AN.match(change.after) else "a", article.text)
            if wanted != article.text:
                yield Change(article.start, article.end, article.text, wanted)
        yield change
        done = change.end


def _pairs(caption: str) -> Iterable[tuple[Word, Word]]:
    """Neighbours with nothing but a space between them."""
    found = words(caption)
    for one, other in pairwise(found):
        if caption[one.end : other.start].isspace():
            yield one, other
