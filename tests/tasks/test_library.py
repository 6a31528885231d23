"""A library on disk finds what exact search finds, grows, shrinks, and survives a kill."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import doubles
import pytest
import torch

from moclip import formats
from moclip.curation import pool
from moclip.tasks.retrieval import Index

pytest.importorskip("lancedb")

from moclip.tasks.library import changing, store
from moclip.tasks.library.checking import verify
from moclip.tasks.library.clips import Filter
from moclip.tasks.library.store import Library

HERE = Path(__file__).parent


@pytest.fixture
def walks(tmp_path: Path) -> Path:
    """Five walks in two folders, one of 11 s; a copy of one of them, and a file that is broken."""
    folder = tmp_path / "walks"
    for number in range(5):
        place = folder / ("a" if number % 2 else "a/b") / f"walk{number}.npz"
        frames = 220 if number == 4 else 40 + 10 * number
        formats.write(doubles.walk(0.3 * number, frames=frames), place)
    shutil.copy(folder / "a/walk1.npz", folder / "copy.npz")
    (folder / "broken.bvh").write_text("nonsense")
    return folder


@pytest.fixture
def library(tmp_path: Path, walks: Path) -> Library:
    library = Library.create(tmp_path / "my.index", doubles.model())
    changing.add_files(library, doubles.model(), [walks])
    return library


def test_what_is_added_is_told(tmp_path: Path, walks: Path) -> None:
    library = Library.create(tmp_path / "new.index", doubles.model())
    added = changing.add_files(library, doubles.model(), [walks])
    assert (added.clips, added.files, len(library)) == (6, 5, 6)  # the long one in two parts
    assert [Path(one.path).name for one in added.skipped] == ["broken.bvh"]
    (twin,) = added.duplicates
    assert {Path(twin.path).name, Path(twin.same_as).name} == {"copy.npz", "walk1.npz"}


def test_it_finds_what_the_index_in_memory_finds(library: Library, walks: Path) -> None:
    model = doubles.model()
    plain = Index.build(model, [walks / "a"]).search(model, "a walk", 6)
    found = library.search(model, "a walk", 6)
    assert [f.score for f in found] == pytest.approx([h.score for h in plain], abs=1e-5)
    names = [Path(f.clip.source, f.clip.path).name for f in found]
    assert names == [Path(str(hit.entry.path)).name for hit in plain]


def test_a_second_look_at_the_same_folder_adds_nothing(library: Library, walks: Path) -> None:
    before = [clip.id for clip in library.clips()]
    added = changing.add_files(library, doubles.model(), [walks])
    assert (added.clips, [clip.id for clip in library.clips()]) == (0, before)


def test_a_changed_file_takes_the_place_of_what_it_was(library: Library, walks: Path) -> None:
    formats.write(doubles.walk(3.0, frames=70), walks / "a/walk3.npz")
    added = changing.add_files(library, doubles.model(), [walks])
    assert (added.clips, added.replaced, len(library)) == (1, 1, 6)
    (clip,) = [clip for clip in library.clips() if clip.path == "a/walk3.npz"]
    assert clip.frames == 70


def test_motions_play_when_their_files_are_gone(library: Library, walks: Path) -> None:
    (clip,) = [clip for clip in library.clips() if clip.path == "a/walk3.npz"]
    shutil.rmtree(walks)
    joints = library.motion(clip.id).joints
    wanted = doubles.model().canonical(doubles.walk(0.9, frames=70)).joints
    assert (joints - wanted).abs().max() < 0.0003
    verdict = verify(library)
    assert (verdict.problems, len(verdict.gone)) == ([], 5)


def test_a_long_path_keeps_its_shape(tmp_path: Path) -> None:
    formats.write(doubles.walk(9.0, frames=190), tmp_path / "run.npz")
    model = doubles.model()
    library = Library.create(tmp_path / "run.index", model)
    changing.add_files(library, model, [tmp_path / "run.npz"])
    joints = library.motion(library.clips()[0].id).joints
    assert joints[-1, 0, 2] == pytest.approx(85.05, abs=0.01)


CONDITIONS = [
    (Filter(), 6),
    (Filter(folder="a"), 6),
    (Filter(folder="/a/b/"), 4),
    (Filter(folder="a/bb"), 0),
    (Filter(min_seconds=3, max_seconds=4.0), 2),
    (Filter(label="it's"), 0),
    (Filter(folder="a/b", min_seconds=5.0), 2),
]


@pytest.mark.parametrize(("where", "count"), CONDITIONS)
def test_both_readings_of_a_filter_agree(library: Library, where: Filter, count: int) -> None:
    found = library.search(doubles.model(), "a walk", 10, where)
    assert {f.clip.id for f in found} == {clip.id for clip in library.clips(where)}
    assert len(found) == library.count(where) == count


def test_labels_of_a_data_set_are_kept(tmp_path: Path) -> None:
    model = doubles.model()
    library = Library.create(tmp_path / "bundled.index", model)
    changing.add_data(library, model, "bundled")
    found = library.search(model, "a person jumps", 3, Filter(label="jump"))
    assert {label for f in found for label in f.clip.labels} == {"jump"}
    assert library.labels()["jump"] == library.count(Filter(label="jump"))


def test_removal_by_folder_file_and_id(library: Library, walks: Path) -> None:
    (clip,) = [clip for clip in library.clips() if clip.path == "a/walk1.npz"]
    assert changing.remove(library, clip.id) == 1
    assert changing.remove(library, str(walks / "a/walk3.npz")) == 1
    assert changing.remove(library, "a/b") == 4
    assert len(library) == 0
    with pytest.raises(LookupError, match="no clip, file or folder 'a/b'"):
        changing.remove(library, "a/b")


def test_another_model_is_told(library: Library) -> None:
    with pytest.raises(ValueError, match=r"was made by model .* build the index again"):
        library.search(doubles.model(1), "a walk")


def test_what_is_no_index_is_told(tmp_path: Path, library: Library) -> None:
    with pytest.raises(FileNotFoundError, match="there is no index"):
        Library.open(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="is no index of motions"):
        Library.open(tmp_path)
    with pytest.raises(ValueError, match="`moclip index add` adds to it"):
        Library.create(library.path, doubles.model())


def test_damage_is_found(library: Library) -> None:
    for file in (library.path / "clips.lance" / "data").iterdir():
        data = bytearray(file.read_bytes())
        data[: len(data) // 2] = bytes(len(data) // 2)
        file.write_bytes(data)
    assert verify(Library.open(library.path)).problems


def test_rows_of_another_process_are_seen(library: Library, tmp_path: Path) -> None:
    reader = Library.open(library.path)
    assert len(reader.search(doubles.model(), "a walk", 20)) == 6
    formats.write(doubles.walk(2.0), tmp_path / "later.npz")
    changing.add_files(library, doubles.model(), [tmp_path / "later.npz"])
    time.sleep(2.1)
    assert len(reader.search(doubles.model(), "a walk", 20)) == 7


def test_the_inverted_file_finds_what_exact_search_finds(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    queries = torch.nn.functional.normalize(torch.randn(5, doubles.DIM), dim=-1)
    exact = [library.nearest(query, 3) for query in queries]
    monkeypatch.setattr(store, "EXACT", 1)
    assert library.way == "ivf"
    for query, wanted in zip(queries, exact, strict=True):
        found = library.nearest(query, 3)
        assert [f.clip.id for f in found] == [f.clip.id for f in wanted]
        scores = [f.score for f in wanted]
        assert [f.score for f in found] == pytest.approx(scores, abs=1e-4)


def test_a_process_with_lancedb_is_not_copied() -> None:
    assert not pool._may_be_copied()  # its threads would not be there in the copy


def test_a_killed_process_loses_and_spoils_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    for number in range(30):
        formats.write(doubles.walk(0.1 * number, frames=30), folder / f"{number:02d}.npz")
    library, counts = Library.create(tmp_path / "k.index", doubles.model()), [0]
    for delay in (0.0, 0.01, 0.02, 0.03, 0.04):
        killed_after(delay, library.path, folder)
        library = Library.open(library.path)
        assert verify(library).problems == []
        counts.append(len(library))
        assert counts[-1] >= counts[-2] + 2, "what was written is lost"
    assert counts[-1] < 30, "there was nothing left to kill"
    changing.add_files(library, doubles.model(), [folder])
    assert len(library) == len({clip.content for clip in library.clips()}) == 30
    assert verify(library).problems == []


def killed_after(delay: float, index: Path, folder: Path) -> None:
    """Adds in another process, which is killed a little after it has written two files."""
    paths = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, str(HERE / "adding_process.py"), str(index), str(folder)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": paths}
    )
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == [b"written\n"] * 2
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
