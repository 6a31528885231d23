"""Who does what in a caption: its subject and its verb, where they are plain to see."""

import re
from dataclasses import dataclass

from moclip.evaluation.attacks import _thesaurus
from moclip.evaluation.attacks._inflection import inflected

_ACTORS = (
    "person|human|individual|someone|somebody|man|guy|woman|lady|boy|girl|child|kid|subject|figure|"
    "character|thug|giant|referee|umpire|officer|player|dancer|fighter|boxer|robot"
)
_SUBJECT = re.compile(
    rf"(?:^|, )(?P<subject>(?:(?:an?|the)(?: [\w-]+){{0,2}}? )?(?:{_ACTORS}))(?= )", re.IGNORECASE
)
_VERB = re.compile(r" (?:\w+ly )?(?P<verb>is (?P<doing>\w+ing)|(?P<does>[a-z]+s))\b")
_ANOTHER_VERB = re.compile(r"(?:\band|\bthen|,|\bwho|\bbut) (?:\w+ly |then )?[a-z]+s\b")
_HELPERS = frozenset({"is", "was", "has", "does", "its", "his", "this", "as", "sees", "perhaps"})


@dataclass(frozen=True)
class Sentence:
    """A caption with the places of its subject and its first verb, as start and end."""

    caption: str
    subject: tuple[int, int] | None = None
    verb: tuple[int, int] | None = None
    """``walks`` or ``is walking``; behind a subject alone."""
    alone: bool = False
    """Whether no other verb follows that would have to change with it."""


def parsed(caption: str) -> Sentence:
    subject = _SUBJECT.search(caption)
    if subject is None:
        return Sentence(caption)
    verb = _VERB.match(caption, subject.end())
    if verb is None or verb["verb"] in _HELPERS:
        return Sentence(caption, subject.span("subject"))
    alone = not _ANOTHER_VERB.search(caption, verb.end())
    return Sentence(caption, subject.span("subject"), verb.span("verb"), alone)


def forms_of_third(third: str) -> tuple[str, ...]:
    """All forms of the verb of ``walks``, in the order of :data:`._inflection.FORMS`."""
    irregular = _thesaurus.irregular()
    of_third = {forms[1]: forms for (pos, _), forms in irregular.items() if pos == "verb"}
    if third in of_third:
        return of_third[third]
    base_form = third[:-2] if re.search(r"(?:ss|x|zz|[cs]h)es$", third) else third[:-1]
    if third.endswith("ies"):
        base_form = f"{third[:-3]}y"
    return inflected(base_form, "verb", irregular)
