"""Features against the data set's own joints, and against the convention written out plainly."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from moclip.features import humanml263

CLIPS = ("000000", "012314")


@pytest.mark.parametrize("clip", CLIPS)
def test_joints_are_the_official_ones(shared_data: Path, clip: str) -> None:
    folder = shared_data / "humanml3d_reference" / "HumanML3D"
    features = torch.from_numpy(np.load(folder / "new_joint_vecs" / f"{clip}.npy")).float()
    wanted = torch.from_numpy(np.load(folder / "new_joints" / f"{clip}.npy"))
    joints = humanml263.to_joints(features[None])[0]
    assert joints.dtype == torch.float32
    assert (joints - wanted).abs().max() < 1e-5


def plain(features: list[list[float]]) -> list[list[list[float]]]:
    """One frame after the other, with sines and cosines."""
    heading = x = z = 0.0
    clip = []
    for number, frame in enumerate(features):
        if number:
            before = features[number - 1]
            heading -= 2 * before[0]
            x += math.cos(heading) * before[1] + math.sin(heading) * before[2]
            z += math.cos(heading) * before[2] - math.sin(heading) * before[1]
        joints = [[x, frame[3], z]]
        for a, b, c in zip(frame[4:67:3], frame[5:67:3], frame[6:67:3], strict=True):
            turned_x = math.cos(heading) * a + math.sin(heading) * c
            turned_z = math.cos(heading) * c - math.sin(heading) * a
            joints.append([x + turned_x, b, z + turned_z])
        clip.append(joints)
    return clip


def test_equals_the_convention_written_out() -> None:
    features = torch.randn(30, 263, generator=torch.Generator().manual_seed(0))
    wanted = torch.tensor(plain(features.tolist()))
    assert torch.allclose(humanml263.to_joints(features[None])[0], wanted, atol=1e-5)


def test_a_constant_turn_walks_a_circle() -> None:
    frames = 200
    features = torch.zeros(frames + 1, 263)
    features[:, 0] = math.pi / frames  # half of the angle
    features[:, 2] = 0.05
    path = humanml263.to_joints(features[None])[0][:, 0]
    assert path[-1].norm() < 1e-4
    assert math.isclose(path.norm(dim=-1).max().item(), frames * 0.05 / math.pi, rel_tol=1e-3)


def test_long_clips_do_not_drift() -> None:
    features = torch.zeros(100_000, 263)
    features[:, 2] = 0.1
    root = humanml263.to_joints(features[None])[0][-1, 0]
    assert math.isclose(root[2].item(), 9999.9, rel_tol=1e-6)
    assert root[0] == 0
