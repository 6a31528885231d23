"""Recognition from captions and from prompts."""

import pytest
import torch

from moclip.evaluation import recognition


def test_a_class_scores_as_its_best_caption() -> None:
    similarity = torch.tensor([[0.9, 0.1, 0.2, 0.8], [0.3, 0.1, 0.6, 0.7]])
    meanings = [frozenset({"walk"}), frozenset({"walk"}), frozenset({"run"}), frozenset({"jump"})]
    found = recognition.by_captions(similarity, meanings, ["walk", "run"], samples=0)
    assert found["top-1"].value == 50
    assert found["top-5"].value == 100
    assert found["top-1"].low is None


def test_a_caption_may_stand_for_several_classes() -> None:
    similarity = torch.tensor([[0.9, 0.1], [0.9, 0.1]])
    meanings = [frozenset({"walk", "stroll"}), frozenset({"run"})]
    found = recognition.by_captions(similarity, meanings, ["walk", "stroll"], samples=0)
    assert found["top-1"].value == 50  # tied: each is first half of the time


def test_clips_without_a_class_are_left_out() -> None:
    similarity = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9]])
    meanings = [frozenset({"walk"}), frozenset({"run"})]
    found = recognition.by_captions(similarity, meanings, ["walk", None, "run"], samples=0)
    assert found["top-1"].value == 100


def test_balanced_accuracy_weighs_classes_alike() -> None:
    scores = torch.tensor([[0.9, 0.1]] * 5)
    truth = torch.tensor([0, 0, 0, 0, 1])
    found = recognition.accuracy(scores, truth)
    assert found["top-1"].value == pytest.approx(80)
    assert found["balanced top-1"].value == pytest.approx(50)
    assert found["top-1"].low < found["top-1"].value < found["top-1"].high


def test_zero_shot_takes_the_mean_of_a_class_s_prompts() -> None:
    motion = torch.eye(3)
    prompts = {
        "walk": torch.tensor([[1.0, 0, 0], [0.8, 0.6, 0]]),
        "run": torch.tensor([[0, 1.0, 0]]),
        "jump": torch.tensor([[0, 0, 1.0]]),
    }
    found = recognition.zero_shot(motion, prompts, ["walk", "run", "jump"], samples=0)
    assert found["top-1"].value == 100


def test_a_class_without_a_caption_is_told() -> None:
    similarity = torch.ones(1, 1)
    with pytest.raises(
        ValueError, match="class 'run' stands in no caption; the classes told apart"
    ):
        recognition.by_captions(similarity, [frozenset({"walk"})], ["run"])
    with pytest.raises(ValueError, match="no clip has a class"):
        recognition.by_captions(similarity, [frozenset({"walk"})], [None])
