"""A search within a folder takes every spelling of it, and tells one that is not there."""

from pathlib import Path

import doubles
import pytest

from moclip import formats

pytest.importorskip("lancedb")

from moclip.tasks.library import changing, store
from moclip.tasks.library.clips import Filter
from moclip.tasks.library.places import located
from moclip.tasks.library.store import Library

ODD = 'it\'s "odd"'


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Eight walks: ``lib`` with ``b``, ``b/c`` and an odd folder; ``more`` with ``b`` too."""
    monkeypatch.chdir(tmp_path)
    places = ["lib", "lib/b", "lib/b", "lib/b/c", f"lib/{ODD}", "more", "more/b", "lib/bb"]
    for number, place in enumerate(places):
        formats.write(doubles.walk(0.3 * number), tmp_path / place / f"walk{number}.npz")
    library = Library.create(tmp_path / "my.index", doubles.model())
    changing.add_files(library, doubles.model(), ["lib", "more"])
    return library


SPELLINGS = {
    ".": 8,
    "./": 8,
    "": 8,
    "lib": 6,
    "lib/": 6,
    "./lib": 6,
    "more": 2,
    "{here}": 8,
    "{here}/lib": 6,
    "{here}/lib/b": 3,
    "link": 6,
    "link/b": 3,
    "lib/../more": 2,
    "b": 4,
    "./b": 4,
    "b/": 4,
    "b/c": 1,
    "lib/b": 3,
    "lib/b/c": 1,
    "more/b": 1,
    "/": 8,
    ODD: 1,
    f"lib/{ODD}": 1,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_folder_is_found_by_each_of_its_spellings(library: Library, spelling: str) -> None:
    Path("link").symlink_to("lib")
    where = located(library, Filter(folder=spelling.format(here=Path.cwd())))
    found = library.search(doubles.model(), "a walk", 20, where)
    assert {f.clip.id for f in found} == {clip.id for clip in library.clips(where)}
    assert len(found) == library.count(where) == SPELLINGS[spelling]


def test_the_inverted_file_is_searched_in_the_folder(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "EXACT", 1)
    library.probes = 100
    changing.tidy(library)
    for spelling in ("lib", "more/b", f"lib/{ODD}", ".", "b"):
        where = located(library, Filter(folder=spelling))
        found = library.search(doubles.model(), "a walk", 20, where)
        assert len(found) == SPELLINGS[spelling]


@pytest.mark.parametrize("spelling", ["lib", "./b", "lib/b", "more/b", "b/c", "lib/../more"])
def test_what_is_searched_is_what_is_removed(library: Library, spelling: str) -> None:
    count = library.count(located(library, Filter(folder=spelling)))
    assert changing.remove(library, spelling) == count


@pytest.mark.parametrize("folder", ["li", "c", "lib/b/walk1.npz", "/b", "lib/bbb", "..b"])
def test_a_folder_that_is_not_there_is_told_with_those_that_are(
    library: Library, folder: str
) -> None:
    with pytest.raises(LookupError) as told:
        located(library, Filter(folder=folder))
    here = Path.cwd()
    assert str(told.value) == (
        f"the index {library.path} has no folder '{folder}'; in {here}/lib, {here}/more "
        f"there are: b, ., b/c, bb, {ODD}"
    )


def test_of_many_folders_a_few_are_named(tmp_path: Path) -> None:
    for number in range(12):
        formats.write(doubles.walk(0.3 * number), tmp_path / f"lib/take{number:02d}/walk.npz")
    library = Library.create(tmp_path / "my.index", doubles.model())
    with pytest.raises(LookupError, match=r"has no folder 'x'; it holds no clip$"):
        located(library, Filter(folder="x"))
    changing.add_files(library, doubles.model(), [tmp_path / "lib"])
    with pytest.raises(LookupError, match=r"; in .*/lib there are: take00, .*, take07 and 4 more$"):
        located(library, Filter(folder="x"))


def test_a_label_that_is_not_there_is_told_with_those_that_are(
    library: Library, tmp_path: Path
) -> None:
    with pytest.raises(LookupError, match=r"has no label 'walk'; its clips have none$"):
        located(library, Filter(label="walk"))
    changing.add_data(library, doubles.model(), "bundled")
    with pytest.raises(LookupError, match=r"has no label 'nosuch'; there are: .*jump.*"):
        located(library, Filter(label="nosuch"))
    jumps = located(library, Filter(label="jump"))
    assert library.count(jumps) == library.count(Filter(label="jump")) > 0


def test_a_data_set_is_a_folder_and_conditions_hold_together(library: Library) -> None:
    changing.add_data(library, doubles.model(), "bundled")
    model = doubles.model()
    where = located(library, Filter(folder="bundled", label="jump", min_seconds=1.0))
    found = library.search(model, "a walk", 500, where)
    assert {f.clip.id for f in found} == {clip.id for clip in library.clips(where)}
    assert {f.clip.source for f in found} == {"bundled"}
    assert all("jump" in f.clip.labels and f.clip.seconds >= 1 for f in found)
    nothing = located(library, Filter(folder="lib", label="jump"))
    assert library.search(model, "a walk", 5, nothing) == []


def test_a_filter_alone_is_as_it_was(library: Library) -> None:
    """Programs over HTTP may spell no place on this disk, and an unknown folder finds nothing."""
    for folder in ("lib", "nosuch", f"{Path.cwd()}/lib"):
        assert library.count(Filter(folder=folder)) == 0
    assert library.count(Filter(folder="/b/")) == 4
