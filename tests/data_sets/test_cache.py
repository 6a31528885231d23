"""The cache of canonical clips."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from moclip.datasets import _cache
from moclip.datasets._cache import Clips, cached
from moclip.motion import Motion


@pytest.fixture
def clips(stride: Callable[..., Motion]) -> Clips:
    return Clips({"a": stride(seconds=1.0), "b": stride(seconds=2.0)}, {"c": "no motion"})


def never() -> Clips:
    raise AssertionError("the clips were made although they are cached")


def test_clips_come_back_as_they_were(clips: Clips) -> None:
    cached("set", {"x": 1}, lambda: clips)
    again = cached("set", {"x": 1}, never)
    assert again.unreadable == clips.unreadable
    assert list(again.motions) == ["a", "b"]
    for name, motion in again.motions.items():
        assert torch.equal(motion.joints, clips.motions[name].joints)
        assert motion.fps == 20.0


def test_another_key_is_another_file(clips: Clips, cache_folder: Path) -> None:
    cached("set", {"x": 1}, lambda: clips)
    cached("set", {"x": 2}, lambda: clips)
    assert len(list(cache_folder.iterdir())) == 2


def test_other_code_is_another_file(
    clips: Clips, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached("set", {}, lambda: clips)
    monkeypatch.setattr(_cache, "code_version", lambda: "edited")
    cached("set", {}, lambda: clips)
    assert len(list(cache_folder.iterdir())) == 2


def test_code_version_covers_the_files_it_names() -> None:
    for pattern in _cache._CODE:
        assert list(_cache._PACKAGE.glob(pattern)), pattern


@pytest.mark.parametrize("damage", [b"", bytes(100), None], ids=["empty", "zeros", "half"])
def test_a_damaged_cache_is_made_anew(
    clips: Clips, cache_folder: Path, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    cached("set", {}, lambda: clips)
    (file,) = cache_folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    with caplog.at_level(logging.WARNING):
        again = cached("set", {}, lambda: clips)
    assert list(again.motions) == ["a", "b"]
    assert "made anew" in caplog.text
    assert list(cached("set", {}, never).motions) == ["a", "b"]


def test_nothing_is_kept_when_nothing_could_be_read(cache_folder: Path) -> None:
    assert cached("set", {}, lambda: Clips({}, {"a": "broken"})).unreadable == {"a": "broken"}
    assert not cache_folder.exists()


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    clips: Clips, cache_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache_folder.write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert cached("set", {}, lambda: clips) is clips
    assert "could not be cached" in caplog.text
