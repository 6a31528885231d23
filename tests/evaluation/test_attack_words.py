"""Reading captions, the thesaurus, and the attacks that need nothing but words."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moclip.datasets import _bandai_captions
from moclip.evaluation import attacks
from moclip.evaluation.attacks import _reading, _thesaurus
from moclip.evaluation.attacks._draw import Draw
from moclip.evaluation.attacks._inflection import inflected
from moclip.evaluation.attacks._meaning import AXES, meaning
from moclip.evaluation.attacks._words import replaced, words
from moclip.evaluation.attacks.base import Change

BANDAI = [
    caption
    for content in _bandai_captions.CONTENTS
    for style in _bandai_captions.STYLES
    for caption in _bandai_captions.compose(content, style)
]


def verb(word: str) -> tuple[str, ...]:
    return inflected(word, "verb", _thesaurus.irregular())


@pytest.mark.parametrize(
    ("base", "forms"),
    [
        ("walk", "walk walks walked walked walking"),
        ("hop", "hop hops hopped hopped hopping"),
        ("squat", "squat squats squatted squatted squatting"),
        ("bow", "bow bows bowed bowed bowing"),
        ("march", "march marches marched marched marching"),
        ("carry", "carry carries carried carried carrying"),
        ("sway", "sway sways swayed swayed swaying"),
        ("dance", "dance dances danced danced dancing"),
        ("tiptoe", "tiptoe tiptoes tiptoed tiptoed tiptoeing"),
        ("lift", "lift lifts lifted lifted lifting"),
        ("swing", "swing swings swung swung swinging"),
    ],
)
def test_verbs_are_inflected(base: str, forms: str) -> None:
    assert verb(base) == tuple(forms.split())


def test_phrases_are_inflected_at_their_head() -> None:
    assert verb("pick up")[2] == "picked up"
    nouns = ("way to", "point of departure", "street thug", "child", "punch", "body")
    plurals = [inflected(noun, "noun", _thesaurus.irregular())[1] for noun in nouns]
    assert plurals == [
        "ways to", "points of departure", "street thugs", "children", "punches", "bodies",
    ]  # fmt: skip


def test_the_thesaurus_has_words_enough_and_each_once() -> None:
    listed = [(g.pos, word) for g in _thesaurus.groups() for word in g.members]
    assert len({word for _, word in listed}) >= 400
    assert [pair for pair, times in Counter(listed).items() if times > 1] == []
    replaceable = {word for g in _thesaurus.groups() if len(g.members) > 1 for word in g.members}
    assert len(replaceable) >= 400


def test_no_group_crosses_what_a_motion_can_tell_apart() -> None:
    for group in _thesaurus.groups():
        said = [{meaning(word) for word in member.split()} for member in group.members]
        for axis in AXES:
            values = {frozenset(m for m in one if m and m[0] == axis) for one in said}
            assert len(values) == 1, (group, axis)


def test_words_that_are_only_replaced_are_never_put_in() -> None:
    (group,) = [g for g in _thesaurus.groups() if "saunter" in g.members]
    assert "saunter" not in group.put_in
    (sense,) = _thesaurus.index()[("saunters",)]
    assert sense.others == ("walks", "strolls", "strides")


def read(caption: str) -> dict[str, tuple[str, ...]]:
    return {term.text: term.others for term in _reading.terms(caption)}


def test_a_word_is_read_by_its_neighbours() -> None:
    assert "leaps" in read("a person jumps")["jumps"]
    assert "leap" in read("he does a jump")["jump"]
    assert read("a person steps to the side")["steps"] == ()
    assert "strides" in read("a person takes four steps")["steps"]
    assert "rapidly" in read("a person walks fast")["fast"]
    assert "rapid" in read("a person takes fast steps")["fast"]
    assert "shoved" in read("a person is pushed")["pushed"]


def test_phrases_are_read_as_one() -> None:
    assert "rises" in read("he stands up again")["stands up"]
    assert read("she shakes hands")["shakes hands"] == ()
    assert read("he walks back and forth")["back and forth"] == ("to and fro",)
    assert read("stands, up")["stands"] == ()


def test_left_is_a_side_and_no_form_of_leave() -> None:
    assert "left" not in read("he left the room and raised the left hand")
    others = [word for senses in _thesaurus.index().values() for s in senses for word in s.others]
    assert not [word for word in others if word.startswith(("left ", "right ")) or word == "left"]


def test_articles_follow_their_word() -> None:
    (change,) = replaced("a person walks", [Change(2, 8, "person", "individual")]).changes[:1]
    assert (change.before, change.after) == ("a", "an")
    assert replaced("An object", [Change(3, 9, "object", "thing")]).text == "A thing"
    assert replaced("an elderly man", [Change(11, 14, "man", "owl")]).text == "an elderly owl"


def test_synonyms_keep_form_and_capital() -> None:
    for seed in range(20):
        (found,) = attacks.perturb("synonyms", ["Somebody walks"], strength=1, seed=seed)
        first, second = found.text.split()
        assert first == "Someone"
        assert second in ("strolls", "strides")


def test_stronger_synonyms_contain_the_weaker() -> None:
    weak, strong = (
        attacks.perturb("synonyms", BANDAI[::20], strength=s, seed=2) for s in (0.25, 0.5)
    )
    for one, other in zip(weak, strong, strict=True):
        assert {c for c in one.changes if c.before != "a"} <= set(other.changes) | {
            c for c in one.changes if c.before == "an"
        }


def test_the_share_of_replaced_words_is_the_strength() -> None:
    captions = BANDAI[::8]
    found = attacks.perturb("synonyms", captions, strength=0.25)
    content = sum(len(_reading.terms(caption)) for caption in captions)
    replaced_words = sum(c.before not in ("a", "an") for f in found for c in f.changes)
    assert replaced_words / content == pytest.approx(0.25, abs=0.02)


def test_synonyms_keep_what_a_motion_can_tell_apart(shared_data: Path) -> None:
    table = json.loads((shared_data / "kit_ml_captions" / "annotations.json").read_text())
    captions = {said["text"] for clip in table.values() for said in clip["annotations"]}
    for found in attacks.perturb("synonyms", sorted(captions)[::20], strength=1):
        before, after = (
            Counter(meaning(word.text) for word in words(text) if meaning(word.text))
            for text in (found.clean, found.text)
        )
        assert before == after, (found.clean, found.text)


def test_the_share_of_slips_is_the_strength() -> None:
    captions = BANDAI[::12]
    for kind in ("neighbour", "drop", "homoglyph"):
        found = attacks.perturb("typos", captions, strength=0.05, kinds=(kind,))
        slips = sum(abs(len(f.clean) - len(f.text)) for f in found) if kind == "drop" else sum(
            a != b for f in found for a, b in zip(f.clean, f.text, strict=True)
        )  # fmt: skip
        letters = sum(len(w.text) for c in captions for w in words(c) if len(w.text) >= 3)
        assert slips / letters == pytest.approx(0.05, abs=0.01), kind


def test_a_swap_keeps_the_letters() -> None:
    for found in attacks.perturb("typos", BANDAI[:200], strength=0.1, kinds=("swap",)):
        assert sorted(found.text.lower()) == sorted(found.clean.lower())


def test_slips_make_no_other_word_of_motion() -> None:
    known = {key[0] for key in _thesaurus.index() if len(key) == 1}
    for seed in range(5):
        for found in attacks.perturb("typos", BANDAI[::30], strength=0.1, seed=seed):
            for change in found.changes:
                assert change.after.lower() not in known


def test_homoglyphs_look_alike_but_are_others() -> None:
    (found,) = attacks.perturb("typos", ["a person walks"], strength=1, kinds=("homoglyph",))
    assert found.text == "a реrѕоn wаlkѕ"
    assert not found.text.isascii()


@given(st.text(max_size=60), st.sampled_from(["typos", "synonyms"]), st.integers(0, 99))
def test_any_text_at_all_may_come(text: str, name: str, seed: int) -> None:
    (found,) = attacks.perturb(name, [text], strength=0.5, seed=seed)
    assert found.clean == text


@given(st.floats(0, 1), st.integers(0, 30))
def test_counts_are_shares_rounded(share: float, of: int) -> None:
    count = Draw(0, "text").count(share, of)
    assert int(share * of) <= count <= min(of, int(share * of) + 1)


def test_draws_are_the_same_everywhere() -> None:
    draw = Draw(7, "a person walks")
    assert draw.order("abcdef") == Draw(7, "a person walks").order("abcdef")
    assert [round(Draw(7, t).number(), 6) for t in ("a", "b")] == [0.411181, 0.746397]


def test_word_order_keeps_the_words_or_drops_function_words() -> None:
    for found in attacks.perturb("word_order", BANDAI[::25], strength=0.5):
        before, after = (
            Counter(w.lower for w in words(text)) for text in (found.clean, found.text)
        )
        assert not after - before
        assert set(before - after) <= {"a", "an", "the", "is"}


def test_sides_keep_their_place() -> None:
    for seed in range(30):
        (found,) = attacks.perturb("word_order", ["he waves his left hand"], strength=1, seed=seed)
        assert "left hand" in found.text


@pytest.mark.parametrize(
    ("caption", "framed"),
    [
        ("a person walks", "there is a person who walks"),
        ("A person walks.", "In this clip, a person walks."),
        ("a person walks and turns", "the clip shows a person who walks and turns"),
        ("the human jumps", "the human can be seen jumping"),
        ("Someone is waving", "Someone is shown waving"),
        ("a person walking home", "we see a person walking home"),
        ("walking in a circle.", "walking in a circle in this clip."),
        ("lively, a person dances", "lively, a person is dancing"),
    ],
)
def test_sentences_are_put_another_way(caption: str, framed: str) -> None:
    texts = {
        attacks.perturb("paraphrase", [caption], strength=0.5, seed=seed)[0].text
        for seed in range(200)
    }
    assert framed in texts


def test_a_verb_among_others_keeps_its_form() -> None:
    for seed in range(100):
        (found,) = attacks.perturb("paraphrase", ["a person walks and turns"], seed=seed)
        assert "walks and turns" in found.text
