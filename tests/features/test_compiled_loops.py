"""Clips longer than a block and more than are prepared together: as in torch, one by one or not."""

import moving_bodies
import pytest
import torch
from torch import Tensor

from moclip.features import _guo_torch, humanml263
from moclip.features._guo_body import Settings, smoothing


def in_torch(joints: Tensor, counts: Tensor, *, prepare: bool) -> Tensor:
    settings = Settings(humanml263.BODY.template if prepare else None, prepare, False)
    return _guo_torch.encode(joints, counts, humanml263.BODY, settings, smoothing())


@pytest.mark.parametrize("prepare", [True, False])
def test_a_clip_of_several_blocks_is_as_in_torch(prepare: bool) -> None:
    """Where numba is not installed both are torch, and agree all the more."""
    joints = moving_bodies.wandering(450).joints[None]
    for frames in (450, 402, 401, 400, 202, 201, 200):  # around multiples of a block's steps
        counts = torch.tensor([frames])
        compiled = humanml263.from_joints(joints, counts, prepare=prepare)
        assert (compiled - in_torch(joints, counts, prepare=prepare)).abs().max() < 2e-5


def test_many_clips_are_each_as_alone() -> None:
    joints = torch.stack([moving_bodies.wandering(30, seed=seed).joints for seed in range(35)])
    counts = torch.arange(35) % 29 + 2
    together = humanml263.from_joints(joints, counts)
    assert (together - in_torch(joints, counts, prepare=True)).abs().max() < 2e-5
    for row, clip, frames in zip(together, joints, counts.tolist(), strict=True):
        assert torch.equal(row[: frames - 1], humanml263.from_joints(clip[None, :frames])[0])


def test_what_is_not_laid_out_in_one_piece_is_read_all_the_same() -> None:
    joints = torch.stack([moving_bodies.wandering(30, seed=seed).joints for seed in range(4)])
    counts = torch.tensor([[30, 9], [12, 9], [30, 9], [2, 9]])[:, 0]
    strided = joints.transpose(1, 2).contiguous().transpose(1, 2)
    expected = humanml263.from_joints(joints, counts.contiguous())
    assert torch.equal(humanml263.from_joints(strided, counts), expected)
