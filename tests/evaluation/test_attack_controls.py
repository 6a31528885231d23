"""Changes of meaning, word by word."""

import pytest

from moclip.evaluation import controls


@pytest.mark.parametrize(
    ("control", "caption", "changed"),
    [
        ("left_right", "He lifts the Left hand, then his right foot",
         "He lifts the Right hand, then his left foot"),
        ("direction", "a person walks forward", "a person walks backward"),
        ("direction", "turns anticlockwise", "turns clockwise"),
        ("speed", "a person walks slowly", "a person walks quickly"),
        ("speed", "a person walks", "a person runs"),
        ("speed", "someone walks fast", "someone walks slow"),
        ("count", "takes 4 steps and turns twice", "takes 9 steps and turns seven times"),
        ("count", "a few steps", "a dozen steps"),
        ("negation", "a person walks", "a person does not walk"),
        ("negation", "a person raises a hand", "a person does not raise a hand"),
        ("negation", "a person catches a ball", "a person does not catch a ball"),
        ("negation", "a person is walking and turning", "a person is not walking and turning"),
        ("negation", "he walks without a stick", "he walks with a stick"),
        ("negation", "she is not moving", "she is moving"),
        ("actor", "an angry man kicks", "a calm woman kicks"),
    ],
)  # fmt: skip
def test_the_meaning_changes(control: str, caption: str, changed: str) -> None:
    (found,) = controls.perturb(control, [caption])
    assert found.text == changed


@pytest.mark.parametrize("control", controls.names())
def test_a_caption_that_says_none_of_it_stays(control: str) -> None:
    (found,) = controls.perturb(control, ["dancing"])
    assert found.changes == ()


def test_left_and_right_exchanged_twice_is_the_caption() -> None:
    caption = "the left hand, the right hand, and right then left"
    (once,) = controls.perturb("left_right", [caption])
    (twice,) = controls.perturb("left_right", [once.text])
    assert twice.text == caption
