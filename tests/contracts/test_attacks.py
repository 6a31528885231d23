"""Attacks on captions and changes of meaning keep the promises of their folders."""

import inspect
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest
from attack_victims import victim

from moclip import catalog
from moclip.evaluation import attacks
from moclip.evaluation.attacks._meaning import meaning
from moclip.evaluation.attacks._words import words
from moclip.evaluation.attacks.base import Perturbed, Victim

ATTACKS = [("evaluation.attacks", name) for name in catalog.names("evaluation.attacks")]
CONTROLS = [("evaluation.controls", name) for name in catalog.names("evaluation.controls")]
Entry = tuple[str, str]
"""A folder of the package and a file in it."""

CAPTIONS = (
    "a person walks slowly forward and then waves with the left hand",
    "Someone kicks a ball twice with the right foot, turns around and jumps.",
    "a man who is not running picks up an object from the floor",
    "an elderly person is walking backwards in an angry way",
    "the human takes 4 quick steps in a circle counterclockwise",
    "Jumps",
    "on",
    "42!",
    "пешеход идёт вперёд",
)


@pytest.fixture(params=ATTACKS + CONTROLS, ids=lambda entry: entry[1])
def entry(request: pytest.FixtureRequest) -> Entry:
    return request.param


def module(entry: Entry) -> ModuleType:
    return __import__(f"moclip.{entry[0]}.{entry[1]}", fromlist=["perturb"])


def perturb(entry: Entry, captions: Sequence[str], **options: float) -> list[Perturbed]:
    return attacks.perturb(entry[1], captions, victim(), folder=entry[0], **options)


def strongest(
    entry: Entry, captions: Sequence[str] = CAPTIONS, *, seed: int = 0
) -> list[Perturbed]:
    return perturb(entry, captions, strength=module(entry).STRENGTHS[-1], seed=seed)


def told_apart(text: str) -> Counter[tuple[str, str]]:
    """Sides, directions, numbers and negations of a text, each as often as it is told."""
    said = (meaning(word.text) for word in words(text))
    return Counter(one for one in said if one is not None)


def test_its_docstring_says_in_a_line_what_it_does(entry: Entry) -> None:
    first = (inspect.getdoc(module(entry)) or "").splitlines()[0]
    assert len(first) <= 100
    assert first.strip()


def test_it_has_a_row_in_the_documentation(entry: Entry) -> None:
    page = (Path(__file__).parents[2] / "docs" / "robustness.md").read_text()
    assert f"\n| `{entry[1]}` |" in page


def test_its_strengths_grow_and_are_options_of_its_own(entry: Entry) -> None:
    strengths = module(entry).STRENGTHS
    assert strengths
    assert strengths[0] > 0
    assert list(strengths) == sorted(set(strengths))
    for strength in strengths:
        assert module(entry).Options(strength=strength).strength == strength


def test_every_option_is_explained(entry: Entry) -> None:
    assert {"strength", "seed"} <= module(entry).Options.model_fields.keys()
    with pytest.raises(ValueError, match="no option 'strenght'"):
        perturb(entry, CAPTIONS, strenght=1)
    with pytest.raises(ValueError, match="strength"):
        perturb(entry, CAPTIONS, strength=-0.1)


def test_it_names_what_the_victim_lacks(entry: Entry) -> None:
    for part in module(entry).NEEDS:
        with pytest.raises(ValueError, match="the victim has no"):
            attacks.perturb(entry[1], CAPTIONS, Victim(), folder=entry[0])
        assert hasattr(Victim(), part)


def test_strength_0_changes_nothing(entry: Entry) -> None:
    for found in perturb(entry, CAPTIONS, strength=0):
        assert found.changes == ()
        assert found.text == found.clean


def test_the_strongest_changes_something(entry: Entry) -> None:
    assert any(found.changes for found in strongest(entry))


def test_every_caption_is_answered_in_its_order(entry: Entry) -> None:
    assert [found.clean for found in strongest(entry)] == list(CAPTIONS)
    assert perturb(entry, []) == []


def test_neighbours_in_the_list_make_no_difference(entry: Entry) -> None:
    together = strongest(entry)
    assert strongest(entry, CAPTIONS[::-1])[::-1] == together
    assert [strongest(entry, [caption])[0] for caption in CAPTIONS] == together
    assert strongest(entry, CAPTIONS * 2) == together * 2


def test_the_seed_decides(entry: Entry) -> None:
    assert strongest(entry, seed=3) == strongest(entry, seed=3)


def test_texts_are_valid(entry: Entry) -> None:
    for found in strongest(entry):
        assert found.text.strip()
        found.text.encode("utf-8")
        assert not any(unicodedata.category(sign).startswith("C") for sign in found.text)


def test_changes_change_something(entry: Entry) -> None:
    for found in strongest(entry):
        assert all(change.before != change.after for change in found.changes)


@pytest.mark.parametrize("caption", ["", "  ", "..."])
def test_captions_without_words_stay(entry: Entry, caption: str) -> None:
    (found,) = strongest(entry, [caption])
    assert found.text == caption


@pytest.mark.parametrize("entry", ATTACKS, ids=lambda entry: entry[1])
def test_attacks_keep_what_a_motion_can_tell_apart(entry: Entry) -> None:
    if entry[1] == "typos":  # a slip leaves no word of the kind at all
        return
    for found in strongest(entry):
        assert told_apart(found.text) == told_apart(found.clean)


@pytest.mark.parametrize("entry", CONTROLS, ids=lambda entry: entry[1])
def test_controls_change_words(entry: Entry) -> None:
    for found in strongest(entry):
        words_before, words_after = found.clean.lower().split(), found.text.lower().split()
        assert bool(found.changes) == (words_before != words_after)
