"""A text tower on disk and a finished run that many tests look at."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_clip
import small_runs

from moclip.training import run


@pytest.fixture(scope="session")
def text_tower(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_clip.write_text_tower(tmp_path_factory.mktemp("text") / "clip")


@pytest.fixture(scope="session")
def finished(text_tower: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small recipe run through undisturbed."""
    out = tmp_path_factory.mktemp("run") / "undisturbed"
    return run.train(small_runs.recipe(text_tower), out, clips=small_runs.clips(), device="cpu")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C reaches the test and its processes, also where a shell started them deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
