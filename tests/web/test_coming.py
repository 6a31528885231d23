"""A generator that is trained while the page is there: who waits for it, and how it comes."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from moclip.files import held
from moclip.training import kinds
from moclip.training.motionclip.recipe import Recipe
from moclip.web.coming import Coming, command, is_whole, progress

_FILLS = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
folder.mkdir()
(folder / "recipe.toml").write_text(sys.argv[5])
with (folder / "metrics.jsonl").open("a") as rows:
    for epoch in range(int(sys.argv[2])):
        print('{"epoch": %d}' % (epoch + 1), file=rows, flush=True)
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
        self.made.append(Coming(lambda: words, self.folder, take=self.taken.append))
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
    begun = ["-m", "moclip", "train", "--out", str(tmp_path), "--device", "cpu"]
    assert command("motionclip_demo", tmp_path, "cpu")[1:] == [*begun, "motionclip_demo"]
    (tmp_path / "state.safetensors").touch()
    own = str(tmp_path / "recipe.toml")
    assert command("motionclip_demo", tmp_path, "cpu")[1:] == [*begun, own, "--resume"]


def test_a_model_is_whole_but_for_one_of_a_run_under_way(tmp_path: Path) -> None:
    assert not is_whole(tmp_path)
    (tmp_path / "config.json").touch()
    assert is_whole(tmp_path)
    (tmp_path / "state.safetensors").touch()
    (tmp_path / "recipe.toml").write_text(RECIPE)
    rows = tmp_path / "metrics.jsonl"
    rows.write_text(2 * '{"epoch": 1}\n')  # two that wrote at once, as they once could
    assert (progress(tmp_path), is_whole(tmp_path)) == (0.5, False)
    rows.write_text('{"epoch": 1}\n{"epoch": 2}\n')
    assert (progress(tmp_path), is_whole(tmp_path)) == (1, True)


@pytest.mark.parametrize("recipe", ["demo", "motionclip_demo"])
def test_how_far_a_run_is_can_be_told_of_either_model(tmp_path: Path, recipe: str) -> None:
    plan: Any = kinds.load(recipe)
    (tmp_path / "recipe.toml").write_text(plan.to_toml())
    assert progress(tmp_path) == 0
    (tmp_path / "metrics.jsonl").write_text(f'{{"epoch": {plan.schedule.epochs // 2}}}\n')
    assert progress(tmp_path) == 0.5


SAYS = "import sys; print(sys.argv[1], file=sys.stderr); sys.exit(2)"
ELSEWHERE = "moclip: model is being trained by another process"
BEGUN = "moclip: model holds a run already; resume it or name another folder"


class Beside:
    """One whose first training is refused; the second one is not. Half of the other's is done."""

    def __init__(self, folder: Path, told: str) -> None:
        self.folder, self.taken, self.asked = folder, [], 0
        self._told, self._other = told, ExitStack()
        assert self._other.enter_context(held(folder))
        (folder / "recipe.toml").write_text(RECIPE)
        for name in ("config.json", "state.safetensors"):
            (folder / name).touch()
        (folder / "metrics.jsonl").write_text('{"epoch": 1}\n')

    def begin(self) -> None:
        """In the test itself: what is logged while a fixture is made is no part of ``caplog``."""
        self.coming = Coming(self._words, self.folder, take=self.taken.append)

    def leave(self) -> None:
        """The other process ends."""
        self._other.close()

    def _words(self) -> list[str]:
        self.asked += 1
        code = SAYS if self.asked == 1 else "print('done')"
        return [sys.executable, "-c", code, self._told]


@pytest.fixture(params=[ELSEWHERE, BEGUN])
def beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Beside]:
    """A training that is refused, for another process is at it, and what that is told."""
    monkeypatch.setattr("moclip.web.coming._PAUSE", 0.05)
    found = Beside(tmp_path / "model", request.param)
    yield found
    found.leave()
    found.coming.close()


def test_what_another_process_trains_is_taken_when_it_is_whole(
    beside: Beside, caplog: pytest.LogCaptureFixture
) -> None:
    beside.begin()
    _wait_for(ELSEWHERE.partition("model ")[2], caplog)
    assert beside.coming.told() == {"share": 0.5, "failed": False}
    assert (beside.taken, beside.asked) == ([], 1)
    with (beside.folder / "metrics.jsonl").open("a") as rows:
        rows.write('{"epoch": 2}\n')
    beside.leave()
    _end(beside.coming)
    assert (beside.taken, beside.asked) == ([beside.folder], 1)
    assert beside.coming.told() == {"share": 1.0, "failed": False}
    assert "no generator came" not in caplog.text


def test_waiting_for_another_process_ends_with_the_service(
    beside: Beside, caplog: pytest.LogCaptureFixture
) -> None:
    beside.begin()
    _wait_for("by another process", caplog)
    beside.coming.close()
    assert (beside.taken, beside.asked) == ([], 1)
    assert "no generator came" not in caplog.text


def test_a_run_that_another_process_leaves_is_gone_on_with(
    beside: Beside, caplog: pytest.LogCaptureFixture
) -> None:
    beside.begin()
    _wait_for("by another process", caplog)
    beside.leave()
    _end(beside.coming)
    assert (beside.taken, beside.asked) == ([beside.folder], 2)


def test_another_mistake_is_a_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Also where the log of an earlier start tells of another process."""
    (tmp_path / "model.log").write_text(ELSEWHERE)
    words = [sys.executable, "-c", SAYS, BEGUN]
    coming = Coming(lambda: words, tmp_path / "model", take=lambda _: None)
    _end(coming)
    coming.close()
    assert coming.failed
    assert "training ended with 2" in caplog.text


def _wait_for(words: str, caplog: pytest.LogCaptureFixture) -> None:
    end = time.monotonic() + 20
    while words not in caplog.text:
        assert time.monotonic() < end
        time.sleep(0.01)
