"""BVH -> Motion -> BVH, within 0.1 mm."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from moclip import datasets, formats, geometry, skeletons
from moclip.formats import bvh
from moclip.motion import Motion
from moclip.retargeting import canonical
from moclip.skeletons.base import Skeleton, build

CLOSE = 1e-4


def written(motion: Motion) -> Motion:
    return bvh.decode(bvh.encode(motion), name="again.bvh")


def bandai_namco(folder: Path, every: int) -> Iterator[Motion]:
    with zipfile.ZipFile(folder / "bandai_namco" / "bandai_namco_motiondataset.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".bvh"))
        for name in names[::every]:
            yield bvh.decode(archive.read(name), name=name)


def real_motions(folder: Path) -> Iterator[Motion]:
    for kind in ("cmu_actions", "deepmimic"):
        for path in sorted((folder / kind).glob("*.bvh")):
            yield formats.read(path)
    yield from bandai_namco(folder, every=26)


def assert_comes_back(motion: Motion) -> None:
    again = written(motion)
    assert (again.joints - motion.joints).abs().max() < CLOSE
    assert again.fps == motion.fps
    assert again.skeleton.same_tree(motion.skeleton)
    if motion.rotations is not None:
        assert again.rotations is not None
        assert (again.rotations - motion.rotations).abs().max() < 1e-6
    tips = dict(again.skeleton.ends)
    for joint, tip in motion.skeleton.ends:
        assert tips[joint] == pytest.approx(tip, abs=CLOSE)


@pytest.mark.slow
def test_every_real_motion_comes_back(shared_data: Path) -> None:
    count = 0
    for motion in real_motions(shared_data):
        assert_comes_back(motion)
        count += 1
    assert count == 72 + 15 + 101


def test_every_retargeted_motion_comes_back() -> None:
    """The package's clips have HumanML3D's joints and no rotations."""
    for clip in datasets.load("bundled", "all"):
        assert clip.motion.rotations is None
        assert_comes_back(clip.motion)


def test_position_channels_stand_only_where_joints_leave_their_bones(shared_data: Path) -> None:
    motion = formats.read(shared_data / "deepmimic" / "walk.bvh")
    assert bvh.encode(motion).count(b"Xposition") == 1
    joints = motion.joints.clone()
    tip = motion.skeleton.index("LeftFoot")
    joints[:, tip, 1] += torch.linspace(0, 0.03, len(motion))
    stretched = Motion(joints, motion.fps, motion.skeleton, motion.rotations)
    assert bvh.encode(stretched).count(b"Xposition") == 2
    assert (written(stretched).joints - joints).abs().max() < CLOSE


def test_a_body_whose_hips_and_chest_are_stiff_needs_no_position_channels(
    shared_data: Path,
) -> None:
    motions = [formats.read(shared_data / "deepmimic" / f"{name}.bvh") for name in ("kick", "roll")]
    for motion in (*motions, *bandai_namco(shared_data, every=500)):
        retargeted = canonical(motion)
        assert bvh.encode(retargeted).count(b"Xposition") == 1
        assert_comes_back(retargeted)


def test_readers_that_skip_position_channels_are_a_centimetre_off_at_most(
    shared_data: Path,
) -> None:
    """In CMU's bodies the joints of hips and chest do move apart once they are retargeted."""
    motion = canonical(formats.read(shared_data / "cmu_actions" / "walking_01.bvh"))
    text = bvh.encode(motion)
    assert text.count(b"Xposition") > 1
    again = bvh.decode(text)
    bones = torch.tensor(again.skeleton.offsets)
    rigid, _ = geometry.forward_kinematics(
        again.rotations, again.joints[:, 0], bones, again.skeleton.parents
    )
    apart = (rigid - motion.joints).norm(dim=-1)
    assert 1e-3 < apart.max() < 0.02
    assert apart.mean() < 0.005


