"""Attacks that ask the victim: what they ask, how often, and what they make of the answers."""

import itertools
from collections.abc import Sequence

import pytest
import torch
from attack_victims import SAMPLE, score, similarity, victim
from torch import Tensor

from moclip.datasets import _bandai_captions
from moclip.evaluation import attacks
from moclip.evaluation.attacks import _greedy, _reading, substitution, universal_suffix
from moclip.evaluation.attacks._rounds import Question, together
from moclip.evaluation.attacks.base import Change, Perturbed, Victim

CAPTIONS = [
    caption
    for content, style in itertools.product(("run", "bow", "walk-left"), ("angry", "tired"))
    for caption in _bandai_captions.compose(content, style)
]


class Counting:
    """A judge that keeps what it was asked."""

    def __init__(self) -> None:
        self.calls: list[list[tuple[str, str]]] = []

    def __call__(self, texts: Sequence[str], captions: Sequence[str]) -> Tensor:
        self.calls.append(list(zip(texts, captions, strict=True)))
        return score(texts, captions)


def always_alike(texts: Sequence[str], captions: Sequence[str]) -> Tensor:
    return torch.ones(len(texts))


@pytest.mark.parametrize("limit", [0, 1, 3, 7, 20])
def test_the_budget_of_queries_is_kept(limit: int) -> None:
    judge = Counting()
    asking = Victim(score=judge, similarity=always_alike)
    found = attacks.perturb("substitution", CAPTIONS, asking, strength=1, queries=limit)
    asked = [pair for call in judge.calls for pair in call]
    assert len(asked) == len(set(asked))
    for one in found:
        of_caption = sum(caption == one.clean for _, caption in asked)
        assert of_caption <= one.queries <= limit


def test_questions_of_all_captions_come_in_one_batch() -> None:
    judge = Counting()
    asking = Victim(score=judge, similarity=always_alike)
    attacks.perturb("substitution", CAPTIONS, asking, strength=1)
    assert len(judge.calls[0]) > len(CAPTIONS)
    assert len(judge.calls) <= 1 + max(len(_reading.terms(caption)) for caption in CAPTIONS)


def test_no_substitution_leaves_the_floor_or_helps() -> None:
    changed = 0
    for found in attacks.perturb("substitution", CAPTIONS, victim(), strength=1, floor=0.7):
        (alike,) = similarity([found.text], [found.clean])
        (now,) = score([found.text], [found.clean])
        assert alike >= 0.7 - 1e-5 or not found.changes
        assert now <= 1
        changed += bool(found.changes)
    assert changed > len(CAPTIONS) / 2
    strict = attacks.perturb("substitution", CAPTIONS, victim(), strength=1, floor=1)
    assert not any(found.changes for found in strict)


def test_it_does_as_a_plain_loop_does() -> None:
    """One question at a time, as the paper writes it."""
    for caption in CAPTIONS:
        asking = Victim(score=score, similarity=always_alike)
        (found,) = attacks.perturb("substitution", [caption], asking, strength=1, queries=10_000)
        assert found.text == plainly(caption)


def plainly(caption: str) -> str:
    def judged(text: str) -> float:
        return round(score([text], [caption]).item(), 5)

    def with_changes(chosen: dict[int, str]) -> str:
        made = [Change(terms[i].start, terms[i].end, terms[i].text, w) for i, w in chosen.items()]
        return _greedy.text(caption, made)

    terms = [term for term in _reading.terms(caption) if term.others]
    order = sorted(range(len(terms)), key=lambda i: judged(with_changes({i: ""})))
    chosen: dict[int, str] = {}
    best = judged(caption)
    for i in order:
        words = [substitution.like(other, terms[i].text) for other in terms[i].others]
        scores = [judged(with_changes(chosen | {i: word})) for word in words]
        if min(scores) < best:
            best = min(scores)
            chosen[i] = words[scores.index(best)]
    return with_changes(chosen)


def test_substitution_hurts_more_than_synonyms_at_random() -> None:
    asking = Victim(score=score, similarity=always_alike)
    drawn = attacks.perturb("synonyms", CAPTIONS, strength=0.5)
    chosen = attacks.perturb("substitution", CAPTIONS, asking, strength=0.5)
    means = [score([f.text for f in found], CAPTIONS).mean() for found in (drawn, chosen)]
    assert means[1] < means[0]


def test_rounds_ask_nothing_twice_and_end_with_every_attack() -> None:
    def asking(text: str, rounds: int):  # type: ignore[no-untyped-def]
        for _ in range(rounds):
            yield Question("score", (text, text))
        return Perturbed(text, queries=rounds)

    judge = Counting()
    runs = {f"walk {i}": asking(f"walk {i}", i) for i in range(4)}
    found = together(runs, {"score": judge})
    assert {text: one.queries for text, one in found.items()} == {f"walk {i}": i for i in range(4)}
    assert sum(map(len, judge.calls)) == 3


def test_the_suffix_is_the_worst_word_on_the_sample_and_the_same_for_all() -> None:
    options = universal_suffix.Options(strength=1, pool=len(universal_suffix.FILLERS))
    found = universal_suffix.perturb(CAPTIONS, options, victim())
    ends = {one.changes[0].after for one in found}
    assert len(ends) == 1

    def mean(word: str) -> float:
        return score([f"{c} {word}" for c in SAMPLE], SAMPLE).mean().item()

    assert ends.pop().strip() == min(universal_suffix.FILLERS, key=mean)


@pytest.mark.parametrize("words", [1, 2, 4])
def test_the_suffix_has_as_many_words_as_asked(words: int) -> None:
    for found in attacks.perturb("universal_suffix", CAPTIONS, victim(), strength=words):
        assert len(found.text.split()) == len(found.clean.split()) + words


def test_the_suffix_stands_before_the_full_stop() -> None:
    (found,) = attacks.perturb("universal_suffix", ["A person walks."], victim(), strength=1)
    assert found.text.startswith("A person walks ")
    assert found.text.endswith(".")
