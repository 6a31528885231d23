"""What is prepared: the clips that loading gives, whatever the number of processes."""

import hashlib
import json
import zipfile
from pathlib import Path

import joblib
import pytest
import torch
from whole_folders import contents

from moclip import datasets, formats, processes, skeletons
from moclip.curation import _parts
from moclip.curation.prepare import prepare
from moclip.datasets.prepared import Shards
from moclip.motion import Motion, mirror_caption

pytestmark = pytest.mark.usefixtures("small_parts")


def test_a_data_set_is_loaded_from_its_shards_as_it_is_loaded_itself(tmp_path: Path) -> None:
    manifest = prepare("bundled", tmp_path / "out", jobs=1, shard_mb=0.5)
    assert len(manifest.shards) > 3
    assert max(shard.bytes for shard in manifest.shards) < 0.6e6
    for split in ("train", "val", "test", "all"):
        itself = datasets.load("bundled", split)
        there = datasets.load("prepared", split, root=tmp_path / "out")
        assert [(c.id, c.captions, c.labels) for c in there] == [
            (c.id, c.captions, c.labels) for c in itself
        ]
        for one, other in zip(there, itself, strict=True):
            assert torch.equal(one.motion.joints, other.motion.joints)
            assert (one.motion.fps, one.motion.skeleton) == (20.0, other.motion.skeleton)


def test_files_become_what_loading_would_make_of_them(captures: Path, tmp_path: Path) -> None:
    (captures / "captions.csv").write_text(
        "file,caption,start,end\n"
        + "".join(
            f"{path.relative_to(captures).as_posix()},someone moves,0,1\n"
            for path in sorted(captures.rglob("*.np?"))
        )
    )
    prepare("folder", tmp_path / "out", options={"root": captures}, jobs=1)
    there = datasets.load("prepared", "all", root=tmp_path / "out")
    for one, other in zip(there, datasets.load("folder", "all", root=captures), strict=True):
        assert one.id == other.id
        assert torch.equal(one.motion.joints, other.motion.joints)


@pytest.mark.parametrize("skeleton", ["humanml3d", "own"])
def test_two_processes_make_the_same_bytes_as_one(
    captures: Path, tmp_path: Path, skeleton: str
) -> None:
    for jobs in (1, 2):
        prepare(
            "files",
            tmp_path / str(jobs),
            options={"root": captures},
            jobs=jobs,
            skeleton=skeleton,
            mirror=True,
        )
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert not list(tmp_path.glob("*.work"))


def test_other_threads_make_no_difference(captures: Path, tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            prepare("files", tmp_path / str(count), options={"root": captures}, jobs=1)
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)
    assert contents(tmp_path / "1") == contents(tmp_path / "3")


def test_mirrored_twins_stay_in_the_split_of_their_originals(tmp_path: Path) -> None:
    prepare("bundled", tmp_path / "out", jobs=1, mirror=True)
    shards = Shards(tmp_path / "out")
    originals = {clip.id: clip for clip in datasets.load("bundled", "all")}
    assert len(shards) == 2 * len(originals)
    for name, clip in originals.items():
        row, twin = shards.row(name), shards.row(f"M{name}")
        assert row.split == twin.split
        assert twin.captions == tuple(mirror_caption(caption) for caption in clip.captions)
        assert torch.equal(shards[f"M{name}"].joints, clip.motion.mirrored().joints)
    assert any("left" in caption for row in shards.rows() for caption in row.captions)


def test_twins_of_twins_are_refused(captures: Path, tmp_path: Path) -> None:
    (captures / "a.npy").write_bytes(next(captures.rglob("*.npy")).read_bytes())
    (captures / "Ma.npy").write_bytes((captures / "a.npy").read_bytes())
    with pytest.raises(ValueError, match=r"mirrored twins of its own, such as 'Ma\.npy'"):
        prepare("files", tmp_path / "out", options={"root": captures}, mirror=True)


def test_own_skeletons_keep_their_bones_and_rotations(tmp_path: Path) -> None:
    body = skeletons.get("cmu")
    for name, scale in (("tall", 1.2), ("small", 0.7)):
        offsets = [tuple(scale * x for x in offset) for offset in body.offsets]
        theirs = body.with_offsets(offsets)  # type: ignore[arg-type]
        turns = torch.eye(3).expand(30, len(body), 3, 3).clone()
        motion = Motion.from_rotations(turns, torch.ones(30, 3), fps=30.0, skeleton=theirs)
        formats.write(motion, tmp_path / "in" / f"{name}.npz")
    prepare(
        "files",
        tmp_path / "out",
        options={"root": tmp_path / "in"},
        skeleton="own",
        fps=30.0,
        jobs=1,
    )
    shards = Shards(tmp_path / "out")
    assert not shards.manifest.canonical
    for name, motion in shards.items():
        itself = formats.read(tmp_path / "in" / name)
        assert motion.skeleton == itself.skeleton
        assert torch.equal(motion.joints, itself.joints)
        assert motion.rotations is not None
        assert itself.rotations is not None
        assert torch.equal(motion.rotations, itself.rotations)


def test_own_skeletons_that_differ_are_told_in_one_sentence(captures: Path, tmp_path: Path) -> None:
    body = skeletons.get("deepmimic")
    turns = torch.eye(3).expand(30, len(body), 3, 3).clone()
    other = Motion.from_rotations(turns, torch.ones(30, 3), fps=30.0, skeleton=body)
    formats.write(other, captures / "other.npz")
    with pytest.raises(ValueError, match=r"'other\.npz' a 'deepmimic' of 13 joints with rotations"):
        prepare("files", tmp_path / "out", options={"root": captures}, skeleton="own", jobs=1)
    assert not list(tmp_path.glob("out*"))


