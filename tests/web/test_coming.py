"""A generator that is trained while the page is there: who waits for it, and how it comes."""

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from moclip.training.motionclip.recipe import Recipe
from moclip.web.coming import Coming, command, is_whole, progress

_FILLS = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
folder.mkdir()
(folder / "recipe.toml").write_text(sys.argv[5])
with (folder / "metrics.jsonl").open("a") as rows:
    for epoch in range(int(sys.argv[2])):
        print("{}", file=rows, flush=True)
        time.sleep(float(sys.argv[3]))
print("done")
sys.exit(int(sys.argv[4]))
"""


RECIPE = Recipe.load("motionclip_demo", ["schedule.epochs=2"]).to_toml()


class Waiting:
    """What came, and who is still at work when a test ends."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.taken, self.made = folder / "model", [], []

    def start(self, epochs: int = 2, pause: float = 0.0, code: int = 0) -> Coming:
        words = [sys.executable, "-c", _FILLS, str(self.folder)]
        words += [str(epochs), str(pause), str(code), RECIPE]
        self.made.append(Coming(words, self.folder, take=self.taken.append))
        return self.made[-1]


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    found = Waiting(tmp_path)
    yield found
    for one in found.made:
        one.close()


def _end(coming: Coming) -> None:
    coming._thread.join(20)
    assert not coming._thread.is_alive()


def test_what_was_trained_is_taken(waiting: Waiting) -> None:
    coming = waiting.start()
    _end(coming)
    assert waiting.taken == [waiting.folder]
    assert coming.told() == {"share": 1.0, "failed": False}
    assert coming.log.read_text() == "done\n"


def test_a_training_that_fails_is_told(waiting: Waiting, caplog: pytest.LogCaptureFixture) -> None:
    coming = waiting.start(epochs=1, code=3)
    _end(coming)
    assert waiting.taken == []
    assert coming.told() == {"share": 0.5, "failed": True}
    assert f"training ended with 3; see {coming.log}" in caplog.text


@pytest.mark.parametrize("ignored", [False, True])
def test_closing_stops_a_training_soon(waiting: Waiting, ignored: bool) -> None:
    """Also in the background of a shell, where Ctrl-C is ignored."""
    handler = signal.SIG_IGN if ignored else signal.default_int_handler
    usual = signal.signal(signal.SIGINT, handler)
    try:
        coming = waiting.start(epochs=1, pause=60.0)
        while progress(waiting.folder) < 0.5:
            time.sleep(0.01)
        before = time.monotonic()
        coming.close()
        assert time.monotonic() - before < 15
        assert waiting.taken == []
    finally:
        signal.signal(signal.SIGINT, usual)


def test_a_run_that_was_stopped_is_taken_up_by_its_own_recipe(tmp_path: Path) -> None:
    """One that was killed before its first state is begun anew."""
    (tmp_path / "recipe.toml").write_text(RECIPE)
    begun = ["-m", "moclip", "train", "--out", str(tmp_path)]
    assert command("motionclip_demo", tmp_path)[1:] == [*begun, "motionclip_demo"]
    (tmp_path / "state.safetensors").touch()
    own = str(tmp_path / "recipe.toml")
    assert command("motionclip_demo", tmp_path)[1:] == [*begun, own, "--resume"]


def test_a_model_is_whole_but_for_one_of_a_run_under_way(tmp_path: Path) -> None:
    assert not is_whole(tmp_path)
    (tmp_path / "config.json").touch()
    assert is_whole(tmp_path)
    (tmp_path / "state.safetensors").touch()
    (tmp_path / "recipe.toml").write_text(RECIPE)
    (tmp_path / "metrics.jsonl").write_text("{}\n")
    assert (progress(tmp_path), is_whole(tmp_path)) == (0.5, False)
    (tmp_path / "metrics.jsonl").write_text("{}\n{}\n")
    assert (progress(tmp_path), is_whole(tmp_path)) == (1, True)
