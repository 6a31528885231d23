"""Errors of rebuilt motions against numbers made by hand, and both kinds of model."""

from dataclasses import replace
from pathlib import Path

import doubles
import pytest
import small_makers
import torch

from moclip.evaluation import reconstruction
from moclip.evaluation.judges import Judge
from moclip.evaluation.reconstruction import (
    Rebuilt,
    joint_error,
    path_error,
    pose_error,
    stretch_error,
)
from moclip.motion import Motion


def shifted(motion: Motion, by: tuple[float, float, float]) -> Motion:
    return motion.moved(torch.tensor(by))


def test_a_shift_is_an_error_of_joints_and_not_of_poses() -> None:
    walk = doubles.walk(1.0, frames=50)
    away = shifted(walk, (0.3, 0.0, 0.4))
    assert joint_error(walk, away) == pytest.approx(0.5)
    assert pose_error(walk, away) == pytest.approx(0, abs=1e-6)


def test_one_joint_of_22_counts_as_such() -> None:
    walk = doubles.walk(1.0)
    joints = walk.joints.clone()
    joints[:, walk.skeleton.index("left_wrist"), 0] += 0.22
    off = replace(walk, joints=joints)
    assert pose_error(walk, off) == pytest.approx(0.01, abs=1e-6)
    assert joint_error(walk, off) == pytest.approx(0.01, abs=1e-6)


def test_the_path_is_looked_at_after_two_seconds_over_the_floor() -> None:
    slow, fast = doubles.walk(1.0, frames=50), doubles.walk(1.2, frames=50)
    assert path_error(slow, fast) == pytest.approx(0.4, abs=1e-5)
    assert stretch_error(slow, fast) == pytest.approx(0.2, abs=1e-5)
    assert stretch_error(slow, shifted(slow, (1.0, 0.0, 2.0))) == pytest.approx(0, abs=1e-6)
    assert path_error(slow, shifted(slow, (0.0, 1.0, 0.0))) == pytest.approx(0, abs=1e-6)
    short = doubles.walk(1.0, frames=40)
    assert path_error(short, short) != path_error(short, short)  # not a number
    assert stretch_error(short, short) != stretch_error(short, short)


def test_a_perfect_copy_has_no_error_and_moves_as_its_source() -> None:
    motions = [clip.motion for clip in small_makers.clips(4, frames=45)]
    copied = Rebuilt(motions, motions)
    draw = torch.Generator().manual_seed(0)
    errors = reconstruction._errors(copied, 50, draw)
    assert {figure.value for figure in errors.values()} == {0.0}
    judge = Judge(small_makers.evaluator())
    distances = reconstruction._distances(copied, judge, draw)
    assert abs(distances["FID"].value) < 1e-9 < distances["FID of real halves"].value


def test_a_quantisers_sources_stand_on_its_skeleton_frame_by_frame(tmp_path: Path) -> None:
    model = small_makers.generator(small_makers.tower(tmp_path / "clip")).model
    motions = [clip.motion for clip in small_makers.clips(5)]
    rebuilt = reconstruction.of_quantiser(model.quantiser, motions)
    assert sorted(map(len, motions)) == [len(motion) for motion in rebuilt.sources]
    assert [len(motion) for motion in rebuilt.made] == [len(motion) for motion in rebuilt.sources]
    assert len(rebuilt.use) == 3
    assert all(0 < share <= 1 for share in rebuilt.use)


@pytest.mark.parametrize("kind", ["generator", "motionclip"])
def test_all_figures_of_a_model(kind: str, tmp_path: Path) -> None:
    model = getattr(small_makers, kind)(small_makers.tower(tmp_path / "clip")).model
    clips = small_makers.clips(6, frames=40)
    judge = Judge(small_makers.evaluator())
    report = reconstruction.evaluate(model, clips, judge=judge, samples=50)
    wanted = {
        "pose error, cm",
        "joint error, cm",
        "path error over 2 s, cm",
        "path error after 2 s, cm",
        "acceleration, m/s^2",
        "FID",
        "FID of real halves",
    }
    assert wanted <= set(report.figures)
    assert ("codebook use, %" in report.figures) == (kind == "generator")
    error = report.figures["joint error, cm"]
    assert error.low is not None
    assert error.high is not None
    assert error.low <= error.value <= error.high
    assert report.figures["pose error, cm"].value > 0.1
    assert "6 clips" in report.table()


def test_nothing_to_rebuild_is_told(tmp_path: Path) -> None:
    model = small_makers.generator(small_makers.tower(tmp_path / "clip")).model
    with pytest.raises(ValueError, match="no clips to rebuild"):
        reconstruction.evaluate(model, [])