def test_twist_that_positions_leave_open_is_that_of_the_joint_above() -> None:
    """Two children in one line say nothing of the turn about it."""
    bones = [("a", None, (0.0, 0.0, 0.0)), ("b", "a", (0.0, 1.0, 0.0))]
    bones += [("left", "b", (0.5, 0.0, 0.0)), ("right", "b", (-0.5, 0.0, 0.0))]
    body = build("cross", bones)
    lean = geometry.axis_rotation("Z", torch.linspace(0, 1, 40))
    upright = torch.eye(3).expand_as(lean)
    turning = Motion.from_rotations(
        torch.stack((lean, upright, upright, upright), dim=1),
        torch.zeros(40, 3),
        fps=20.0,
        skeleton=body,
    )
    again = written(Motion(turning.joints, 20.0, body))
    assert turning.rotations is not None
    assert again.rotations is not None
    assert (again.rotations - turning.rotations).abs().max() < 1e-5


def test_limbs_are_turned_not_stretched_when_rotations_are_found(shared_data: Path) -> None:
    motion = formats.read(shared_data / "deepmimic" / "cartwheel.bvh")
    bare = Motion(motion.joints, motion.fps, motion.skeleton)
    assert bvh.encode(bare).count(b"Xposition") == 1
    assert (written(bare).joints - motion.joints).abs().max() < CLOSE


@pytest.mark.parametrize(
    "fps",
    [
        30000 / 1001,
        24000 / 1001,
        60000 / 1001,
        29.97,
        23.976,
        7.3,
        18.3,
        1000 / 7,
        30.0,
        120.0,
        0.3,
    ],
)
def test_rates_come_back_exactly(fps: float) -> None:
    body = build("a", [("a", None, (0.0, 0.0, 0.0))])
    assert written(Motion(torch.zeros(2, 1, 3), fps, body)).fps == fps


@given(fps=st.floats(1e-3, 1e3))
def test_any_rate_comes_back_exactly_or_is_the_whole_one_near_it(fps: float) -> None:
    body = build("a", [("a", None, (0.0, 0.0, 0.0))])
    near = float(round(fps))
    assert written(Motion(torch.zeros(2, 1, 3), fps, body)).fps in (fps, near)


@pytest.mark.parametrize("degrees", [89.0, 89.99, 89.9999, 90.0, -90.0, -89.99])
def test_the_gimbal_lock_loses_nothing(degrees: float) -> None:
    body = skeletons.get("deepmimic")
    angles = torch.zeros(5, len(body), 3)
    angles[..., 1] = torch.deg2rad(torch.tensor(degrees))
    angles[..., 0] = torch.linspace(-3, 3, 5)[:, None]
    angles[..., 2] = torch.linspace(2, -1, 5)[:, None]
    motion = Motion.from_rotations(
        geometry.euler_to_matrix(angles.double(), "ZYX").float(),
        torch.zeros(5, 3),
        fps=30.0,
        skeleton=body,
    )
    assert (written(motion).joints - motion.joints).abs().max() < CLOSE


def test_angles_do_not_jump_by_whole_turns() -> None:
    body = Skeleton("spinner", ("a", "b"), (-1, 0), ((0.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    turns = torch.linspace(0, 12, 60)
    spin = geometry.axis_rotation("Z", turns)
    rotations = torch.stack((spin, torch.eye(3).expand_as(spin)), dim=1)
    motion = Motion.from_rotations(rotations, torch.zeros(60, 3), fps=20.0, skeleton=body)
    rows = bvh.encode(motion).decode().split("Frame Time: 0.05\n")[1].splitlines()
    degrees = torch.tensor([float(row.split()[3]) for row in rows])
    assert torch.allclose(degrees, torch.rad2deg(turns), atol=1e-3)


def test_every_leaf_gets_an_end_site() -> None:
    text = bvh.encode(Motion(torch.zeros(1, 22, 3), 20.0, skeletons.get("humanml3d"))).decode()
    assert text.count("End Site") == 5
    assert text.count("{") == text.count("}") == 22 + 5


@pytest.mark.parametrize("name", ["", "a{b", "a\nb", " a", "a  b"])
def test_names_that_bvh_cannot_hold_are_refused(name: str) -> None:
    body = build("x", [(name, None, (0.0, 0.0, 0.0))])
    with pytest.raises(ValueError, match="BVH cannot hold a joint named"):
        bvh.encode(Motion(torch.zeros(2, 1, 3), 20.0, body))
