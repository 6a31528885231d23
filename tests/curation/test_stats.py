"""Counts of a data set."""

from pathlib import Path

import pytest
import torch
from moving_bodies import wandering

from moclip import formats, skeletons
from moclip.curation import stats
from moclip.datasets._plan import Clip
from moclip.motion import Motion


def test_durations_are_counted_between_edges_without_empty_ends() -> None:
    bins = stats.histogram([1.0, 1.99, 2.0, 4.0, 75.0, 75.0])
    assert bins[0] == {"from": 1.0, "to": 2.0, "clips": 2}
    assert bins[-1] == {"from": 60.0, "to": None, "clips": 2}
    assert [bin["clips"] for bin in bins] == [2, 1, 1, 0, 0, 0, 0, 0, 0, 2]


def test_a_spread_of_nothing_is_none() -> None:
    assert stats.spread([]) is None
    found = stats.spread([1.0, 2.0, 6.0])
    assert found is not None
    assert (found["min"], found["median"], found["mean"], found["max"]) == (1, 2, 3, 6)


def test_captions_are_counted_with_their_words() -> None:
    clips = [
        Clip("a", "train", ("A man doesn't walk.", "someone is right-handed")),
        Clip("b", "train", ("a MAN runs 3 times",)),
        Clip("c", "train", ()),
    ]
    said = stats.captions(clips)
    assert (said["captions"], said["clips_without"]) == (3, 1)
    assert said["words"]["min"] == 3
    assert said["words"]["max"] == 4
    assert said["common_words"]["a"] == said["common_words"]["man"] == 2
    assert "doesn't" in said["common_words"]
    assert "right-handed" in said["common_words"]
    assert said["vocabulary"] == 9


def test_a_folder_of_files_is_counted_and_the_broken_one_named(tmp_path: Path) -> None:
    formats.write(wandering(40), tmp_path / "a.bvh")
    formats.write(wandering(60, fps=30.0), tmp_path / "deep" / "b.npz")
    (tmp_path / "c.bvh").write_text("HIERARCHY\n")
    found = stats.stats("files", root=tmp_path)
    assert found["clips"] == 2
    assert found["fps"] == {"20": 1, "30": 1}
    assert found["skeletons"] == {"humanml3d": 2}
    assert found["seconds"]["max"] == pytest.approx(2.0)
    assert found["hours"] == pytest.approx(4 / 3600)
    assert sum(split["clips"] for split in found["splits"].values()) == 2
    assert list(found["unreadable"]) == ["c.bvh"]


def test_speed_is_that_of_the_hips_over_the_ground(tmp_path: Path) -> None:
    body = skeletons.get("bandai_namco")  # its root stays where it is
    turns = torch.eye(3).repeat(30, len(body), 1, 1)
    still = Motion.from_rotations(turns, torch.zeros(30, 3), fps=30.0, skeleton=body)
    joints = still.joints.clone()
    ahead = torch.arange(30.0) / 30 * 1.5
    joints[:, 1:, 2] += ahead[:, None]
    joints[:, 1:, 1] += (ahead * 7)[:, None]
    formats.write(Motion(joints, 30.0, body), tmp_path / "slide.npz")
    found = stats.stats("files", root=tmp_path)
    assert found["speeds"]["max"] == pytest.approx(1.5, rel=1e-3)


def test_a_set_without_a_clip_that_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.bvh").write_text("HIERARCHY\n")
    with pytest.raises(ValueError, match=r"no clip that can be read: c\.bvh"):
        stats.stats("files", root=tmp_path)


def test_the_bundled_set_has_labels_and_three_captions_a_clip() -> None:
    found = stats.stats("bundled")
    assert found["clips"] == sum(found["labels"]["action"].values()) == 141
    assert found["captions"]["per_clip"]["min"] == found["captions"]["per_clip"]["max"] == 3
    assert found["splits"].keys() == {"train", "val", "test"}
