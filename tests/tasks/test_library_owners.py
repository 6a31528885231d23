"""Which file a clip of a library belongs to when files change, move, or are the same."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import doubles
import pytest

from moclip import formats

pytest.importorskip("lancedb")

from moclip.tasks.library import changing
from moclip.tasks.library.changing import Added
from moclip.tasks.library.checking import verify
from moclip.tasks.library.store import Library

Add = Callable[..., Added]


@pytest.fixture
def twins(tmp_path: Path) -> Path:
    """A walk of 50 frames, ``a.npz``, and its copy ``b.npz``."""
    formats.write(doubles.walk(0.3, frames=50), tmp_path / "w/a.npz")
    shutil.copy(tmp_path / "w/a.npz", tmp_path / "w/b.npz")
    return tmp_path / "w"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.create(tmp_path / "my.index", doubles.model())


@pytest.fixture
def add(library: Library) -> Add:
    return lambda *paths: changing.add_files(library, doubles.model(), paths)


def held(library: Library) -> dict[str, int]:
    """Frames of each file; fails where a file is there twice."""
    clips = library.clips()
    found = {str(Path(clip.source, clip.path)): clip.frames for clip in clips}
    assert len(found) == len(clips)
    assert verify(library).problems == []
    return {Path(path).name: frames for path, frames in found.items()}


def told(added: Added) -> list[tuple[str, str]]:
    return [(Path(one.path).name, Path(one.same_as).name) for one in added.duplicates]


def changed(file: Path, frames: int = 60) -> None:
    formats.write(doubles.walk(0.9, frames=frames), file)


def test_a_twin_keeps_what_the_other_no_longer_is(library: Library, add: Add, twins: Path) -> None:
    assert told(add(twins)) == [("b.npz", "a.npz")]
    changed(twins / "a.npz")
    added = add(twins)
    assert (added.clips, added.replaced, told(added)) == (2, 1, [])
    assert held(library) == {"a.npz": 60, "b.npz": 50}
    assert add(twins).clips == 0


def test_so_it_does_when_it_comes_first_or_alone(
    library: Library, add: Add, twins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "_BLOCK", 1)
    add(twins / "b.npz", twins / "a.npz")
    changed(twins / "b.npz")
    added = add(twins)  # a.npz, a block of its own, takes over before b.npz gives up
    assert (added.clips, added.replaced) == (2, 1)
    assert held(library) == {"a.npz": 50, "b.npz": 60}
    changed(twins / "c.npz", frames=60)
    changed(twins / "b.npz", frames=70)
    assert add(twins / "c.npz").clips == 1
    assert held(library) == {"a.npz": 50, "c.npz": 60}
    assert add(twins).clips == 1
    assert held(library) == {"a.npz": 50, "b.npz": 70, "c.npz": 60}


@pytest.mark.parametrize("anew", [False, True])
def test_a_file_that_moved_is_found_where_it_is(
    library: Library, add: Add, twins: Path, anew: bool
) -> None:
    add(twins / "a.npz")
    (twins / "a.npz").replace(twins / "b.npz")
    if anew:
        changed(twins / "a.npz")
    assert told(add(twins)) == []
    assert held(library) == {"b.npz": 50} | ({"a.npz": 60} if anew else {})
    assert verify(library).gone == []


def test_files_that_change_places_are_both_kept(library: Library, add: Add, twins: Path) -> None:
    changed(twins / "b.npz")
    add(twins)
    (twins / "a.npz").rename(twins / "c.npz")
    (twins / "b.npz").rename(twins / "a.npz")
    (twins / "c.npz").rename(twins / "b.npz")
    assert add(twins).clips == 2
    assert held(library) == {"a.npz": 60, "b.npz": 50}


def test_an_unchanged_twin_is_still_told(library: Library, add: Add, twins: Path) -> None:
    add(twins)
    assert told(add(twins)) == [("b.npz", "a.npz")]
    assert told(add(twins / "b.npz")) == [("b.npz", "a.npz")]
    assert held(library) == {"a.npz": 50}


def test_a_changed_file_is_one_from_whichever_folder(
    library: Library, add: Add, twins: Path
) -> None:
    add(twins / "a.npz")
    changed(twins / "a.npz")
    assert add(twins.parent).replaced == 1
    assert verify(library).files == 2
    assert held(library) == {"a.npz": 60, "b.npz": 50}


@pytest.fixture
def described(tmp_path: Path) -> Callable[[str, dict[str, int]], Path]:
    """A maker of folders with ``captions.csv`` and walks of so many frames."""

    def make(name: str, files: dict[str, int]) -> Path:
        folder = tmp_path / name
        for file, frames in files.items():
            formats.write(doubles.walk(0.01 * frames, frames=frames), folder / file)
        with (folder / "captions.csv").open("w", newline="") as stream:
            rows = [(file, "a walk", "train") for file in files]
            csv.writer(stream).writerows([("file", "caption", "split"), *rows])
        return folder

    return make


def test_two_data_sets_of_a_kind_live_side_by_side(
    library: Library, described: Callable[[str, dict[str, int]], Path]
) -> None:
    b, c = described("b", {"walk.npz": 40}), described("c", {"walk.npz": 60})
    for root in (b, c):
        added = changing.add_data(library, doubles.model(), "folder", root=root)
        assert (added.clips, added.replaced) == (1, 0)
    found = {(clip.source, clip.path, clip.frames) for clip in library.clips()}
    assert found == {(f"folder:{b}", "walk.npz", 40), (f"folder:{c}", "walk.npz", 60)}
    assert verify(library).gone == []
    described("c", {"walk.npz": 70})
    added = changing.add_data(library, doubles.model(), "folder", root=c)
    assert (added.clips, added.replaced) == (1, 1)
    assert sorted(clip.frames for clip in library.clips()) == [40, 70]


def test_a_data_set_that_is_there_has_no_duplicates(
    library: Library, described: Callable[[str, dict[str, int]], Path]
) -> None:
    b, model = described("b", {"one.npz": 40, "two.npz": 40}), doubles.model()
    (twin,) = changing.add_data(library, model, "folder", root=b).duplicates
    assert (twin.path, twin.same_as) == (f"folder:{b}/two.npz", f"folder:{b}/one.npz")
    assert len(changing.add_data(library, model, "folder", root=b).duplicates) == 1
    described("b", {"one.npz": 50, "two.npz": 40})
    assert changing.add_data(library, model, "folder", root=b).duplicates == []
    assert held(library) == {"one.npz": 50, "two.npz": 40}


def test_data_sets_are_removed_as_they_were_added(
    library: Library,
    described: Callable[[str, dict[str, int]], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, frames in (("b", 40), ("c", 60), ("d", 80)):
        root = described(name, {"walk.npz": frames})
        changing.add_data(library, doubles.model(), "folder", root=root)
    monkeypatch.chdir(root.parent)
    assert changing.remove(library, "folder:b") == 1
    assert changing.remove(library, f"folder:{root}/walk.npz") == 1
    assert [clip.frames for clip in library.clips()] == [60]
    for nothing in ("folder", "/", ""):
        with pytest.raises(LookupError, match="no clip, file or folder"):
            changing.remove(library, nothing)
    assert changing.remove(library, "walk.npz") == 1


def test_files_are_removed_by_any_way_to_them(
    library: Library, add: Add, twins: Path, tmp_path: Path
) -> None:
    changed(twins / "b.npz")
    add(twins)
    (tmp_path / "link").symlink_to(twins)
    assert changing.remove(library, f"{twins}/../w/a.npz") == 1
    assert changing.remove(library, str(tmp_path / "link" / "b.npz")) == 1


def test_a_name_that_several_have_removes_them_all(
    library: Library, add: Add, twins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(twins / "deep/a.npz")
    add(twins)
    changed(twins.parent / "v/a.npz", frames=70)
    add(twins.parent / "v")
    monkeypatch.chdir(twins / "deep")
    assert changing.remove(library, "a.npz") == 3  # here, and at the top of both sources
    assert len(library) == 0


def test_a_link_is_removed_and_not_what_it_leads_to(
    library: Library, add: Add, twins: Path
) -> None:
    (twins / "b.npz").unlink()
    (twins / "latest.npz").symlink_to(twins / "a.npz")
    add(twins / "a.npz")
    changed(twins / "new.npz")
    (twins / "latest.npz").unlink()
    (twins / "latest.npz").symlink_to(twins / "new.npz")
    add(twins)
    assert held(library) == {"a.npz": 50, "latest.npz": 60}
    (twins / "latest.npz").unlink()
    (twins / "latest.npz").symlink_to(twins / "a.npz")
    assert changing.remove(library, str(twins / "latest.npz")) == 1
    assert held(library) == {"a.npz": 50}


@pytest.mark.parametrize("window", [0.0, -1.0, float("inf"), float("nan")])
def test_a_window_is_a_finite_length(tmp_path: Path, window: float) -> None:
    with pytest.raises(ValueError, match=r"window is .* seconds, wanted a positive number"):
        Library.create(tmp_path / "new.index", doubles.model(), window=window)
    assert not (tmp_path / "new.index").exists()
