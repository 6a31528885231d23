"""Forms of English words by rule, and back; words that follow no rule stand in the thesaurus."""

import re

FORMS = {
    "verb": ("base", "third", "past", "participle", "gerund"),
    "noun": ("singular", "plural"),
    "adjective": ("plain",),
    "adverb": ("plain",),
}
"""In the order of the thesaurus's irregular words."""

Irregular = dict[tuple[str, str], tuple[str, ...]]
"""All forms of a word by part of speech and first form."""

_SIBILANT = re.compile(r"(s|x|z|ch|sh)$")
_CONSONANT_Y = re.compile(r"[^aeiou]y$")
_DOUBLES = re.compile(r"^[^aeiou]*(?:qu)?[aeiou][^aeiouwxy]$")
"""Words of one syllable that end in a vowel and a consonant: ``hop``, ``squat``, ``spin``."""
_HEAD_ENDS = re.compile(r" (?:of|to|on|and) ")


def inflected(words: str, pos: str, irregular: Irregular) -> tuple[str, ...]:
    """All forms of an entry, in the order of :data:`FORMS`.

    Of several words a verb has its first inflected, a noun the last of those before "of" or "to".
    """
    if pos == "verb":
        head, space, rest = words.partition(" ")
        return tuple(f"{form}{space}{rest}" for form in _forms(head, pos, irregular))
    if pos == "noun":
        before, rest = _split_noun(words)
        start, space, head = before.rpartition(" ")
        return tuple(f"{start}{space}{form}{rest}" for form in _forms(head, pos, irregular))
    return (words,)


def _split_noun(words: str) -> tuple[str, str]:
    found = _HEAD_ENDS.search(f"{words} ")
    return (words, "") if found is None else (words[: found.start()], words[found.start() :])


def _forms(word: str, pos: str, irregular: Irregular) -> tuple[str, ...]:
    if (pos, word) in irregular:
        return irregular[pos, word]
    if pos == "noun":
        return word, _with_s(word)
    past = _with_ending(word, "ed")
    return word, _with_s(word), past, past, _with_ending(word, "ing")


def _with_s(word: str) -> str:
    if _SIBILANT.search(word):
        return f"{word}es"
    return f"{word[:-1]}ies" if _CONSONANT_Y.search(word) else f"{word}s"


def _with_ending(word: str, ending: str) -> str:
    if _DOUBLES.match(word):
        return f"{word}{word[-1]}{ending}"
    if ending == "ed" and _CONSONANT_Y.search(word):
        return f"{word[:-1]}ied"
    if word.endswith("ie") and ending == "ing":
        return f"{word[:-2]}ying"
    if word.endswith("e"):
        keeps = ending == "ing" and word.endswith(("ee", "oe", "ye"))
        return f"{word if keeps else word[:-1]}{ending}"
    return f"{word}{ending}"
