"""What every feature set promises, whichever files there are."""

from types import ModuleType

import pytest
import torch

from moclip import catalog, features, geometry, skeletons
from moclip.motion import Motion

NAMES = catalog.names("features")


@pytest.fixture(params=NAMES)
def entry(request: pytest.FixtureRequest) -> ModuleType:
    module = __import__(f"moclip.features.{request.param}", fromlist=["encode"])
    assert isinstance(module, ModuleType)
    return module


def moving(entry: ModuleType, frames: int = 50, *, seed: int = 0) -> Motion:
    """A body these features are of, with rotations, placed as they place it."""
    body = entry.SKELETON or skeletons.get("cmu")
    draw = torch.Generator().manual_seed(seed)
    angles = 0.05 * torch.randn(frames, len(body), 3, generator=draw).cumsum(dim=0)
    root = 0.03 * torch.randn(frames, 3, generator=draw).cumsum(dim=0)
    turns = geometry.axis_angle_to_matrix(angles)
    motion = Motion.from_rotations(turns, root, fps=entry.FPS or 24.0, skeleton=body)
    return motion.centred().grounded()


def test_features_are_plain_numbers_a_frame(entry: ModuleType) -> None:
    motion = moving(entry)
    numbers = entry.encode(motion)
    assert numbers.dtype == torch.float32
    assert numbers.ndim == 2
    assert len(motion) - len(numbers) in (0, 1)
    assert numbers.isfinite().all()


def test_the_motion_comes_back(entry: ModuleType) -> None:
    motion = moving(entry)
    numbers = entry.encode(motion)
    again = entry.decode(numbers, skeleton=motion.skeleton, fps=motion.fps)
    assert (again.fps, again.skeleton) == (motion.fps, motion.skeleton)
    assert len(again) == len(numbers)
    assert (again.joints - motion.joints[: len(numbers)]).abs().max() < 2e-5


def test_what_came_back_gives_the_same_features_in_the_middle(entry: ModuleType) -> None:
    """Near its end a motion that lost its last frame faces a little otherwise."""
    numbers = entry.encode(moving(entry, 260))
    fps, body = entry.FPS or 24.0, entry.SKELETON or skeletons.get("cmu")
    again = entry.decode(numbers, skeleton=body, fps=fps)
    repeated = entry.encode(again)[:150]
    assert (repeated - numbers[:150]).abs().max() < 1e-4 * numbers.abs().max()


def test_another_body_or_rate_is_refused_where_there_is_one(entry: ModuleType) -> None:
    motion = moving(entry)
    if entry.SKELETON is not None:
        other = skeletons.get("deepmimic")
        turns = torch.eye(3).expand(4, len(other), 3, 3)
        foreign = Motion.from_rotations(turns, torch.zeros(4, 3), fps=entry.FPS, skeleton=other)
        with pytest.raises(ValueError, match="skeleton 'deepmimic' came, these features are of"):
            entry.encode(foreign)
    if entry.FPS is not None:
        with pytest.raises(ValueError, match="30 fps came, these features are of"):
            entry.encode(Motion(motion.joints, 30.0, motion.skeleton))


def test_features_of_another_width_are_refused(entry: ModuleType) -> None:
    motion = moving(entry)
    numbers = entry.encode(motion)[:, :-3]
    with pytest.raises(ValueError, match=f"features have {numbers.shape[1]} numbers a frame"):
        entry.decode(numbers, skeleton=motion.skeleton, fps=motion.fps)


def test_each_says_what_is_exact(entry: ModuleType) -> None:
    assert entry.__doc__ is not None
    assert "exact" in entry.__doc__.lower()


def test_the_contract_is_written_down() -> None:
    assert features.__doc__ is not None
    for part in ("SKELETON", "FPS", "encode(", "decode("):
        assert part in features.__doc__
