"""From one format, body and frame rate to another; what comes back is what went in."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from moving_bodies import wandering

from moclip import formats, retargeting, skeletons
from moclip.curation.convert import Change, Skipped, convert, convert_folder
from moclip.motion import Motion

TENTH_OF_A_MILLIMETRE = 1e-4


@pytest.fixture(scope="module")
def real_clips(shared_data: Path) -> list[Motion]:
    """Twenty frames from all over each clip in the folders and of every 80th in the zip."""
    data, found = shared_data, []
    for folder in ("cmu_actions", "deepmimic"):
        found += [formats.read(path) for path in sorted((data / folder).glob("*.bvh"))]
    with zipfile.ZipFile(data / "bandai_namco" / "bandai_namco_motiondataset.zip") as file:
        for name in [n for n in sorted(file.namelist()) if n.endswith(".bvh")][::80]:
            found.append(formats.decode(file.read(name), name, unit="cm"))
    for path in sorted((data / "humanml3d_reference").rglob("new_joints/*.npy")):
        found.append(formats.read(path))
    return [thinned(motion) for motion in found]


def thinned(motion: Motion) -> Motion:
    kept = slice(None, None, -(-len(motion) // 20))
    rotations = None if motion.rotations is None else motion.rotations[kept]
    return Motion(motion.joints[kept], motion.fps, motion.skeleton, rotations)


def off(one: Motion, two: Motion) -> float:
    """Farthest that a joint is from its namesake."""
    order = [two.skeleton.index(name) for name in one.skeleton.joint_names]
    return float((one.joints - two.joints[:, order]).norm(dim=-1).max())


def test_real_motion_comes_back_from_bvh_where_it_was(
    real_clips: list[Motion], tmp_path: Path
) -> None:
    for motion in real_clips:
        formats.write(motion, tmp_path / "clip.bvh")
        back = formats.read(tmp_path / "clip.bvh")
        assert back.skeleton.name == motion.skeleton.name
        assert off(motion, back) < TENTH_OF_A_MILLIMETRE


def test_retargeted_real_motion_comes_back_from_bvh_where_it_was(
    real_clips: list[Motion], tmp_path: Path
) -> None:
    """Retargeting drops rotations; those that the writer finds bring every joint where it was."""
    for motion in real_clips:
        retargeted = retargeting.retarget(motion)
        formats.write(retargeted, tmp_path / "clip.bvh")
        back = formats.read(tmp_path / "clip.bvh")
        assert back.skeleton.name == "humanml3d"
        assert back.rotations is not None
        assert off(retargeted, back) < TENTH_OF_A_MILLIMETRE


def test_features_become_the_official_joints(shared_data: Path, tmp_path: Path) -> None:
    root = shared_data / "humanml3d_reference" / "HumanML3D"
    for path in sorted((root / "new_joint_vecs").glob("*.npy")):
        convert(path, tmp_path / "joints.npy")
        joints = np.load(tmp_path / "joints.npy", allow_pickle=False)
        official = np.load(root / "new_joints" / path.name, allow_pickle=False)
        assert joints.shape == official.shape
        assert np.abs(joints - official).max() < 1e-5


def test_joints_become_features_and_joints_again(tmp_path: Path) -> None:
    formats.write(wandering(30), tmp_path / "joints.npy")
    convert(tmp_path / "joints.npy", tmp_path / "vecs.npy", Change(features="humanml263"))
    features = np.load(tmp_path / "vecs.npy", allow_pickle=False)
    assert features.shape == (29, 263)
    assert features.dtype == np.float32
    back = formats.read(tmp_path / "vecs.npy")
    wanted = formats.read(tmp_path / "joints.npy").bone_lengths()[0]
    assert torch.allclose(back.bone_lengths()[0], wanted, atol=1e-3)


def test_frame_rate_and_body_change_on_the_way(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "cmu_actions" / "walking_01.bvh"
    written = convert(source, tmp_path / "walk.npy", Change("humanml3d", 20.0))
    back = formats.read(tmp_path / "walk.npy")
    assert (back.fps, back.skeleton.name) == (20.0, "humanml3d")
    assert torch.equal(back.joints, written.joints)
    expected = retargeting.retarget(formats.read(source).resampled(20.0))
    assert torch.equal(written.joints, expected.joints)


def test_a_users_rig_is_driven_from_its_own_rest_pose(tmp_path: Path) -> None:
    """The rig is a BVH of another file: its bones and joints come back, moving."""
    rig = skeletons.get("mixamo")
    still = torch.eye(3).repeat(2, len(rig), 1, 1)
    pose = Motion.from_rotations(still, torch.zeros(2, 3), fps=30.0, skeleton=rig)
    formats.write(pose, tmp_path / "rig.bvh")
    formats.write(wandering(), tmp_path / "walk.npz")
    convert(tmp_path / "walk.npz", tmp_path / "out.bvh", Change(str(tmp_path / "rig.bvh")))
    back = formats.read(tmp_path / "out.bvh")
    assert back.skeleton.joint_names == rig.joint_names
    assert torch.tensor(back.skeleton.offsets)[1:].allclose(
        torch.tensor(rig.offsets)[1:], atol=1e-4
    )
    assert back.rotations is not None
    assert back.joints.std(dim=0).max() > 0.01


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"skeleton": "gone.json"}, "gone.json"),
        ({"skeleton": "dragon"}, "no skeletons named 'dragon'"),
        ({"features": "dreams"}, "no features named 'dreams'"),
        ({"fps": 0.0}, "fps is 0.0"),
        ({"fps": float("nan")}, "fps is nan"),
    ],
)
def test_what_cannot_be_is_told_before_a_file_is_read(change: dict, said: str) -> None:  # type: ignore[type-arg]
    with pytest.raises((ValueError, LookupError, OSError), match=said):
        Change(**change)


def test_a_format_that_cannot_be_written_is_told_before_a_file_is_read(tmp_path: Path) -> None:
    for name, change in (("out.amc", Change()), ("out.bvh", Change(features="humanml263"))):
        with pytest.raises(ValueError, match="written"):
            convert(tmp_path / "absent.bvh", tmp_path / name, change)


def test_a_file_is_not_written_over_itself(tmp_path: Path) -> None:
    formats.write(wandering(5), tmp_path / "clip.bvh")
    with pytest.raises(ValueError, match="is the file that is read"):
        convert(tmp_path / "clip.bvh", tmp_path / "clip.bvh")


def test_an_array_that_forgets_its_frame_rate_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    formats.write(wandering(9, fps=60.0), tmp_path / "fast.npz")
    convert(tmp_path / "fast.npz", tmp_path / "fast.npy")
    assert "keeps no frame rate" in caplog.text
    caplog.clear()
    convert(tmp_path / "fast.npz", tmp_path / "slow.npy", Change(fps=20.0))
    assert not caplog.text


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """Two good files, a broken one, one with a name that is taken, and what is no motion."""
    folder = tmp_path / "captures"
    formats.write(wandering(5), folder / "a.bvh")
    formats.write(wandering(6), folder / "deep" / "er" / "b.npz")
    formats.write(wandering(7), folder / "deep" / "er" / "b.npy")
    (folder / "broken.bvh").write_text("HIERARCHY\n")
    (folder / "notes.csv").write_text("file\n")
    (folder / ".hidden.bvh").write_text("")
    return folder


def test_a_folder_keeps_its_tree_and_names_what_it_skips(captures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    results = dict(convert_folder(captures, out, ".bvh", Change(fps=10.0)))
    assert {str(path) for path in results} == {
        "a.bvh",
        "broken.bvh",
        "deep/er/b.npy",
        "deep/er/b.npz",
    }
    skipped = {str(path) for path, result in results.items() if isinstance(result, Skipped)}
    assert skipped == {"broken.bvh", "deep/er/b.npz"}
    files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert files == {"a.bvh", "deep/er/b.bvh"}
    assert formats.read(out / "deep/er/b.bvh").fps == pytest.approx(10)
    assert len(formats.read(out / "deep/er/b.bvh")) == 4


def test_a_folder_is_not_converted_into_itself(captures: Path) -> None:
    for target in (captures, captures / "out", captures.parent):
        with pytest.raises(ValueError, match="lie in each other"):
            list(convert_folder(captures, target, ".npz"))
