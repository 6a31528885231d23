"""Any folder of motion files."""

from collections.abc import Callable
from pathlib import Path

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
