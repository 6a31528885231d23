"""BVH -> Motion -> BVH, within 0.1 mm."""

from pathlib import Path

import pytest
import torch

from moclip import formats, geometry, skeletons
from moclip.formats import bvh
from moclip.motion import Motion
from moclip.retargeting import canonical
from moclip.skeletons.base import Skeleton, build

CLOSE = 1e-4


def written(motion: Motion) -> Motion:
    return bvh.decode(bvh.encode(motion), name="again.bvh")


@pytest.mark.parametrize(
    "file",
    ["deepmimic/backflip.bvh", "deepmimic/roll.bvh", "cmu_actions/basketball_01.bvh"],
)
def test_real_motions_come_back(shared_data: Path, file: str) -> None:
    motion = formats.read(shared_data / file)
    again = written(motion)
    assert (again.joints - motion.joints).abs().max() < CLOSE
    assert motion.rotations is not None
    assert again.rotations is not None
    assert (again.rotations - motion.rotations).abs().max() < 1e-5
    assert again.fps == motion.fps
    assert again.skeleton.same_tree(motion.skeleton)
    for (joint, tip), (other, wanted) in zip(
        again.skeleton.ends, motion.skeleton.ends, strict=True
    ):
        assert joint == other
        assert tip == pytest.approx(wanted, abs=CLOSE)


def test_position_channels_stand_only_where_joints_leave_their_bones(shared_data: Path) -> None:
    motion = formats.read(shared_data / "deepmimic" / "walk.bvh")
    assert bvh.encode(motion).count(b"Xposition") == 1
    joints = motion.joints.clone()
    tip = motion.skeleton.index("LeftFoot")
    joints[:, tip, 1] += torch.linspace(0, 0.03, len(motion))
    stretched = Motion(joints, motion.fps, motion.skeleton, motion.rotations)
    assert bvh.encode(stretched).count(b"Xposition") == 2
    assert (written(stretched).joints - joints).abs().max() < CLOSE


def test_motions_without_rotations_come_back_too(shared_data: Path) -> None:
    motion = canonical(formats.read(shared_data / "deepmimic" / "kick.bvh"))
    assert motion.rotations is None
    again = written(motion)
    assert again.skeleton.same_tree(skeletons.get("humanml3d"))
    assert (again.joints - motion.joints).abs().max() < CLOSE


def test_limbs_are_turned_not_stretched_when_rotations_are_found(shared_data: Path) -> None:
    motion = formats.read(shared_data / "deepmimic" / "cartwheel.bvh")
    bare = Motion(motion.joints, motion.fps, motion.skeleton)
    assert bvh.encode(bare).count(b"Xposition") == 1
    assert (written(bare).joints - motion.joints).abs().max() < CLOSE


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
