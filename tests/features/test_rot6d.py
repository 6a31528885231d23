"""Rotations that drive a rig come back, on real files."""

from pathlib import Path

import moving_bodies
import pytest
import torch

from moclip import formats, geometry
from moclip.features import rot6d

FILES = ("deepmimic/walk.bvh", "deepmimic/cartwheel.bvh", "cmu_actions/basketball_01.bvh")


@pytest.mark.parametrize("name", FILES)
def test_a_file_comes_back_whole(shared_data: Path, name: str) -> None:
    motion = formats.read(shared_data / name)
    features = rot6d.encode(motion)
    again = rot6d.decode(features, skeleton=motion.skeleton, fps=motion.fps)
    assert features.shape == (len(motion), 3 + 6 * len(motion.skeleton))
    assert motion.rotations is not None
    assert again.rotations is not None
    assert (again.rotations - motion.rotations).abs().max() < 1e-5
    assert (again.joints - motion.joints).abs().max() < 1e-5
    bones = again.bone_lengths() - motion.bone_lengths()[:1]
    assert bones.abs().max() < 1e-5


@pytest.mark.parametrize("name", FILES)
def test_the_rig_plays_it_again(shared_data: Path, name: str, tmp_path: Path) -> None:
    motion = formats.read(shared_data / name)
    decoded = rot6d.decode(rot6d.encode(motion), skeleton=motion.skeleton, fps=motion.fps)
    formats.write(decoded, tmp_path / "again.bvh")
    again = formats.read(tmp_path / "again.bvh")
    assert (again.joints - motion.joints).abs().max() < 1e-4


def test_many_clips_at_once_are_the_same() -> None:
    draw = torch.Generator().manual_seed(0)
    turns = geometry.axis_angle_to_matrix(torch.randn(2, 5, 4, 3, generator=draw))
    root = torch.randn(2, 5, 3, generator=draw)
    features = rot6d.from_rotations(turns, root)
    assert features.shape == (2, 5, 27)
    assert torch.equal(features[1], rot6d.from_rotations(turns[1], root[1]))
    rotations, path = rot6d.to_rotations(features)
    assert (rotations - turns).abs().max() < 1e-6
    assert torch.equal(path, root)


def test_numbers_of_a_model_become_rotations() -> None:
    features = torch.randn(7, 3 + 6 * 22, generator=torch.Generator().manual_seed(1))
    rotations, _ = rot6d.to_rotations(features)
    assert torch.allclose(rotations @ rotations.mT, torch.eye(3).expand_as(rotations), atol=1e-5)
    assert torch.allclose(torch.linalg.det(rotations), torch.ones(7, 22), atol=1e-5)


def test_positions_alone_are_refused() -> None:
    with pytest.raises(ValueError, match="positions without rotations, which 'rot6d' needs"):
        rot6d.encode(moving_bodies.wandering(3))
