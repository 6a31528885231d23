"""The slow and plain way to what ``moclip.evaluation.ranking`` counts: loops, sets and sorting."""

from fractions import Fraction
from itertools import combinations
from math import comb
from statistics import median

TIE = 1e-6


def hit_probability(similarities: list[float], right: list[bool], k: int) -> Fraction:
    """That a right item is among the first ``k`` when ties are shuffled: all draws counted."""
    best = max(s for s, good in zip(similarities, right, strict=True) if good)
    above = sum(s > best + TIE for s in similarities)
    tied = [
        good for s, good in zip(similarities, right, strict=True) if best - TIE <= s <= best + TIE
    ]
    places = min(max(k - above, 0), len(tied))
    drawn = combinations(range(len(tied)), places)
    return Fraction(sum(any(tied[i] for i in some) for some in drawn), comb(len(tied), places))


def expected_rank(similarities: list[float], right: list[bool]) -> Fraction:
    """Sum over k of the chance that the first right item comes after place ``k``."""
    return sum(
        (1 - hit_probability(similarities, right, k) for k in range(len(similarities))), Fraction()
    )


def evaluate(similarity, captions, owner, alike):  # type: ignore[no-untyped-def]
    """Figures of both directions; ``alike(clip, caption)`` tells what is right."""
    clips, owned = range(len(similarity)), [c for c in range(len(captions)) if owner[c] >= 0]
    by_motion = [
        (similarity[m].tolist(), [alike(m, c) for c in range(len(captions))]) for m in clips
    ]
    by_text = [
        (similarity[:, c].tolist(), [alike(m, c, by_text=True) for m in clips]) for c in owned
    ]
    return {"motion->text": _figures(by_motion), "text->motion": _figures(by_text)}


def _figures(queries):  # type: ignore[no-untyped-def]
    figures = {
        f"R@{k}": float(100 * sum(hit_probability(*query, k) for query in queries) / len(queries))
        for k in (1, 2, 3, 5, 10)
    }
    return figures | {"MedR": float(median(expected_rank(*query) for query in queries))}
