"""A cache of the tests' own, and small motions to put into files."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from moclip import skeletons
from moclip.motion import Motion


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("MOCLIP_CACHE", str(folder))
    return folder


@pytest.fixture
def stride() -> Callable[..., Motion]:
    """A body in rest pose that slides forward one metre a second."""

    def make(skeleton: str = "humanml3d", *, seconds: float = 3.0, fps: float = 20.0) -> Motion:
        body = skeletons.get(skeleton)
        frames = round(seconds * fps)
        rotations = torch.eye(3).expand(frames, len(body), 3, 3).clone()
        root = torch.zeros(frames, 3)
        root[:, 1] = 1.0
        root[:, 2] = torch.arange(frames) / fps
        return Motion.from_rotations(rotations, root, fps=fps, skeleton=body)

    return make
