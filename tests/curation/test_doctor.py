"""From a path to a report: folders, tables, official layouts, zips; nothing is changed."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import spoiled
from spoiled import bundled, jump, walk

from moclip import datasets, formats
from moclip.curation.doctor import Report, examine
from moclip.formats import _arrays


def told(report: Report) -> list[tuple[str, str]]:
    return [(finding.clip, finding.check) for finding in report.findings]


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path): f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_mtime_ns}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Two sound clips, two spoiled ones, one that is none, one text."""
    folder = tmp_path / "clips"
    formats.write(walk(), folder / "walk.bvh")
    formats.write(jump(), folder / "deep" / "jump.npz")
    formats.write(spoiled.teleported(walk()), folder / "leap.npz")
    formats.write(spoiled.in_unit(jump(), 0.01), folder / "giant.npy")
    (folder / "broken.bvh").write_text("HIERARCHY\nnonsense\n")
    (folder / "LICENSE.txt").write_text("Free to use.\n")
    return folder


def test_a_folder_is_told_file_by_file(clips: Path) -> None:
    report = examine(str(clips), jobs=1)
    assert sorted(told(report)) == [
        ("broken.bvh", "unreadable"),
        ("giant.npy", "unit"),
        ("leap.npz", "jumps"),
    ]
    assert (report.clips, report.errors) == (5, 3)
    (broken,) = (f for f in report.findings if f.check == "unreadable")
    assert broken.sentence.startswith("broken.bvh")


def test_nothing_is_changed(clips: Path) -> None:
    before = hashes(clips)
    examine(str(clips), jobs=1)
    assert hashes(clips) == before


def test_a_zip_is_told_as_its_folder_is(clips: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "clips.zip", "w") as archive:
        for path in clips.rglob("*.*"):
            archive.write(path, path.relative_to(clips))
    in_zip, in_folder = (examine(str(place), jobs=1) for place in (tmp_path / "clips.zip", clips))
    assert told(in_zip) == told(in_folder)


def test_one_file_is_looked_at(clips: Path) -> None:
    assert told(examine(str(clips / "leap.npz"))) == [("leap.npz", "jumps")]
    assert examine(str(clips / "walk.bvh")) == Report((), 1)


def test_any_number_of_processes_says_the_same(tmp_path: Path) -> None:
    for number in range(70):
        motion = spoiled.teleported(walk()) if number % 9 == 4 else walk()
        formats.write(motion, tmp_path / f"{number:02}.npz")
    alone = examine(str(tmp_path), only=("jumps",), jobs=1)
    assert len(alone.findings) == 8
    assert examine(str(tmp_path), only=("jumps",), jobs=2) == alone


def test_only_some_checks(clips: Path) -> None:
    assert told(examine(str(clips), only=("unit",), jobs=1)) == [("giant.npy", "unit")]
    with pytest.raises(LookupError, match=r"no curation\.checks named 'unt'; there are: "):
        examine(str(clips), only=("unt",))


def test_nan_is_called_not_finite(tmp_path: Path) -> None:
    joints = walk().joints.clone()
    joints[12, 3, 1] = float("nan")
    (tmp_path / "nan.npy").write_bytes(_arrays.to_npy(joints.numpy()))
    formats.write(walk(), tmp_path / "nan.bvh")
    words = (tmp_path / "nan.bvh").read_text().split(" ")
    (tmp_path / "nan.bvh").write_text(" ".join([*words[:-9], "nan", *words[-8:]]))
    report = examine(str(tmp_path), jobs=1)
    assert told(report) == [("nan.bvh", "not_finite"), ("nan.npy", "not_finite")]
    assert "line" in report.findings[0].sentence
    assert "frame 12" in report.findings[1].sentence


