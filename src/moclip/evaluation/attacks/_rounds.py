"""Attacks that ask the victim, run side by side: each round of questions is one batch.

An attack on a caption is a generator: it yields what it wants to know and is sent the answers. Run
together, a thousand captions ask in a handful of batches, and nothing is asked twice.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from moclip.evaluation.attacks.base import Judge, Perturbed

Kind = Literal["score", "similarity"]
DIGITS = 5
"""Answers are rounded to this, so that the last bits, which depend on the neighbours in a batch,
decide nothing."""


@dataclass(frozen=True)
class Question:
    """Texts to judge, all standing for the attack's own caption."""

    kind: Kind
    texts: tuple[str, ...]


Attack = Generator[Question, list[float], Perturbed]


def together(attacks: Mapping[str, Attack], judges: Mapping[Kind, Judge]) -> dict[str, Perturbed]:
    """What each attack ends with, by its caption."""
    known: dict[tuple[Kind, str, str], float] = {}
    ended: dict[str, Perturbed] = {}
    open_questions: dict[str, Question] = {}

    def advance(caption: str, answers: list[float] | None) -> None:
        try:
            attack = attacks[caption]
            open_questions[caption] = next(attack) if answers is None else attack.send(answers)
        except StopIteration as stop:
            ended[caption] = stop.value
            open_questions.pop(caption, None)

    for caption in attacks:
        advance(caption, None)
    while open_questions:
        _answer(open_questions, judges, known)
        for caption, asked in list(open_questions.items()):
            advance(caption, [known[asked.kind, text, caption] for text in asked.texts])
    return {caption: ended[caption] for caption in attacks}


def _answer(
    questions: Mapping[str, Question],
    judges: Mapping[Kind, Judge],
    known: dict[tuple[Kind, str, str], float],
) -> None:
    """Asks each judge once for all that is not known yet."""
    for kind, judge in judges.items():
        asked = [
            (kind, text, caption)
            for caption, question in questions.items()
            if question.kind == kind
            for text in question.texts
        ]
        missing = list(dict.fromkeys(one for one in asked if one not in known))
        if missing:
            values = judge([text for _, text, _ in missing], [clean for *_, clean in missing])
            known |= zip(missing, (round(value, DIGITS) for value in values.tolist()), strict=True)


def argmin(values: Sequence[float]) -> int:
    """Where the smallest stands, the first of equals."""
    return min(range(len(values)), key=values.__getitem__)
