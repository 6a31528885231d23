"""``moclip serve`` up to where it listens: what it makes first, goes on with, and refuses."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cli_support import Run

pytest.importorskip("lancedb")
pytest.importorskip("fastapi")

from moclip.cli import serve
from moclip.tasks.library import changing
from moclip.training import kinds
from moclip.web import server

EPOCHS = ("schedule.frozen_epochs=1", "schedule.unfrozen_epochs=1")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to start in, where nothing is listened at and no generator is trained."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(server, "run", lambda app, **_: app.state.service.close())
    monkeypatch.setattr(serve, "_let_come", lambda *_: None)
    return tmp_path


def test_a_first_start_that_was_interrupted_is_made_good(
    moclip: Run, model: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = ("serve", "--model", model, "--port", 0)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(changing, "add_data", stop)
        assert moclip(*start).code == 130
    for told in ("the bundled clips are indexed, once", ""):
        shown = moclip(*start)
        assert (shown.code, shown.out.partition(" at ")[0]) == (0, "141 clips")
        assert told in shown.err
    assert shown.err == ""


def test_two_first_starts_index_the_clips_once(moclip: Run, model: Path, here: Path) -> None:
    """The second one waits for what the first one holds."""
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda _: serve._bundled(str(model), "cpu")[0], range(2)))
    assert [len(library) for library in found] == [141, 141]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Path, dict[str, Any]]]:
    """What was asked to be trained; nothing is."""
    asked: list[tuple[Any, Path, dict[str, Any]]] = []
    monkeypatch.setattr(kinds, "train", lambda plan, out, **how: asked.append((plan, out, how)))
    return asked


def half(folder: Path, epochs: int) -> Path:
    """A run of two epochs, of which so many are done."""
    folder.mkdir(parents=True)
    (folder / "recipe.toml").write_text(kinds.load("demo", EPOCHS).to_toml())
    (folder / "metrics.jsonl").write_text("".join(f'{{"epoch": {n + 1}}}\n' for n in range(epochs)))
    (folder / "config.json").touch()
    (folder / "state.safetensors").touch()
    return folder


def test_a_demo_that_is_not_there_is_trained_where_asked_for(
    here: Path, trained: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    serve._need_demo("http://here/", "cpu")
    ((plan, out, how),) = trained
    assert (plan, out) == (kinds.load("demo"), Path("runs/demo"))
    assert (how["resume"], how["device"]) == (False, "cpu")
    assert "there is no runs/demo; it is trained now" in capsys.readouterr().err


def test_a_demo_that_is_half_trained_goes_on(
    here: Path, trained: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its config.json is there after the first epoch that was validated."""
    half(here / "runs" / "demo", epochs=1)
    serve._need_demo("http://here/", "cpu")
    ((plan, out, how),) = trained
    assert (plan, out) == (kinds.load("demo", EPOCHS), Path("runs/demo"))
    assert (how["resume"], how["device"]) == (True, "cpu")
    assert "runs/demo is trained to 50%; it goes on now" in capsys.readouterr().err


def test_a_demo_that_is_whole_is_not_trained(here: Path, trained: list[Any]) -> None:
    folder = half(here / "runs" / "demo", epochs=2)
    serve._need_demo("http://here/", "cpu")
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "config.json").touch()  # as `moclip demo` leaves it: without a state
    serve._need_demo("http://here/", "cpu")
    assert trained == []


REFUSED = {
    "a port too high": (("--port", 70000), "--port is 70000, wanted 0 to 65535"),
    "a port below": (("--port", -5), "--port is -5, wanted 0 to 65535"),
    "a token no address can hold": (("--token", "a+b="), "letters, digits and . _ ~ -"),
    "a token no cookie can hold": (("--token", "my secret; x"), "letters, digits and . _ ~ -"),
    "no token": (("--token", ""), "letters, digits and . _ ~ -"),
}


@pytest.mark.parametrize(("options", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_served_is_told_in_a_sentence(
    moclip: Run, here: Path, options: tuple[Any, ...], told: str
) -> None:
    shown = moclip("serve", "--model", "nowhere", *options)
    assert (shown.code, shown.out, shown.err.count("\n")) == (2, "", 1)
    assert told in shown.err
