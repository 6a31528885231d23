"""Captions of the Bandai-Namco set."""

import itertools
from collections import Counter

import pytest

from moclip.datasets._bandai_captions import CONTENTS, STYLES, compose, doing
from moclip.motion import mirror_caption

PAIRS = list(itertools.product(CONTENTS, STYLES))


def test_no_caption_belongs_to_two_pairs() -> None:
    counts = Counter(caption for pair in PAIRS for caption in compose(*pair))
    assert set(counts.values()) == {1}
    assert len(counts) == 6 * len(PAIRS)


def test_every_caption_says_its_style() -> None:
    for content, style in PAIRS:
        for caption in compose(content, style):
            assert any(wording in caption for wording in STYLES[style]), caption


def test_style_is_worded_alike_over_all_contents() -> None:
    walking = [caption.replace("walks", "bows") for caption in compose("walk", "sad")[:1]]
    assert walking == list(compose("bow", "sad")[:1])


@pytest.mark.parametrize("content", [name for name in CONTENTS if "left" in name])
def test_left_and_right_differ_by_that_word_alone(content: str) -> None:
    other = content.replace("left", "right")
    for left, right in zip(compose(content, "happy"), compose(other, "happy"), strict=True):
        assert mirror_caption(left) == right
        assert left != right


@pytest.mark.parametrize(
    ("content", "words"), [("wave-both-hands", "both"), ("raise-up-both-hands", "both")]
)
def test_both_hands_are_said(content: str, words: str) -> None:
    assert all(words in caption for caption in compose(content, "old"))


def test_bye_and_byebye_are_told_apart() -> None:
    assert all("bye-bye" in caption for caption in compose("byebye", "normal"))
    assert not any("bye-bye" in caption for caption in compose("bye", "normal"))


def test_every_verb_has_a_progressive_form() -> None:
    for phrases in CONTENTS.values():
        for phrase in phrases:
            assert doing(phrase).split()[0].endswith("ing"), phrase


def test_progressive_form_reaches_the_second_verb() -> None:
    assert doing("walks and turns left") == "walking and turning left"
    assert doing("walks ahead and drifts to the left") == "walking ahead and drifting to the left"


def test_captions_read_as_sentences() -> None:
    assert compose("walk-turn-left", "elderly") == (
        "a person walks and turns left in an elderly way",
        "an elderly person walks and makes a left turn",
        "someone walks around a corner to the left like an elderly person",
        "an elderly person is walking and turning left",
        "a person is walking and making a left turn in an elderly way",
        "slow with age, a person walks around a corner to the left",
    )
