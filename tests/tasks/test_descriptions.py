"""What a motion is, in words of a list."""

import doubles
import pytest
import torch

from moclip.tasks.recognition import classify, describe

CAPTIONS = ["a person walks", "a person runs", "somebody waves", "a person walks", "a jump"]


def test_the_best_captions_come_first_and_once() -> None:
    model, motion = doubles.model(), doubles.walk(1.0)
    told = describe(model, motion, CAPTIONS, 10)
    assert [one.caption for one in told] == sorted(
        set(CAPTIONS), key=lambda c: -model.similarity(motion, c).item()
    )
    for one in told:
        assert one.score == pytest.approx(model.similarity(motion, one.caption).item(), abs=1e-6)
    assert describe(model, motion, CAPTIONS, 2) == told[:2]


def test_probabilities_are_the_softmax_at_the_models_temperature() -> None:
    model = doubles.model()
    motions, labels = (
        [doubles.walk(v, lean=v / 9) for v in (0.5, 2.0, 4.0)],
        ["walk", "run", "jump"],
    )
    found = classify(model, motions, labels, "someone does {} here")
    prompts = [f"someone does {label} here" for label in labels]
    logits = model.scale * model.similarity(motions, prompts)
    torch.testing.assert_close(found, logits.softmax(-1).detach())
    assert torch.allclose(found.sum(-1), torch.ones(3))


def test_the_order_of_labels_makes_no_difference() -> None:
    model, motions = doubles.model(), [doubles.walk(1.0)]
    found = classify(model, motions, ["walk", "run", "jump"])
    turned = classify(model, motions, ["jump", "walk", "run"])
    assert torch.allclose(found[:, [2, 0, 1]], turned, atol=1e-6)


def test_mistakes_are_told_in_a_sentence() -> None:
    model, motion = doubles.model(), doubles.walk(1.0)
    with pytest.raises(ValueError, match="k is 0, wanted at least 1"):
        describe(model, motion, CAPTIONS, 0)
    with pytest.raises(ValueError, match="there is no caption"):
        describe(model, motion, [])
    with pytest.raises(ValueError, match="a caption is empty"):
        describe(model, motion, ["walks", " "])
    with pytest.raises(ValueError, match=r"the template 'walk' has no \{\} where the label goes"):
        classify(model, [motion], ["walk"], "walk")
    with pytest.raises(ValueError, match="label 'walk' is given twice"):
        classify(model, [motion], ["walk", "run", "walk"])
