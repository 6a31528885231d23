"""Recognition protocols against counts made by hand."""

import doubles
import pytest
import torch

from moclip.evaluation import label_recognition
from moclip.motion import CaptionedMotion

CLASSES = ("walk", "run", "jump", "sit")


def clip(labels: str) -> CaptionedMotion:
    return CaptionedMotion("a", doubles.walk(0.5), ("a",), {"action": labels})


def test_a_clip_may_have_several_labels() -> None:
    assert label_recognition.labels_of(clip("turn; walk;run"), "action") == ["turn", "walk", "run"]
    assert label_recognition.labels_of(clip("turn"), "style") == []


def test_protocols_count_other_classes() -> None:
    truth = ["walk", "jump", "fly"]
    assert label_recognition.judged(truth, CLASSES, "segment") == [0]
    assert label_recognition.judged(truth, CLASSES, "any-label") == [0, 2]
    assert label_recognition.judged(["fly", "walk"], CLASSES, "segment") == []


def test_the_likeliest_right_class_stands_for_a_clip() -> None:
    scores = torch.tensor([[0.3, 0.9, 0.8, 0.1], [0.5, 0.2, 0.1, 0.4]])
    made, truth = label_recognition.with_one_right(scores, [[0, 2], [3]])
    assert truth.tolist() == [2, 3]
    assert made[0].tolist() == [-torch.inf, *scores[0, 1:].tolist()]
    assert (made[0] > made[0, 2]).sum() == 1  # run alone comes before jump
    assert torch.equal(made[1], scores[1])


def test_any_label_is_never_harder(  # a right class more can only help
) -> None:
    model = doubles.model()
    clips = [clip("walk;run"), clip("run;jump"), clip("fly;sit")]
    one = label_recognition.evaluate(model, clips, CLASSES, kind="action", samples=0)
    both = label_recognition.evaluate(
        model, clips, CLASSES, kind="action", protocol="any-label", samples=0
    )
    assert (one["clips"].value, both["clips"].value) == (2, 3)
    first_two = label_recognition.evaluate(
        model, clips[:2], CLASSES, kind="action", protocol="any-label", samples=0
    )
    assert first_two["top-1"].value >= one["top-1"].value
    assert one["top-5"].value == 100  # of four classes


def test_where_no_class_is_known_it_is_told() -> None:
    with pytest.raises(ValueError, match="no clip has a label 'style' among the 4 classes"):
        label_recognition.evaluate(doubles.model(), [clip("walk")], CLASSES, kind="style")