def test_the_manifest_says_what_there_is_of_what_it_was_made_and_what_is_missing(
    captures: Path, tmp_path: Path
) -> None:
    (captures / "empty.npy").write_bytes(b"")
    manifest = prepare("files", tmp_path / "out", options={"root": captures, "seed": 3}, jobs=1)
    told = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert told["clips"] == sum(told["splits"].values()) == manifest.clips == 10
    assert told["hours"] == pytest.approx(told["frames"] / 20 / 3600, abs=1e-4)
    assert told["left_out"] == {"empty.npy": "empty.npy is empty"}
    assert told["made_by"]["options"] == {
        "root": "captures",
        "seed": 3,
        "skeleton_file": None,
    }
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()
    files = {p.relative_to(captures).as_posix(): p for p in captures.rglob("*.np?")}
    assert told["sources"] == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()
    }
    for shard in told["shards"]:
        data = (tmp_path / "out" / shard["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == shard["sha256"]


def test_a_zip_gives_the_clips_of_its_folder_and_is_hashed_whole(
    captures: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "captures.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(captures.rglob("*.np?")):
            archive.write(path, path.relative_to(captures).as_posix())
    folder = prepare("files", tmp_path / "folder", options={"root": captures}, jobs=1)
    manifest = prepare("files", tmp_path / "zip", options={"root": packed}, jobs=1)
    assert manifest.shards == folder.shards
    assert manifest.sources == {"captures.zip": hashlib.sha256(packed.read_bytes()).hexdigest()}


def test_an_unreadable_file_is_left_out_and_named(captures: Path, tmp_path: Path) -> None:
    before = prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    (captures / "damaged.bvh").write_text("HIERARCHY nonsense")
    (captures / "gone.npz").symlink_to(captures / "nowhere.npz")
    manifest = prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    assert manifest.clips == before.clips
    assert list(manifest.left_out) == ["damaged.bvh"]


def test_nothing_that_can_be_read_is_an_error_and_leaves_what_was_there(
    captures: Path, tmp_path: Path
) -> None:
    prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    before = contents(tmp_path / "out")
    for path in captures.rglob("*.np?"):
        path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"no clip that can be used: .* is empty"):
        prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    assert contents(tmp_path / "out") == before
    assert not list(tmp_path.glob("*.work"))


def test_a_folder_of_something_else_is_not_touched(captures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match=r"out holds something else; wanted a new folder"):
        prepare("files", out, options={"root": captures}, jobs=1)
    assert contents(out) == {"thesis.txt": b"years of work"}
    (out / "thesis.txt").unlink()
    prepare("files", out, options={"root": captures}, jobs=1)  # an empty folder is taken
    with pytest.raises(ValueError, match="holds 'files' of 'captures', not 'bundled' of 'data'"):
        prepare("bundled", out, jobs=1)
    (out / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds something else"):
        prepare("files", out, options={"root": captures}, jobs=1)


def test_a_file_in_the_place_of_the_folder_is_told(captures: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(ValueError, match="out is no folder"):
        prepare("files", tmp_path / "out", options={"root": captures}, jobs=1)
    (tmp_path / "new.work").mkdir()
    (tmp_path / "new.work" / "draft.txt").write_text("")
    with pytest.raises(ValueError, match=r"new\.work is needed to work in, but holds something"):
        prepare("files", tmp_path / "new", options={"root": captures}, jobs=1)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"skeleton": "cmu"}, "to 'humanml3d' alone, not to 'cmu'"),
        ({"skeleton": "octopus"}, "no skeletons named 'octopus'"),
        ({"fps": 0.0}, "fps is 0, wanted a positive number"),
        ({"jobs": 0}, "jobs is 0, wanted"),
        ({"shard_mb": -1.0}, "shard_mb is -1, wanted"),
        ({"options": {"sed": 1}}, "no option 'sed'"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    tmp_path: Path, wrong: dict[str, object], told: str
) -> None:
    with pytest.raises((ValueError, LookupError), match=told):
        prepare("bundled", tmp_path / "out", **wrong)  # type: ignore[arg-type]
    assert not list(tmp_path.glob("out*"))


def test_ray_that_is_not_installed_is_one_sentence(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(processes, "import_module", absent)
    with pytest.raises(ValueError, match=r"needs a package: pip install 'moclip\[ray\]'"):
        prepare("files", tmp_path / "out", options={"root": captures}, backend="ray")
    assert not list(tmp_path.glob("out*"))


def test_a_body_model_that_changes_deep_in_its_folder_is_another_source(tmp_path: Path) -> None:
    model = tmp_path / "body_models" / "smplh" / "male" / "model.npz"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"one")
    before = sorted(_parts._stamps_at(tmp_path / "body_models"))
    model.write_bytes(b"another")
    assert sorted(_parts._stamps_at(tmp_path / "body_models")) != before


def test_joblib_works_in_the_same_process_after_preparing(captures: Path, tmp_path: Path) -> None:
    """joblib's own pool is one to a process, and is not ours to make."""
    prepare("files", tmp_path / "out", options={"root": captures}, jobs=2)
    with joblib.parallel_config("loky"):
        assert joblib.Parallel(2)(map(joblib.delayed(abs), [-1, -2])) == [1, 2]
