"""Every attack on captions keeps the promises of ``evaluation/attacks/__init__.py``."""

import inspect
import unicodedata
from collections import Counter
from collections.abc import Sequence
from types import ModuleType

import pytest
from attack_victims import victim

from moclip import catalog
from moclip.evaluation import attacks
from moclip.evaluation.attacks._meaning import meaning
from moclip.evaluation.attacks._words import words
from moclip.evaluation.attacks.base import Perturbed, Victim

NAMES = catalog.names("evaluation.attacks")

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


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def module(name: str) -> ModuleType:
    return __import__(f"moclip.evaluation.attacks.{name}", fromlist=["perturb"])


def strongest(name: str, captions: Sequence[str] = CAPTIONS, *, seed: int = 0) -> list[Perturbed]:
    strength = module(name).STRENGTHS[-1]
    return attacks.perturb(name, captions, victim(), strength=strength, seed=seed)


def told_apart(text: str) -> Counter[tuple[str, str]]:
    """Sides, directions, numbers and negations of a text, each as often as it is told."""
    said = (meaning(word.text) for word in words(text))
    return Counter(one for one in said if one is not None)


def test_its_docstring_says_in_a_line_what_it_does(name: str) -> None:
    first = (inspect.getdoc(module(name)) or "").splitlines()[0]
    assert len(first) <= 100
    assert first.strip()


def test_its_strengths_grow_and_are_options_of_its_own(name: str) -> None:
    strengths = module(name).STRENGTHS
    assert strengths
    assert strengths[0] > 0
    assert list(strengths) == sorted(set(strengths))
    for strength in strengths:
        assert module(name).Options(strength=strength).strength == strength


def test_every_option_is_explained(name: str) -> None:
    assert {"strength", "seed"} <= module(name).Options.model_fields.keys()
    with pytest.raises(ValueError, match="no option 'strenght'"):
        attacks.perturb(name, CAPTIONS, victim(), strenght=1)
    with pytest.raises(ValueError, match="strength"):
        attacks.perturb(name, CAPTIONS, victim(), strength=-0.1)


def test_it_names_what_the_victim_lacks(name: str) -> None:
    for part in module(name).NEEDS:
        with pytest.raises(ValueError, match="the victim has no"):
            attacks.perturb(name, CAPTIONS, Victim())
        assert hasattr(Victim(), part)


def test_strength_0_changes_nothing(name: str) -> None:
    for found in attacks.perturb(name, CAPTIONS, victim(), strength=0):
        assert found.changes == ()
        assert found.text == found.clean


def test_the_strongest_changes_something(name: str) -> None:
    assert any(found.changes for found in strongest(name))


def test_every_caption_is_answered_in_its_order(name: str) -> None:
    assert [found.clean for found in strongest(name)] == list(CAPTIONS)
    assert attacks.perturb(name, [], victim()) == []


def test_neighbours_in_the_list_make_no_difference(name: str) -> None:
    together = strongest(name)
    assert strongest(name, CAPTIONS[::-1])[::-1] == together
    assert [strongest(name, [caption])[0] for caption in CAPTIONS] == together
    assert strongest(name, CAPTIONS * 2) == together * 2


def test_the_seed_decides(name: str) -> None:
    assert strongest(name, seed=3) == strongest(name, seed=3)


def test_texts_are_valid(name: str) -> None:
    for found in strongest(name):
        assert found.text.strip()
        found.text.encode("utf-8")
        assert not any(unicodedata.category(sign).startswith("C") for sign in found.text)


def test_changes_change_something(name: str) -> None:
    for found in strongest(name):
        assert all(change.before != change.after for change in found.changes)


@pytest.mark.parametrize("caption", ["", "  ", "..."])
def test_captions_without_words_stay(name: str, caption: str) -> None:
    (found,) = strongest(name, [caption])
    assert found.text == caption


def test_what_a_motion_can_tell_apart_stays(name: str) -> None:
    for found in strongest(name):
        before, after = (told_apart(text) for text in (found.clean, found.text))
        assert before == after or name == "typos"
