"""The thesaurus by every form of its words."""

import functools
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moclip.evaluation.attacks._inflection import FORMS, Irregular, inflected
from moclip.evaluation.attacks._meaning import SIDES

PATH = Path(__file__).parent / "data" / "thesaurus.toml"


@dataclass(frozen=True)
class Group:
    """Words of one part of speech that stand for each other."""

    pos: str
    members: tuple[str, ...]
    put_in: tuple[str, ...]
    """Those that may take the place of others."""


@dataclass(frozen=True)
class Sense:
    """One way to read a word or a phrase."""

    pos: str
    form: str
    others: tuple[str, ...]
    """What may stand in its place, in the same form."""


Index = dict[tuple[str, ...], tuple[Sense, ...]]


@functools.cache
def groups() -> tuple[Group, ...]:
    """In the order of the file."""
    table = _table()
    return tuple(_group(pos, line) for pos in FORMS for line in table[pos])


@functools.cache
def irregular() -> Irregular:
    """Forms that no rule gives."""
    rows = ((pos, line.split()) for pos, lines in _table()["irregular"].items() for line in lines)
    return {(pos, forms[0]): tuple(forms) for pos, forms in rows}


@functools.cache
def index() -> Index:
    """Senses by the words of a phrase, in lower case; "left" is a side and no form of "leave"."""
    found: defaultdict[tuple[str, ...], list[Sense]] = defaultdict(list)
    for group in groups():
        for phrase, sense in _senses(group):
            if phrase not in SIDES and sense not in found[tuple(phrase.split())]:
                found[tuple(phrase.split())].append(sense)
    return {key: tuple(senses) for key, senses in found.items()}


@functools.cache
def longest() -> int:
    """Words of the longest phrase."""
    return max(map(len, index()))


def _table() -> dict[str, Any]:
    return tomllib.loads(PATH.read_text(encoding="utf-8"))


def _group(pos: str, line: str) -> Group:
    put_in, _, only_replaced = line.partition("|")
    first, rest = ([w.strip() for w in part.split(",") if w] for part in (put_in, only_replaced))
    return Group(pos, (*first, *rest), tuple(first))


def _senses(group: Group) -> Iterator[tuple[str, Sense]]:
    forms = {word: inflected(word, group.pos, irregular()) for word in group.members}
    for word in group.members:
        for number, form in enumerate(FORMS[group.pos]):
            others = tuple(forms[other][number] for other in group.put_in if other != word)
            yield forms[word][number], Sense(group.pos, form, others)
