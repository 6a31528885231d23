"""Splits: who stays with whom, what added clips change, and that parts are nested."""

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest

from moclip.curation import split
from moclip.datasets._plan import Clip

IDS = [f"take{number:04d}" for number in range(1000)]


def clips(ids: list[str], labels: dict[str, str] | None = None) -> list[Clip]:
    return [Clip(name, "train", ("someone moves",), labels or {}) for name in ids]


def test_every_clip_is_in_exactly_one_split() -> None:
    found = split.split(clips(IDS))
    assert sorted(found["train"] + found["val"] + found["test"]) == IDS
    assert len(found["train"]) == pytest.approx(800, abs=40)
    assert len(found["test"]) == pytest.approx(100, abs=30)


def test_clips_that_are_added_move_no_other() -> None:
    few, all_of_them = split.split(clips(IDS[::3])), split.split(clips(IDS))
    for part in split.SPLITS:
        assert set(few[part]) == set(all_of_them[part]) & set(IDS[::3])
    few_parts, parts = split.nested_fractions(IDS[::3]), split.nested_fractions(IDS)
    for fraction in split.FRACTIONS:
        assert set(few_parts[fraction]) == set(parts[fraction]) & set(IDS[::3])


def test_the_order_of_the_clips_makes_no_difference() -> None:
    shuffled = random.Random(0).sample(IDS, len(IDS))
    there, here = split.nested_fractions(shuffled), split.nested_fractions(IDS)
    assert {f: set(ids) for f, ids in there.items()} == {f: set(ids) for f, ids in here.items()}


def test_smaller_parts_lie_in_larger_ones_and_are_about_as_large_as_they_say() -> None:
    parts = split.nested_fractions(IDS, (100, 1, 10, 50))
    assert list(parts) == [1, 10, 50, 100]
    sets = [set(ids) for ids in parts.values()]
    assert all(small < large for small, large in pairwise(sets))
    assert parts[100] == IDS
    assert len(parts[10]) == pytest.approx(100, abs=30)
    assert len(parts[50]) == pytest.approx(500, abs=50)


def test_parts_are_drawn_apart_from_splits() -> None:
    """Else the first tenth of a part would be all of one split."""
    tenth = set(split.nested_fractions(IDS)[10.0])
    assert all(tenth & set(ids) for ids in split.split(clips(IDS)).values())


def test_another_seed_is_another_split() -> None:
    assert split.split(clips(IDS), seed=1)["test"] != split.split(clips(IDS))["test"]
    one, two = (split.nested_fractions(IDS, (10,), seed) for seed in (0, 1))
    assert one != two


@pytest.mark.parametrize(
    ("twin", "original"),
    [
        ("M000123", "000123"),
        ("M000123@1-2.5", "000123@1-2.5"),
        ("Mwalk.bvh", "walk.bvh"),
        ("Mwalk@1-2.5", "walk@2.5-4"),
        ("Mtakes/walk.bvh", "takes/walk.bvh"),
        ("takes/Mwalk.bvh", "takes/walk.bvh"),
    ],
)
def test_a_mirrored_twin_stays_with_its_original(twin: str, original: str) -> None:
    takes = split.takes([*IDS, original, twin])
    assert takes[twin] == takes[original]


def test_a_name_that_merely_begins_with_m_is_its_own() -> None:
    assert split.takes(["Marching", "dance"])["Marching"] == "Marching"


def test_clips_of_one_take_stay_together() -> None:
    cut = [f"{name}@{at}-{at + 2.5:g}" for name in IDS[:200] for at in (0, 2.5)]
    for parts in (split.split(clips(cut)), split.nested_fractions(cut, (10, 100))):
        for ids in parts.values():
            names = [name.partition("@")[0] for name in ids]
            assert all(names.count(name) == 2 for name in names)


def test_subjects_are_told_by_a_pattern_or_by_a_label() -> None:
    ids = [f"S{number % 30:02d}_take{number}" for number in range(300)]
    by_pattern = split.split(clips(ids), by="subject", pattern=r"^(S\d+)_")
    labelled = [Clip(name, "train", (), {"subject": name[:3]}) for name in ids]
    assert split.split(labelled, by="subject") == by_pattern
    people = [{name[:3] for name in part} for part in by_pattern.values()]
    assert not people[0] & people[1]
    assert not people[0] & people[2]
    assert not people[1] & people[2]


def test_a_clip_of_an_unknown_subject_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"'take0000' .* no label 'subject'; give --subject REGEX$"
    ):
        split.split(clips(IDS), by="subject")
    with pytest.raises(ValueError, match=r"'take0000' .* 'x' finds nothing in it; give another"):
        split.split(clips(IDS), by="subject", pattern="x")
    with pytest.raises(ValueError, match=r"'\(' is no regular expression"):
        split.split(clips(IDS), by="subject", pattern="(")


def test_an_empty_split_is_told() -> None:
    with pytest.raises(ValueError, match="none of 2 takes falls into"):
        split.split(clips(["a", "b"]))


def test_the_data_sets_own_splits_are_kept() -> None:
    mixed = [Clip("a", "train", ()), Clip("b", "test", ()), Clip("c", "train", ())]
    assert split.split(mixed, by="own") == {"train": ["a", "c"], "val": [], "test": ["b"]}


@pytest.mark.parametrize("fraction", [0.0, -1.0, 100.5, float("nan")])
def test_a_percentage_that_is_none_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="is no percentage"):
        split.nested_fractions(IDS, (fraction,))


def test_lists_are_written_with_how_they_were_made(tmp_path: Path) -> None:
    splits = split.split(clips(IDS), seed=3)
    parts = split.nested_fractions(splits["train"], (2.5, 100), 3)
    split.write(tmp_path, splits, parts, by="motion", seed=3)
    assert (tmp_path / "val.txt").read_text().splitlines() == splits["val"]
    assert (tmp_path / "train_2.5.txt").read_text().splitlines() == parts[2.5]
    about = json.loads((tmp_path / "split.json").read_text())
    assert (about["seed"], about["by"]) == (3, "motion")
    assert about["clips"]["train"] == about["clips"]["train_100"] == len(splits["train"])
