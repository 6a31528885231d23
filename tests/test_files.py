"""Nothing is half-written, nothing is read without a limit."""

import errno
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from moclip import files


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.bin"
    files.write_atomically(path, b"\x00abc")
    assert files.read_bounded(path) == b"\x00abc"
    assert [p.name for p in path.parent.iterdir()] == ["a.bin"]


def test_writing_again_replaces(tmp_path: Path) -> None:
    files.write_atomically(tmp_path / "a", b"old and long")
    files.write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_failure_leaves_the_older_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        files.write_atomically(tmp_path / "a", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_others_may_read_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    files.write_atomically(tmp_path / "ours", b"")
    plain, ours = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "ours"))
    assert ours == plain


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("none", FileNotFoundError, "there is no file .*none"),
        ("folder", ValueError, "folder is a folder, wanted a file"),
        ("large", ValueError, "large has 1,001 bytes, more than the 1,000 that are read"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(
    tmp_path: Path, name: str, error: type[Exception], sentence: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "large").write_bytes(bytes(1001))
    with pytest.raises(error, match=sentence):
        files.read_bounded(tmp_path / name, 1000)


def test_a_file_at_the_limit_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(1000))
    assert len(files.read_bounded(tmp_path / "a", 1000)) == 1000


def test_a_file_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="zero is no plain file"):
        files.read_bounded(Path("/dev/zero"), 1000)


def test_a_folder_appears_when_it_is_full(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with files.fill_folder(out) as folder:
        (folder / "a").write_text("1")
        assert not out.exists()
    assert [p.name for p in out.iterdir()] == ["a"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_filled_folder_takes_the_place_of_the_older(tmp_path: Path) -> None:
    for name in ("older", "newer"):
        with files.fill_folder(tmp_path / "out") as folder:
            (folder / name).touch()
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["newer"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_failure_leaves_the_older_folder(tmp_path: Path) -> None:
    def fill_in_part() -> None:
        with files.fill_folder(tmp_path / "out") as folder:
            (folder / "newer").touch()
            raise RuntimeError("half way")

    with files.fill_folder(tmp_path / "out") as folder:
        (folder / "older").touch()
    with pytest.raises(RuntimeError, match="half way"):
        fill_in_part()
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["older"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_older_folder_comes_back_when_the_newer_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, rename = tmp_path / "out", Path.rename

    def fails_for_the_newer(self: Path, target: Path) -> Path:
        if target == out and (self / "newer").exists():
            raise OSError("no space left")
        return rename(self, target)

    def fill(name: str) -> None:
        with files.fill_folder(out) as folder:
            (folder / name).touch()

    fill("older")
    monkeypatch.setattr(Path, "rename", fails_for_the_newer)
    with pytest.raises(OSError, match="no space left"):
        fill("newer")
    assert [p.name for p in out.iterdir()] == ["older"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_folder_is_held_by_one_alone_and_nothing_lies_in_it(tmp_path: Path) -> None:
    with files.held(tmp_path / "new") as first, files.held(tmp_path / "new") as second:
        assert (first, second) == (True, False)
        assert list(tmp_path.rglob("*")) == [tmp_path / "new"]
    with files.held(tmp_path / "new") as again:
        assert again


def test_a_folder_whose_holder_was_killed_is_free(tmp_path: Path) -> None:
    code = f"""
import pathlib, time
from moclip.files import held
with held(pathlib.Path({str(tmp_path)!r})) as free:
    print(free, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        with files.held(tmp_path) as free:
            assert not free
        holder.kill()
        holder.wait()
    with files.held(tmp_path) as free:
        assert free


@pytest.mark.parametrize("missing", [True, False])
def test_where_there_are_no_locks_every_folder_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: bool
) -> None:
    """On Windows, and on network drives without them."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    if missing:
        monkeypatch.setitem(sys.modules, "fcntl", None)
    else:
        monkeypatch.setattr("fcntl.flock", refuse)
    with files.held(tmp_path) as first, files.held(tmp_path) as second:
        assert (first, second) == (True, True)
