"""``moclip data prepare``: what it prints, how it fails, and what can be done with its output."""

import errno
import json
import shutil
from pathlib import Path

import pytest
from cli_support import Run

from moclip.curation import _making


@pytest.fixture
def captures(clips: Path, tmp_path: Path) -> Path:
    """The clips, in a folder that may be changed."""
    return Path(shutil.copytree(clips, tmp_path / "captures"))


def test_a_folder_of_files_is_prepared_and_summed_up(
    moclip: Run, captures: Path, tmp_path: Path
) -> None:
    (captures / "damaged.bvh").write_text("HIERARCHY nonsense")
    out = tmp_path / "out"
    shown = moclip("data", "prepare", "files", "--source", captures, "-o", out, "--set", "seed=3")
    assert (shown.code, shown.err) == (0, "")
    manifest = json.loads((out / "manifest.json").read_text())
    assert f"clips     {manifest['clips']} (" in shown.out
    assert "left out  1\n          damaged.bvh" in shown.out
    assert manifest["made_by"]["options"]["seed"] == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("octopus",), "no datasets named 'octopus'"),
        (("files",), "needs root=PATH: a folder or zip of motion files"),
        (("bundled", "--set", "seed=1"), "has no option 'seed'"),
        (("bundled", "--set", "seed"), "'seed' is no option; wanted KEY=VALUE"),
        (("bundled", "--jobs", "0"), "jobs is 0, wanted a positive number"),
        (("bundled", "--skeleton", "cmu"), "to 'humanml3d' alone"),
        (("kit", "--amass", "there"), "go with `humanml3d --amass FOLDER`"),
        (("humanml3d", "--texts", "there"), "go with `humanml3d --amass FOLDER`"),
        (("humanml3d", "--amass", "gone"), "needs root=PATH"),
    ],
)
def test_a_mistake_is_one_sentence(
    moclip: Run, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    shown = moclip("data", "prepare", *arguments, "-o", tmp_path / "out")
    assert shown.code == 2
    assert told in shown.err
    assert len(shown.err.strip().splitlines()) == 1
    assert not list(tmp_path.glob("out*"))


def test_a_full_disk_is_one_sentence(
    moclip: Run, captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_making, "write_atomically", full)
    shown = moclip("data", "prepare", "files", "--source", captures, "-o", tmp_path / "out")
    assert shown.code == 2
    assert shown.err.startswith("moclip: the disk is full; what was done is kept in ")
    assert len(shown.err.splitlines()) == 1


def test_interrupted_it_says_how_to_go_on(
    moclip: Run, captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(path: Path, data: bytes) -> None:
        raise KeyboardInterrupt

    command = ("data", "prepare", "files", "--source", captures, "-o", tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr(_making, "write_atomically", stopped)
        shown = moclip(*command)
    assert shown.code == 130
    assert f"the same command goes on with what is in {tmp_path / 'out'}.work" in shown.err
    assert moclip(*command).code == 0


def test_what_was_prepared_is_read_by_name(moclip: Run, captures: Path, tmp_path: Path) -> None:
    lines = [f"{path.name},someone walks,train" for path in sorted(captures.iterdir())]
    (captures / "captions.csv").write_text("\n".join(("file,caption,split", *lines)) + "\n")
    out = tmp_path / "out"
    assert (
        moclip("data", "prepare", "folder", "--source", captures, "-o", out, "--mirror").code == 0
    )
    again = moclip("data", "prepare", "prepared", "--source", out, "-o", tmp_path / "again")
    assert again.code == 0
    first, second = (
        (folder / "shard-00000.safetensors").read_bytes() for folder in (out, tmp_path / "again")
    )
    assert first == second
