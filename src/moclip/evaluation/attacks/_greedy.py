"""Changes tried one place after another; the worst for the victim stays, if the meaning does."""

from collections.abc import Generator, Sequence

from moclip.evaluation.attacks._rounds import Question, argmin
from moclip.evaluation.attacks._words import replaced
from moclip.evaluation.attacks.base import Change


class Budget:
    """Counts the texts that the score is asked for and cuts what is too much."""

    def __init__(self, limit: int) -> None:
        self.limit, self.spent = limit, 0

    def score(self, texts: Sequence[str]) -> Question:
        """A question of as many texts as may still be asked."""
        allowed = tuple(texts[: self.limit - self.spent])
        self.spent += len(allowed)
        return Question("score", allowed)


def descend(
    caption: str,
    places: Sequence[Sequence[Change]],
    *,
    count: int,
    floor: float,
    best: float,
    budget: Budget,
) -> Generator[Question, list[float], list[Change]]:
    """At most ``count`` changes, one of each place's at most, which lower the score from ``best``.

    Only texts of a similarity of at least ``floor`` are considered.
    """
    changes: list[Change] = []
    for place in places:
        if len(changes) == count or budget.spent == budget.limit:
            break
        tried = [[*changes, change] for change in place]
        alike = yield Question("similarity", tuple(text(caption, one) for one in tried))
        near = [one for one, like in zip(tried, alike, strict=True) if like >= floor]
        if not near:
            continue
        scores = yield budget.score([text(caption, one) for one in near])
        lowest = argmin(scores)
        if scores[lowest] < best:
            best, changes = scores[lowest], near[lowest]
    return changes


def text(caption: str, changes: Sequence[Change]) -> str:
    """The caption with these changes."""
    return replaced(caption, changes).text
