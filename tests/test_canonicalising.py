"""Many motions made canonical at once are what each becomes alone."""

from pathlib import Path

import moving_bodies
import pytest
import torch
from test_retargeting import clips, raw

from moclip import canonicalising, skeletons
from moclip.canonicalising import are_canonical, canonical_all
from moclip.geometry import axis_angle_to_matrix
from moclip.motion import Motion
from moclip.retargeting import canonical, is_canonical


def capture(frames: int, *, body: str = "cmu", fps: float = 30.0, seed: int = 0) -> Motion:
    """A known body with all joints turning, on its way somewhere."""
    skeleton = skeletons.get(body)
    draw = torch.Generator().manual_seed(seed)
    angles = 0.05 * torch.randn(frames, len(skeleton), 3, generator=draw).cumsum(dim=0)
    root = 0.03 * torch.randn(frames, 3, generator=draw).cumsum(dim=0)
    turns = axis_angle_to_matrix(angles)
    return Motion.from_rotations(turns, root, fps=fps, skeleton=skeleton)


def assert_same(many: list[Motion], motions: list[Motion], fps: float = 20.0) -> None:
    assert len(many) == len(motions)
    for found, motion in zip(many, motions, strict=True):
        wanted = canonical(motion, fps=fps)
        assert (found.fps, found.skeleton) == (wanted.fps, wanted.skeleton)
        assert found.rotations is None
        torch.testing.assert_close(found.joints, wanted.joints, atol=1e-5, rtol=0)


@pytest.mark.parametrize("fps", [20.0, 30.0, 12.5])
def test_bodies_rates_and_lengths_may_be_mixed(fps: float) -> None:
    motions = [
        capture(50),
        capture(9, body="smpl", fps=60.0, seed=1),
        moving_bodies.wandering(31),
        capture(77, seed=2),
        capture(40, body="smpl", seed=3),
    ]
    assert_same(canonical_all(motions, fps=fps), motions, fps)


def test_more_frames_than_are_joined_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonicalising, "_FRAMES", 60)
    motions = [capture(frames, seed=frames) for frames in (25, 70, 20, 20, 30)]
    assert_same(canonical_all(motions), motions)


def test_double_precision_stays_double() -> None:
    one, other = capture(30), capture(30, seed=1)
    assert one.rotations is not None
    double = Motion(one.joints.double(), one.fps, one.skeleton, one.rotations.double())
    assert [m.joints.dtype for m in canonical_all([double, other])] == [
        torch.float64,
        torch.float32,
    ]


def test_which_are_canonical_is_told_of_each() -> None:
    plain = [moving_bodies.wandering(frames, seed=frames) for frames in (20, 30)]
    done = [canonical(motion) for motion in plain]
    motions = [
        capture(30),
        *plain,
        *done,
        done[0].moved(torch.tensor((0.0, 0.01, 0.0))),
        done[1].cut(0.0, 0.05),
    ]
    assert are_canonical(motions) == [is_canonical(motion) for motion in motions]
    assert are_canonical(motions) == [False, False, False, True, True, False, False]


def test_of_nothing_comes_nothing() -> None:
    assert canonical_all([]) == []
    assert are_canonical([]) == []


def test_one_that_is_too_short_is_told_as_alone() -> None:
    with pytest.raises(ValueError, match="a motion of 2 frames at 30 fps leaves 1 frame at 20 fps"):
        canonical_all([capture(40), capture(2)])


def test_an_unknown_body_is_told_as_alone() -> None:
    body = skeletons.base.build(
        "spider", [("root", None, (0.0, 0.0, 0.0)), ("leg", "root", (0.0, 0.0, 1.0))]
    )
    with pytest.raises(LookupError, match="skeleton 'spider' is not known"):
        canonical_all([capture(40), Motion(torch.zeros(9, 2, 3), 20.0, body)])


def test_real_captures_give_what_each_gives_alone(shared_data: Path) -> None:
    motions = [raw(clip) for clip in clips()[::6]]
    assert_same(canonical_all(motions), motions)
