"""Any folder of motion files."""

import shutil
from collections.abc import Callable
from pathlib import Path

import kinect_files
import pytest

from moclip import datasets, formats
from moclip.datasets import files
from moclip.datasets.files import Options
from moclip.motion import Motion


@pytest.fixture
def root(tmp_path: Path, stride: Callable[..., Motion]) -> Path:
    root = tmp_path / "mixed"
    formats.write(stride("cmu", fps=30.0), root / "walk.bvh")
    formats.write(stride(), root / "deep" / "slide.npz")
    (root / "notes.md").write_text("no motion")
    return root


def test_every_motion_file_is_a_clip_of_its_own(root: Path) -> None:
    plan = files.plan(Options(root=root))
    assert [file.key for file in plan.files] == ["deep/slide.npz", "walk.bvh"]
    found = dict(files.read(plan.files, Options(root=root)))
    motion = found["walk.bvh"]
    assert isinstance(motion, Motion)
    assert (motion.skeleton.name, motion.fps) == ("cmu", pytest.approx(30.0))


@pytest.mark.parametrize("zipped", [False, True])
def test_text_that_is_no_motion_is_no_clip(
    root: Path, stride: Callable[..., Motion], zipped: bool
) -> None:
    (root / "LICENSE.txt").write_text("Free to use.\n")
    (root / "a01_s01_e01_skeleton.txt").write_bytes(
        kinect_files.text(kinect_files.screen(kinect_files.before_the_sensor(stride(seconds=1.0))))
    )
    if zipped:
        root = Path(shutil.make_archive(str(root), "zip", root))
    keys = [file.key for file in files.plan(Options(root=root)).files]
    assert keys == ["a01_s01_e01_skeleton.txt", "deep/slide.npz", "walk.bvh"]


def test_a_folder_of_other_text_alone_holds_no_motion(tmp_path: Path) -> None:
    (tmp_path / "LICENSE.txt").write_text("Free to use.\n")
    with pytest.raises(ValueError, match="holds text files alone, and no motion is in them"):
        files.plan(Options(root=tmp_path))


def test_a_split_of_a_file_depends_on_its_path_and_the_seed_alone(root: Path) -> None:
    def splits(seed: int) -> dict[str, str]:
        return {c.id: c.split for c in files.plan(Options(root=root, seed=seed)).clips()}

    before = splits(0)
    assert len({splits(seed)["walk.bvh"] for seed in range(30)}) == 3
    (root / "deep" / "slide.npz").unlink()
    assert splits(0) == {"walk.bvh": before["walk.bvh"]}


def test_clips_that_nobody_has_described_cannot_be_trained_on(root: Path) -> None:
    with pytest.raises(ValueError, match=r"no clip that can be used: .*nobody has described it"):
        datasets.load("files", "all", root=root)
