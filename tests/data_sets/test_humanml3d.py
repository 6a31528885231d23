"""HumanML3D's official layout, made small here, and the reference's own two clips."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from moclip import datasets, formats
from moclip.motion import CaptionedMotion, Motion


@pytest.fixture
def root(tmp_path: Path, stride: Callable[..., Motion]) -> Path:
    """Two motions of 5 s, one of 1 s, one mirrored, one that is not there."""
    root = tmp_path / "HumanML3D"
    for folder in ("new_joints", "new_joint_vecs", "texts"):
        (root / folder).mkdir(parents=True)
    for name, seconds in (("000001", 5.0), ("000002", 5.0), ("000003", 1.0), ("M000001", 5.0)):
        formats.write(stride(seconds=seconds), root / "new_joints" / f"{name}.npy")
        (root / "texts" / f"{name}.txt").write_text(
            f"someone slides {name}.#someone/NOUN slide/VERB#0.0#0.0\n"
        )
    (root / "train.txt").write_text("000001\nM000001\n000003\n")
    (root / "val.txt").write_text("000002\n")
    (root / "test.txt").write_text("000009\n")
    return root


def load(root: Path, split: str, **options: object) -> list[CaptionedMotion]:
    return datasets.load("humanml3d", split, root=root, **options)


def ids(root: Path, split: str, **options: object) -> list[str]:
    return [clip.id for clip in load(root, split, **options)]


def test_lists_decide_the_splits(root: Path) -> None:
    assert ids(root, "train") == ["000001", "M000001"]
    assert ids(root, "val") == ["000002"]


def test_all_is_the_three_splits(root: Path) -> None:
    assert ids(root, "all") == ["000001", "M000001", "000002"]


def test_timed_captions_are_clips_of_their_own(root: Path) -> None:
    (root / "texts" / "000002.txt").write_text(
        "whole.#x#0.0#0.0\nalso whole.#x#nan#nan\npart.#x#1.0#3.5\nalso part.#x#1.0#3.5\n"
    )
    clips = load(root, "val")
    assert [(clip.id, len(clip.motion), clip.captions) for clip in clips] == [
        ("000002", 100, ("whole.", "also whole.")),
        ("000002@1-3.5", 50, ("part.", "also part.")),
    ]


def test_an_end_beyond_the_motion_is_its_end(root: Path) -> None:
    (root / "texts" / "000002.txt").write_text("part.#x#2.0#9.5\n")
    (clip,) = load(root, "val")
    assert len(clip.motion) == 60


def test_lengths_outside_the_protocol_are_left_out_and_named(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert ids(root, "train") == ["000001", "M000001"]
    assert "000003: 20 frames, not 40 to 199" in caplog.text
    assert ids(root, "train", min_frames=10) == ["000001", "M000001", "000003"]
    with pytest.raises(ValueError, match="100 frames, not 40 to 99"):
        ids(root, "val", max_frames=99)


def test_missing_and_damaged_files_are_counted(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "train.txt").write_text("000001\n000002\n000003\n000004\n000005\n")
    (root / "val.txt").write_text("")
    (root / "test.txt").write_text("")
    (root / "texts" / "000002.txt").write_text("no hash signs\n")
    joints = np.full((60, 22, 3), np.nan, np.float32)
    np.save(root / "new_joints" / "000005.npy", joints)
    (root / "texts" / "000005.txt").write_text("a.#x#0#0\n")
    with caplog.at_level(logging.WARNING):
        assert ids(root, "train") == ["000001"]
    for part in ("4 of 5 clips", "000002.txt, line 1: wanted caption#tokens", "000004", "finite"):
        assert part in caplog.text


def test_features_come_before_joints(root: Path, stride: Callable[..., Motion]) -> None:
    features = np.zeros((60, 263), np.float32)
    features[:, 3] = 1.0
    features[:, 4:67] = stride().joints[0, 1:].flatten().numpy()
    np.save(root / "new_joint_vecs" / "000002.npy", features)
    (clip,) = load(root, "val")
    assert len(clip.motion) == 60


def test_nothing_usable_is_an_error(root: Path) -> None:
    (root / "train.txt").write_text("")
    (root / "val.txt").write_text("")
    with pytest.raises(ValueError, match=r"no clip that can be used: .*000009"):
        ids(root, "test")


def test_a_split_whose_files_are_all_missing_is_an_error(root: Path) -> None:
    """The other splits are whole: the file of the only test clip is not there."""
    with pytest.raises(ValueError, match=r"no clip that can be used: .*000009") as told:
        ids(root, "test")
    assert "\n" not in str(told.value)
    (root / "test.txt").write_text("")
    assert ids(root, "test") == []


def test_a_missing_list_is_told(root: Path) -> None:
    (root / "val.txt").unlink()
    with pytest.raises(OSError, match=r"val\.txt"):
        ids(root, "val")


def test_an_id_is_no_path(root: Path) -> None:
    (root / "val.txt").write_text("000002\n../../etc/passwd\n")
    with pytest.raises(ValueError, match=r"line 2: '\.\./\.\./etc/passwd' is no id"):
        ids(root, "val")


def test_an_id_stands_in_one_list(root: Path) -> None:
    (root / "test.txt").write_text("000002\n")
    with pytest.raises(ValueError, match=r"'000002' is in val\.txt and in test\.txt"):
        ids(root, "val")


def test_a_twin_in_another_split_than_its_original_is_left_out(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "train.txt").write_text("000001\n")
    (root / "test.txt").write_text("M000001\nM000002\n")
    (root / "val.txt").write_text("")
    with caplog.at_level(logging.WARNING):
        assert ids(root, "all") == ["000001"]
    assert "M000001 is in test.txt and what it mirrors in train.txt" in caplog.text


def test_a_motion_without_texts_is_planned_without_captions(root: Path) -> None:
    (root / "texts" / "000002.txt").unlink()
    planned = {clip.id: clip.captions for clip in datasets.plan("humanml3d", root=root).clips()}
    assert planned["000002"] == ()
    assert planned["000001"] == ("someone slides 000001.",)


def test_a_body_of_another_set_is_told(root: Path, stride: Callable[..., Motion]) -> None:
    formats.write(stride("kit", fps=12.5), root / "new_joints" / "000002.npy")
    with pytest.raises(ValueError, match="a body of 'kit', not of 'humanml3d'"):
        ids(root, "val")


def test_cache_gives_what_the_files_give(root: Path, cache_folder: Path) -> None:
    first = ids(root, "train")
    assert len(list(cache_folder.iterdir())) == 1
    assert ids(root, "train") == first
    assert ids(root, "train", cache=False) == first


def test_reference_folder_with_lists_of_thousands_gives_the_clip_that_is_there(
    shared_data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = shared_data / "humanml3d_reference" / "HumanML3D"
    with caplog.at_level(logging.WARNING):
        (clip,) = load(folder, "test")
    assert clip.id == "000000"
    assert clip.captions[0] == "a man kicks something or someone with his left leg."
    assert "29226 of 29227 clips" in caplog.text  # what other splits lack is counted too
    left, right = clip.motion.joint("left_foot"), clip.motion.joint("right_foot")
    assert left[:, 1].max() > right[:, 1].max() + 0.3
