"""The path on the floor, seen from above, however far it goes."""

from dataclasses import replace

import pytest
import torch
from moving_bodies import wandering

from moclip.motion import Motion
from moclip.rendering import contact_sheet
from moclip.rendering._plan import _square, path_from_above


@pytest.mark.parametrize(
    ("metres", "square"),
    [
        (1.0, 0.5),
        (2.6, 1),
        (5.0, 1),
        (9.0, 2),
        (25.0, 5),
        (500.0, 100),
        (501.0, 200),
        (1001.0, 500),
    ],
)
def test_squares_are_a_round_number_of_metres(metres: float, square: float) -> None:
    assert _square(metres) == square


@pytest.mark.parametrize("power", range(4, 38))
def test_there_are_a_few_squares_however_long_the_path(power: int) -> None:
    for first in (1.0, 2.0, 3.0, 7.0):
        square = _square(first * 10.0**power)
        assert 2 <= first * 10.0**power / square <= 5
        assert f"{square:g}"[0] in "125"


@pytest.mark.parametrize("metres", [1e3, 1e10, 1e18, 1e38])
def test_a_path_of_any_length_is_drawn(metres: float) -> None:
    motion = wandering(12)
    away = torch.zeros(12, 1, 3)
    away[:, 0, 2] = torch.linspace(0, metres, 12)
    far = Motion(motion.joints + away, motion.fps, motion.skeleton)
    picture = path_from_above(far, [0, 5, 11], size=48)
    assert picture.size == (48, 48)
    assert len(picture.getcolors(48 * 48)) > 3


@pytest.mark.parametrize("times", [1e6, 1e10])
def test_a_sheet_of_a_body_of_any_size_is_drawn(times: float) -> None:
    motion = wandering(6)
    assert contact_sheet(replace(motion, joints=motion.joints * times), poses=2)[1:4] == b"PNG"
