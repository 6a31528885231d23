"""What is found only between the clips of a set."""

from dataclasses import replace

import pytest
import spoiled
import torch
from spoiled import bundled, of, walk

from moclip.curation.checks import caption_leaks, near_duplicates
from moclip.curation.checks.base import Card, Case, Fault, card
from moclip.motion import Motion


def cards(*told: tuple[str, str, Motion]) -> list[Card]:
    """From id, split and motion."""
    return [card(Case(name, motion, split=split)) for name, split, motion in told]


def others(split: str = "train") -> list[tuple[str, str, Motion]]:
    names = [name for name in bundled() if name != "cmu_actions/walking_01"][:30]
    return [(name, split, bundled()[name]) for name in names]


def twins(*told: tuple[str, str, Motion]) -> list[tuple[str, Fault]]:
    return list(near_duplicates.compare(cards(*told)))


def test_real_clips_of_one_actor_are_no_duplicates() -> None:
    told = [
        (name, "test" if n % 2 else "train", m) for n, (name, m) in enumerate(bundled().items())
    ]
    assert twins(*told) == []


@pytest.mark.parametrize(
    "twin",
    [
        lambda motion: motion,
        lambda motion: motion.resampled(30.0),
        lambda motion: motion.moved(torch.tensor((3.0, 0.1, -8.0))),
        lambda motion: replace(motion, joints=(motion.joints * 500).round() / 500),
    ],
    ids=["copy", "other fps", "elsewhere", "rounded to 2 mm"],
)
def test_the_same_movement_in_two_splits_is_found(twin: object) -> None:
    assert callable(twin)
    found = twins(*others(), ("original", "train", walk()), ("twin", "test", twin(walk())))
    ((clip, fault),) = found
    assert (clip, fault.severity) == ("twin", "error")
    assert "the same movement as original (test and train)" in fault.sentence


def test_a_mirrored_twin_in_another_split_is_found() -> None:
    found = twins(*others(), ("original", "train", walk()), ("M1", "val", walk().mirrored()))
    ((clip, fault),) = found
    assert clip == "M1"
    assert "the mirror image of original (val and train)" in fault.sentence


def test_twins_in_one_split_are_nobodys_business() -> None:
    assert twins(*others(), ("a", "train", walk()), ("b", "train", walk().mirrored())) == []


def test_without_splits_a_twin_is_a_warning_told_once() -> None:
    found = twins(*others(""), ("a", "", walk()), ("b", "", walk()))
    assert [(clip, fault.severity) for clip, fault in found] == [("b", "warning")]


def test_half_of_a_clip_is_no_twin() -> None:
    assert twins(*others(), ("a", "train", walk()), ("b", "test", walk().cut(0.0, 1.5))) == []


def test_clips_without_a_known_body_are_passed_over() -> None:
    strange = spoiled.renamed(walk())
    assert twins(("a", "train", strange), ("b", "test", strange), ("c", "test", walk())) == []


def test_blocks_find_what_one_product_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [*others(), *((f"{name} again", "test", motion) for name, _, motion in others())]
    whole = twins(*told)
    monkeypatch.setattr(near_duplicates, "_BLOCK", 7)
    assert len(whole) >= 30
    assert sorted(clip for clip, _ in twins(*told)) == sorted(clip for clip, _ in whole)


def described(name: str, split: str, *captions: str) -> Card:
    return card(replace(of(walk()), id=name, split=split, captions=captions))


def test_a_clip_with_the_captions_of_one_in_another_split_is_found() -> None:
    told = [
        described("a", "train", "a man leaps over a chair", "someone vaults a chair"),
        described("b", "test", "Someone vaults a chair", "a man leaps  over a chair"),
        described("c", "test", "a person walks", "someone goes"),
    ]
    ((clip, fault),) = caption_leaks.compare(told)
    assert (clip, fault.severity) == ("b", "warning")
    assert "1 of 2 clips of test have all their captions from a clip of train" in fault.sentence
    assert "those of a, such as 'Someone vaults a chair'" in fault.sentence


def test_one_caption_that_two_clips_share_is_no_leak() -> None:
    told = [
        described("a", "train", "a person walks", "someone strolls"),
        described("b", "test", "a person walks", "someone goes"),
        described("c", "train", "a person runs"),
        described("d", "val", "a person runs"),
    ]
    assert list(caption_leaks.compare(told)) == []


def test_the_same_captions_within_a_split_are_no_leak() -> None:
    told = [described(name, "test", "a person walks", "someone goes") for name in "ab"]
    assert list(caption_leaks.compare(told)) == []
