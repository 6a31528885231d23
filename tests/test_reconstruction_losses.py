"""Losses of reconstruction against what they must be by hand."""

import math

import pytest
import torch

from moclip import geometry
from moclip.losses import reconstruction

MASK = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])


def test_orientations_are_eight_squared_sines_of_half_the_angle() -> None:
    angle = 0.7
    real = torch.eye(3).expand(2, 6, 5, 3, 3)
    turned = geometry.axis_rotation("Y", torch.full((2, 6, 5), angle))
    loss = reconstruction.orientations(turned, real, MASK)
    assert float(loss) == pytest.approx(8 * math.sin(angle / 2) ** 2, rel=1e-5)


def test_positions_are_metres_and_padding_does_not_count() -> None:
    real = torch.randn(2, 6, 5, 3)
    moved = real + torch.tensor([0.0, 0.3, 0.4])
    moved[~MASK] = 1e3
    assert float(reconstruction.positions(moved, real, MASK)) == pytest.approx(0.5, abs=1e-3)
    moved = real.clone()
    moved[:, :, 1:] += torch.tensor([0.0, 0.3, 0.4])
    moved[~MASK] = 1e3
    assert float(reconstruction.poses(moved, real, MASK)) == pytest.approx(0.4, abs=1e-3)


def test_where_on_the_floor_a_pose_is_counts_in_the_path_and_its_height_in_the_pose() -> None:
    real = torch.randn(2, 6, 5, 3)
    aside = real + torch.tensor([3.0, 0.0, -2.0])
    assert float(reconstruction.poses(aside, real, MASK)) < 1e-3
    above = real + torch.tensor([0.0, 0.2, 0.0])
    assert float(reconstruction.poses(above, real, MASK)) == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize("fps", [20.0, 30.0])
def test_a_path_is_compared_over_a_second_whatever_the_rate(fps: float) -> None:
    frames = round(3 * fps)
    real = torch.randn(1, 1, 3).expand(1, frames, 3)
    drift = torch.arange(frames)[None, :, None] / fps * torch.tensor([0.3, 0.0, 0.4])
    mask = torch.ones(1, frames, dtype=torch.bool)
    assert float(reconstruction.path(real + drift, real, mask, fps=fps)) == pytest.approx(
        0.5, rel=1e-3
    )
    assert float(reconstruction.path(real + 5, real, mask, fps=fps)) < 1e-3
    short = mask & (torch.arange(frames) < fps)
    assert float(reconstruction.path(real + drift, real, short, fps=fps)) == 0


def test_a_steady_place_off_has_no_velocity() -> None:
    real = torch.randn(2, 6, 5, 3)
    assert float(reconstruction.velocities(real + 3, real, MASK, fps=20.0)) < 5e-3


def test_velocities_are_metres_a_second_whatever_the_rate() -> None:
    for fps in (20.0, 60.0):
        real = torch.zeros(1, 12, 2, 3)
        drifting = real.clone()
        drifting[..., 0] = (torch.arange(12) / fps * 0.8)[:, None]
        mask = torch.ones(1, 12, dtype=torch.bool)
        loss = reconstruction.velocities(drifting, real, mask, fps=fps)
        assert float(loss) == pytest.approx(0.8, rel=1e-2)


def test_only_feet_that_stand_are_held() -> None:
    """One foot stands, the other swings: sliding the first costs its speed, the second nothing."""
    fps, frames = 20.0, 10
    real = torch.zeros(1, frames, 2, 3)
    real[:, :, 1, 2] = torch.arange(frames) / fps * 2.0
    mask = torch.ones(1, frames, dtype=torch.bool)
    assert reconstruction.standing(real, mask, fps=fps).float().mean(dim=(0, 1)).tolist() == [1, 0]
    slides = real.clone()
    slides[:, :, 0, 0] = torch.arange(frames) / fps * 0.5
    assert float(reconstruction.contacts(slides, real, mask, fps=fps)) == pytest.approx(
        0.5, rel=1e-2
    )
    swings = real.clone()
    swings[:, :, 1] *= 2
    assert float(reconstruction.contacts(swings, real, mask, fps=fps)) < 5e-3


def test_a_foot_in_the_air_does_not_stand() -> None:
    feet = torch.zeros(1, 8, 1, 3)
    feet[:, 4:, :, 1] = 0.5
    mask = torch.ones(1, 8, dtype=torch.bool)
    stands = reconstruction.standing(feet, mask, fps=20.0)[0, :, 0].tolist()
    assert stands == [True] * 3 + [False] * 4


def test_where_nothing_stands_nothing_is_lost() -> None:
    feet = (torch.arange(8.0) * 0.3)[None, :, None, None].expand(1, 8, 1, 3)
    mask = torch.ones(1, 8, dtype=torch.bool)
    assert float(reconstruction.contacts(feet + 1, feet, mask, fps=20.0)) == 0


def test_gradients_are_finite_where_all_is_right() -> None:
    real = torch.randn(1, 6, 4, 3)
    made = real.clone().requires_grad_(True)
    mask = torch.ones(1, 6, dtype=torch.bool)
    total = reconstruction.positions(made, real, mask) + reconstruction.poses(made, real, mask)
    total = total + reconstruction.path(made[:, :, 0], real[:, :, 0], mask, fps=3.0)
    total = total + reconstruction.velocities(made, real, mask, fps=20.0)
    total = total + reconstruction.contacts(made, real, mask, fps=20.0)
    total.backward()
    assert made.grad is not None
    assert made.grad.isfinite().all()
