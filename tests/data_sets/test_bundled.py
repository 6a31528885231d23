"""The clips that ship with the package."""

import importlib.util
from pathlib import Path

import pytest
import torch

from moclip import datasets
from moclip.datasets import bundled
from moclip.datasets.bundled import FOLDER, Options
from moclip.motion import CaptionedMotion

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_bundled.py"


def load(split: str, options: Options) -> list[CaptionedMotion]:
    return datasets.load("bundled", split, **options.model_dump())


@pytest.fixture(scope="module")
def splits() -> dict[str, list[CaptionedMotion]]:
    return {split: load(split, Options()) for split in ("train", "val", "test")}


def take(clip: CaptionedMotion) -> str:
    return clip.id.split("@")[0]


def test_counts_are_those_the_documentation_gives(
    splits: dict[str, list[CaptionedMotion]],
) -> None:
    assert {split: len(clips) for split, clips in splits.items()} == {
        "train": 95,
        "val": 20,
        "test": 26,
    }
    assert len({take(clip) for clips in splits.values() for clip in clips}) == 87


def test_no_take_is_in_two_splits(splits: dict[str, list[CaptionedMotion]]) -> None:
    takes = [{take(clip) for clip in clips} for clips in splits.values()]
    assert sum(map(len, takes)) == len(set.union(*takes))


def test_every_action_that_is_tested_is_trained_on(
    splits: dict[str, list[CaptionedMotion]],
) -> None:
    actions = {split: {clip.labels["action"] for clip in splits[split]} for split in splits}
    assert actions["test"] | actions["val"] <= actions["train"]


def test_clips_are_canonical_and_short(splits: dict[str, list[CaptionedMotion]]) -> None:
    for clip in (clip for clips in splits.values() for clip in clips):
        motion = clip.motion
        assert (motion.fps, motion.skeleton.name) == (20.0, "humanml3d")
        assert motion.joints[..., 1].min() == pytest.approx(0, abs=1e-3), clip.id
        torch.testing.assert_close(motion.joints[0, 0, [0, 2]], torch.zeros(2))
        assert motion.duration <= 10
        if "@" in clip.id:
            assert motion.duration >= 1.95, clip.id
        assert motion.bone_lengths().std(dim=0).max() < 1e-3, clip.id


def test_no_body_tips_over_where_it_should_stand(
    splits: dict[str, list[CaptionedMotion]],
) -> None:
    """Damaged frames of the capture lay the body flat; only a crouch before a jump leans so far."""
    for clip in (clip for clips in splits.values() for clip in clips):
        if clip.id.startswith("cmu_actions") and clip.labels["action"] != "jump":
            up = clip.motion.joint("neck") - clip.motion.joint("pelvis")
            assert (up[:, 1] / up.norm(dim=-1)).min() > 0.75, clip.id


def test_three_different_captions_each(splits: dict[str, list[CaptionedMotion]]) -> None:
    for clip in (clip for clips in splits.values() for clip in clips):
        assert len(set(clip.captions)) == 3, clip.id
        assert all(len(caption.split()) >= 3 for caption in clip.captions)


def test_left_and_right_in_captions_are_the_bodys(
    splits: dict[str, list[CaptionedMotion]],
) -> None:
    clips = {clip.id: clip.motion for clips in splits.values() for clip in clips}
    left = clips["cmu_actions/walking_extra_22@0-2.6"].joints[-1, 0, 0]
    right = clips["cmu_actions/walking_extra_25@0-3.7"].joints[-1, 0, 0]
    assert left > 1
    assert right < -1
    dribbling = clips["cmu_actions/basketball_03"]
    assert dribbling.joint("left_wrist")[:, 1].std() > dribbling.joint("right_wrist")[:, 1].std()


def test_data_are_small_enough_to_ship() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 6e6


def test_packing_loses_at_most_a_quarter_of_a_millimetre(
    tmp_path: Path, splits: dict[str, list[CaptionedMotion]]
) -> None:
    joints = splits["val"][0].motion.joints + 0.000123
    motion = type(splits["val"][0].motion)(joints, 20.0, splits["val"][0].motion.skeleton)
    (tmp_path / "x").write_bytes(bundled.pack({"a": motion}))
    read = bundled.unpack(tmp_path / "x")["a"]
    assert (read.joints - joints).abs().max() <= bundled.STEP / 2 + 1e-6


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "bundled.csv").write_bytes((FOLDER / "bundled.csv").read_bytes())
    (tmp_path / "bundled.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ValueError, match="holds no bundled clips"):
        load("all", Options(root=tmp_path))


def test_the_script_makes_the_file_that_ships(shared_data: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_bundled", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    made = script.clips(shared_data)
    shipped = {clip.id: clip.motion for clip in load("all", Options())}
    assert list(made) == list(shipped)
    for name, motion in made.items():
        torch.testing.assert_close(motion.joints, shipped[name].joints, rtol=0, atol=5e-4)