def test_z_scored_features_are_called_so(tmp_path: Path, shared_data: Path) -> None:
    official = shared_data / "humanml3d_reference" / "HumanML3D"
    mean, std = (np.load(official / f"{name}.npy", allow_pickle=False) for name in ("Mean", "Std"))
    features = np.load(official / "new_joint_vecs" / "000000.npy", allow_pickle=False)
    np.save(tmp_path / "z.npy", ((features - mean) / std).astype("float32"))
    np.save(tmp_path / "sound.npy", features)
    np.save(tmp_path / "Mean.npy", mean)
    assert told(examine(str(tmp_path), only=("z_scored", "unreadable"), jobs=1)) == [
        ("z.npy", "z_scored")
    ]


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A folder with ``captions.csv``: three clips in two splits."""
    formats.write(walk(), tmp_path / "walk.npz")
    formats.write(jump(), tmp_path / "jump.npz")
    formats.write(bundled()["cmu_actions/running_01"], tmp_path / "run.npz")
    write_table(tmp_path, "")
    return tmp_path


def write_table(folder: Path, more: str) -> None:
    (folder / "captions.csv").write_text(
        "file,caption,start,end,split\nwalk.npz,a person walks,,,train\n"
        "jump.npz,a person jumps,,,train\nrun.npz,a person runs,,,test\n" + more
    )


def test_a_described_folder_is_clean(described: Path) -> None:
    assert examine(str(described)) == Report((), 3)


def test_a_caption_given_twice_is_found(described: Path) -> None:
    write_table(described, "walk.npz,A person walks,,,train\n")
    report = examine(str(described))
    assert told(report) == [("walk.npz", "captions")]
    assert "'a person walks' is given 2 times" in report.findings[0].sentence


def test_every_mistake_of_a_table_is_told_and_its_motions_are_read(described: Path) -> None:
    formats.write(spoiled.teleported(walk()), described / "walk.npz")
    write_table(described, "run.npz,,,,test\nrun.npz,a person runs,5,2,test\n")
    report = examine(str(described))
    assert told(report) == [
        ("captions.csv", "captions"),
        ("captions.csv", "captions"),
        ("walk.npz", "jumps"),
    ]
    assert "line 5: the caption is empty" in report.findings[0].sentence
    assert "line 6: the span ends at 2 s" in report.findings[1].sentence


def test_a_twin_in_another_split_is_found(described: Path) -> None:
    formats.write(walk(), described / "twin.bvh")
    write_table(described, "twin.bvh,a man strolls,,,test\n")
    assert told(examine(str(described))) == [("twin.bvh", "near_duplicates")]


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """HumanML3D's layout with three clips."""
    for name, motion in (("000001", walk()), ("000002", jump()), ("000003", bundled()[RUN])):
        formats.write(motion, tmp_path / "new_joints" / f"{name}.npy")
        (tmp_path / "texts").mkdir(exist_ok=True)
        (tmp_path / "texts" / f"{name}.txt").write_text(f"clip {name}#clip/NOUN#0.0#0.0\n")
    for split, names in (("train", ["000001", "000002"]), ("val", []), ("test", ["000003"])):
        (tmp_path / f"{split}.txt").write_text("\n".join(names))
    return tmp_path


RUN = "cmu_actions/running_01"


def test_the_official_layout_is_recognised_and_clean(official: Path) -> None:
    assert examine(str(official)) == Report((), 3)


def test_faults_of_official_texts_are_told(official: Path) -> None:
    (official / "texts" / "000001.txt").write_text("he walks#he/PRON#0.0#0.0\n" * 2)
    (official / "texts" / "000002.txt").write_text("#he/PRON#0.0#0.0\n")
    report = examine(str(official))
    assert sorted(told(report)) == [("000001", "captions"), ("000002", "captions")]
    sentences = {finding.clip: finding.sentence for finding in report.findings}
    assert "given 2 times" in sentences["000001"]
    assert "000002.txt, line 1" in sentences["000002"]


def test_missing_files_are_named_or_counted(official: Path) -> None:
    (official / "train.txt").write_text("000001\n000009\n")
    assert told(examine(str(official))) == [("000009", "unreadable")]
    (official / "train.txt").write_text("\n".join(f"{number:06}" for number in range(1, 90)))
    (official / "test.txt").write_text("")
    (finding,) = examine(str(official)).findings
    assert finding.sentence.startswith("there are no files for 86 of the clips that are listed: ")


def test_a_twin_across_the_official_splits_is_found(official: Path) -> None:
    formats.write(walk(), official / "new_joints" / "000003.npy")
    assert told(examine(str(official))) == [("000003", "near_duplicates")]


def test_a_data_set_is_looked_at_by_its_name(described: Path) -> None:
    assert examine(f"folder:{described}") == examine(str(described), data="folder")
    with pytest.raises(LookupError, match="no datasets named 'foldr'"):
        examine(str(described), data="foldr")


def test_nothing_to_look_at_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no file or folder .*gone"):
        examine(str(tmp_path / "gone"))
    with pytest.raises(ValueError, match=r"holds no .*\.bvh"):
        examine(str(tmp_path))
    (tmp_path / "a.xyz").write_text("?")
    with pytest.raises(ValueError, match=r"a\.xyz: no format '\.xyz'; there are: "):
        examine(str(tmp_path / "a.xyz"))


def test_what_is_found_in_the_bundled_clips_is_true() -> None:
    """A spin that falls at half a g: its time was stretched."""
    report = examine("bundled", jobs=1)
    assert report.clips == len(datasets.load("bundled", "all"))
    found = {(f.clip, f.check) for f in report.findings if f.check != "caption_leaks"}
    assert found == {("deepmimic/spin", "fps")}


def test_the_real_captures_have_the_faults_that_were_seen_in_them(shared_data: Path) -> None:
    """All eight were looked at: bodies that tip over, a T pose at the start, a padded end."""
    report = examine(str(shared_data / "cmu_actions"))
    errors = {
        (f.clip.removesuffix(".bvh"), f.check) for f in report.findings if f.severity == "error"
    }
    jumps = ("directing_traffic_01", *(f"walking_extra_{n}" for n in (22, 23, 24, 27, 49, 50)))
    assert errors == {("basketball_01", "frozen"), *((name, "jumps") for name in jumps)}
    assert report.clips == 72


def test_flips_rolls_and_crawls_are_no_errors(shared_data: Path) -> None:
    report = examine(str(shared_data / "deepmimic"))
    assert report.clips == 15
    assert report.errors == 0


@pytest.mark.slow
def test_two_thousand_real_clips_have_no_error(shared_data: Path) -> None:
    place = shared_data / "bandai_namco" / "bandai_namco_motiondataset.zip"
    report = examine(f"bandai_namco:{place}")
    assert report.clips > 2600
    assert report.errors == 0
