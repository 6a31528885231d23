"""The simplest features, on real files."""

from pathlib import Path

import torch

from moclip import formats
from moclip.features import joints


def test_a_file_comes_back(shared_data: Path) -> None:
    motion = formats.read(shared_data / "cmu_actions" / "running_01.bvh")
    again = joints.decode(joints.encode(motion), skeleton=motion.skeleton, fps=motion.fps)
    assert (again.joints - motion.joints).abs().max() < 1e-6


def test_only_the_root_tells_where_the_body_is() -> None:
    points = torch.randn(2, 4, 5, 3, generator=torch.Generator().manual_seed(0))
    here, there = joints.from_joints(points), joints.from_joints(points + 3.0)
    assert torch.allclose(there[..., 3:], here[..., 3:], atol=1e-6)
    assert torch.allclose(there[..., :3], here[..., :3] + 3.0, atol=1e-6)
    assert torch.allclose(joints.to_joints(here), points, atol=1e-6)
