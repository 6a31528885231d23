"""What an evaluator is said to be worth."""

import doubles
import pytest
import torch

from moclip.evaluation.evaluator_quality import ceiling, quality
from moclip.models.evaluator.own import Config, Evaluator
from moclip.motion import CaptionedMotion

SIZES = Config(dim=8, width=8, layers=1, text_layers=1, heads=2, buckets=32)


@pytest.fixture
def evaluator() -> Evaluator:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Evaluator(SIZES, words=("walk",), labels={"content": ("walk-0", "walk-1")}).eval()


def biased(evaluator: Evaluator, row: int) -> Evaluator:
    """Says one label of everything."""
    with torch.no_grad():
        evaluator.heads[0].weight.zero_()
        evaluator.heads[0].bias.copy_(torch.eye(2)[row])
    return evaluator


def test_accuracy_is_the_share_of_labels_told(evaluator: Evaluator) -> None:
    clips = [clip for clip in doubles.clips(8) if clip.labels["content"] != "walk-2"]
    zeros = sum(clip.labels["content"] == "walk-0" for clip in clips)
    told = quality(biased(evaluator, 0), clips, samples=0).recognition["content"]
    assert told["top-1"].value == pytest.approx(100 * zeros / len(clips))
    assert told["balanced top-1"].value == pytest.approx(50)


def test_a_label_it_was_never_taught_is_mistaken(evaluator: Evaluator) -> None:
    clips = doubles.clips(8)  # two of them walk-2, three walk-1
    told = quality(biased(evaluator, 1), clips, samples=0).recognition["content"]
    assert told["top-1"].value == pytest.approx(100 * 3 / 8)
    assert told["top-5"].value == pytest.approx(100 * 6 / 8)  # two labels were taught, not five


def test_clips_without_labels_are_measured_by_their_captions(evaluator: Evaluator) -> None:
    clips = [CaptionedMotion(c.id, c.motion, c.captions) for c in doubles.clips(5)]
    report = quality(evaluator, clips, samples=20)
    assert report.recognition == {}
    assert (report.protocol, report.clips, report.captions) == ("small-32", 5, 10)
    assert report.retrieval["text->motion"]["R@5"].value == pytest.approx(100)


def test_what_is_known_of_the_motions_is_not_made_again(evaluator: Evaluator) -> None:
    clips = doubles.clips(6)
    gathered = evaluator.gather([clip.motion for clip in clips])
    assert quality(evaluator, clips, gathered=gathered, samples=0) == quality(
        evaluator, clips, samples=0
    )


def test_no_clips_are_refused(evaluator: Evaluator) -> None:
    with pytest.raises(ValueError, match="no clips to measure"):
        quality(evaluator, [])


def test_a_judge_who_never_errs_is_stopped_by_shared_captions_alone() -> None:
    clips = doubles.clips(6)
    assert ceiling(clips).retrieval["text->motion"]["R@1"].value == pytest.approx(100)
    twins = [CaptionedMotion(f"twin of {c.id}", c.motion, c.captions) for c in clips]
    best = ceiling([*clips, *twins]).retrieval["text->motion"]
    assert best["R@1"].value == pytest.approx(50)
    assert best["R@2"].value == pytest.approx(100)
