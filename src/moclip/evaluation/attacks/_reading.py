"""Which words of a caption carry its content, and as what part of speech: rules for captions.

There is no tagger: the sentences are short and plain, and where the rules are in doubt a word is
left alone, so that an attack is at worst too weak.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from moclip.evaluation.attacks import _thesaurus
from moclip.evaluation.attacks._meaning import meaning
from moclip.evaluation.attacks._thesaurus import Sense
from moclip.evaluation.attacks._words import Word, words


def _listed(line: str) -> frozenset[str]:
    return frozenset(line.split())


DETERMINERS = _listed(
    "a an the this these his her its their my your our another other each every some any no "
    "his/her both all next first second last same opposite upper lower"
)
PREPOSITIONS = _listed(
    "with of in on at from by for into onto over under through without like towards toward along "
    "against between behind after before during near off than as"
)
BE = _listed("be is are was were been being get gets getting got has have had having")
LIGHT = _listed(
    "perform performs performing performed do does doing did make makes making made take takes "
    "taking took throw throws throwing threw play plays playing give gives giving"
)
BEFORE_BASE = _listed(
    "to and then or can could will would should must may might does do did not they people who "
    "you we i let lets"
)
PRONOUNS = _listed(
    "he she it they him her them himself herself itself themselves who which that what there "
    "something anything"
)
CONJUNCTIONS = _listed("and or but then while when if so because until to up down out back")
_DEGREE = _listed("very really quite rather so too more most seems appears looks feels")
FUNCTION = DETERMINERS | PREPOSITIONS | BE | PRONOUNS | CONJUNCTIONS | BEFORE_BASE | _DEGREE
"""Words that hold a sentence together and carry no content."""

_BEFORE_NOUN = DETERMINERS | PREPOSITIONS | LIGHT
_BEFORE_ADJECTIVE = BE | _DEGREE
_ALWAYS_NOUNS = frozenset({"someone", "somebody"})


@dataclass(frozen=True)
class Term:
    """A word or phrase of content where it stands in its caption."""

    text: str
    start: int
    end: int
    others: tuple[str, ...] = ()
    """What may stand in its place; none for what the thesaurus does not know."""


def terms(caption: str) -> list[Term]:
    """The content of a caption in order; phrases of the thesaurus are one term."""
    return list(_terms(caption))


def _terms(caption: str) -> Iterator[Term]:
    found = words(caption)
    at = 0
    while at < len(found):
        length, others = _known(caption, found, at)
        first, last = found[at], found[at + length - 1]
        if others is not None or not (first.lower in FUNCTION or meaning(first.text)):
            yield Term(caption[first.start : last.end], first.start, last.end, others or ())
        at += length


def _known(caption: str, found: Sequence[Word], at: int) -> tuple[int, tuple[str, ...] | None]:
    """The longest phrase of the thesaurus that begins here, and what may stand in its place."""
    index = _thesaurus.index()
    for length in range(min(_thesaurus.longest(), len(found) - at), 0, -1):
        phrase = found[at : at + length]
        senses = index.get(tuple(word.lower for word in phrase), ())
        place = _Place(caption, found, at, length, senses)
        sense = next((sense for sense in senses if place.fits(sense)), None)
        if sense is not None and _one_piece(caption, phrase):
            return length, place.others(sense)
    return 1, None


def _one_piece(caption: str, phrase: Sequence[Word]) -> bool:
    """Whether nothing but spaces stands between the words."""
    return all(caption[one.end : other.start].isspace() for one, other in pairwise(phrase))


@dataclass(frozen=True)
class _Place:
    """Where a phrase stands: its neighbours decide how it is read."""

    caption: str
    found: Sequence[Word]
    at: int
    length: int
    senses: tuple[Sense, ...]

    def fits(self, sense: Sense) -> bool:
        if sense.pos == "noun":
            return self._noun(sense.form)
        if sense.pos == "verb":
            return self._verb(sense.form)
        if self.length > 1 or (sense.pos == "adverb" and len(self.senses) == 1):
            return True
        return self._adjective() if sense.pos == "adjective" else not self._adjective()

    def others(self, sense: Sense) -> tuple[str, ...]:
        """What may stand here; single words alone where a participle stands before a noun."""
        if sense.form in ("gerund", "participle") and self._awaits_noun():
            return tuple(other for other in sense.others if " " not in other)
        return sense.others

    def _before(self, back: int = 1) -> str:
        """The word in front, empty at the beginning and after punctuation."""
        at = self.at - back
        if at < 0 or not self.caption[self.found[at].end : self.found[at + 1].start].isspace():
            return ""
        return self.found[at].lower

    def _after(self) -> str:
        at = self.at + self.length
        if at >= len(self.found):
            return ""
        gap = self.caption[self.found[at - 1].end : self.found[at].start]
        return self.found[at].lower if gap.isspace() else ""

    def _noun(self, form: str) -> bool:
        always = self.length > 1 or self.found[self.at].lower in _ALWAYS_NOUNS
        described = form == "singular" and self._described()
        return always or not self._before() or self._awaits_noun() or described

    def _awaits_noun(self) -> bool:
        """Whether the word in front is one that a noun follows."""
        before, earlier = self._before(), self._before(2)
        if before in _BEFORE_NOUN or before.endswith("'s"):
            return True
        if meaning(before) and (meaning(before) or ("", ""))[0] in ("number", "side"):
            return True
        if any(sense.pos == "adjective" for sense in _thesaurus.index().get((before,), ())):
            return earlier not in BE
        return before.endswith(("ing", "ed")) and earlier in DETERMINERS

    def _described(self) -> bool:
        """Whether one unknown word stands between the article and this: "a basketball player"."""
        before, earlier = self._before(), self._before(2)
        return earlier in DETERMINERS and not (
            before in FUNCTION or (before,) in _thesaurus.index()
        )

    def _verb(self, form: str) -> bool:
        before = self._before()
        if form == "base":
            return before in BEFORE_BASE or (not before and self.length > 1)
        if form == "past":
            return before not in BE and not self._awaits_noun()
        if form == "participle":
            return before in BE or before.endswith("ly") or self._awaits_noun()
        return form == "gerund" or not self._awaits_noun()

    def _adjective(self) -> bool:
        """Whether an adjective stands well here: before a noun, or said of one."""
        before, after = self._before(), self._after()
        if before in _BEFORE_ADJECTIVE or self.at == 0:
            return True
        return bool(after) and not (after in FUNCTION or meaning(after) or after.endswith("ly"))
