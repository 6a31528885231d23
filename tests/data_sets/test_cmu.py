"""The CMU database as people have it: ASF and AMC, conversions to BVH, an index."""

import re
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from moclip import datasets, formats, geometry
from moclip.datasets import cmu
from moclip.datasets._cmu_index import Told, read_index
from moclip.motion import Motion

sys.path.append(str(Path(__file__).parents[1] / "formats"))
import acclaim_files

INDEX = """Carnegie-Mellon Graphics Lab Motion Capture Database
  full file listing with descriptions, word processor format

CMU says: “When browsing for motions, start with the higher numbered”


Subject #1 (climb, swing, hang on playground equipment)

01_01\tplayground - forward jumps, turn around
01_02\tplayground - climb

Subject #18 (human interaction and communication (2 subjects - subject A))

18_01\twalk, shake hands (2 subjects - subject A)
18_02\tUnknown
"""
TAKES = ("01_01", "01_02", "18_01", "18_02", "18_03")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two people's folders as the laboratory gives them, and the index."""
    motion = acclaim_files.walker(30)
    (tmp_path / "cmu-mocap-index-text.txt").write_text(INDEX, encoding="utf-8")
    for take in TAKES:
        subject = take[:2]
        folder = tmp_path / "all_asfamc" / "subjects" / subject
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{subject}.asf").write_bytes(acclaim_files.asf(motion, longer=True))
        (folder / f"{take}.amc").write_bytes(acclaim_files.amc(motion))
    return tmp_path


def clips(root: Path, **options: object) -> dict[str, Motion | str]:
    chosen = cmu.Options(root=root, **options)  # type: ignore[arg-type]
    return dict(cmu.read(cmu.plan(chosen).files, chosen))


def zipped(root: Path) -> Path:
    path = root / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*")):
            if file.is_file() and file != path:
                archive.write(file, file.relative_to(root))
    return path


def test_captions_are_the_descriptions_of_the_index(root: Path) -> None:
    planned = {clip.id: clip for clip in cmu.plan(cmu.Options(root=root)).clips()}
    assert {name: clip.captions for name, clip in planned.items()} == {
        "01_01": ("playground - forward jumps, turn around",),
        "01_02": ("playground - climb",),
        "18_01": ("walk, shake hands",),
        "18_02": (),
        "18_03": (),
    }
    assert planned["18_01"].labels == {"subject": "18"}


def test_takes_are_read_at_120_frames_a_second(root: Path) -> None:
    wanted = acclaim_files.walker(30)
    for motion in clips(root).values():
        assert isinstance(motion, Motion)
        assert motion.fps == 120.0
        assert motion.skeleton.name == "cmu"
        assert (motion.joint("LeftFoot") - wanted.joint("LeftFoot")).abs().max() < 1e-5
    assert all(m.fps == 60.0 for m in clips(root, fps=60.0).values() if isinstance(m, Motion))


def test_a_zip_is_read_like_the_folder(root: Path) -> None:
    folder, archive = clips(root), clips(zipped(root))
    assert list(folder) == list(archive)
    for name, motion in folder.items():
        other = archive[name]
        assert isinstance(motion, Motion)
        assert isinstance(other, Motion)
        assert motion.joints.equal(other.joints)
    described = [clip.captions for clip in cmu.plan(cmu.Options(root=root / "a.zip")).clips()]
    assert described == [clip.captions for clip in cmu.plan(cmu.Options(root=root)).clips()]


def test_it_loads_as_canonical_clips_with_captions(root: Path) -> None:
    (root / "all_asfamc" / "subjects" / "18" / "18_02.amc").unlink()
    (root / "all_asfamc" / "subjects" / "18" / "18_03.amc").unlink()
    found = {clip.id: clip for clip in datasets.load("cmu", "all", root=root)}
    assert set(found) == {"01_01", "01_02", "18_01"}
    assert found["01_02"].captions == ("playground - climb",)
    assert found["01_01"].motion.fps == 20.0
    assert found["01_01"].motion.skeleton.name == "humanml3d"


def test_nobody_is_in_two_splits(tmp_path: Path) -> None:
    for subject in range(1, 60):
        for take in (1, 2, 3):
            (tmp_path / f"{subject:02}_{take:02}.bvh").touch()
    for seed in (0, 1):
        splits: dict[str, set[str]] = {}
        for clip in cmu.plan(cmu.Options(root=tmp_path, seed=seed)).clips():
            splits.setdefault(clip.labels["subject"], set()).add(clip.split)
        assert len(splits) == 59
        assert all(len(split) == 1 for split in splits.values())
        assert {split for (split,) in splits.values()} == {"train", "val", "test"}


def test_zeros_before_a_number_make_no_other_person(tmp_path: Path) -> None:
    (tmp_path / "index.txt").write_text("1_2 walk\n002_1 run\n")
    for name in ("01_02.bvh", "001_03.bvh", "2_01.bvh"):
        (tmp_path / name).touch()
    planned = {clip.id: clip for clip in cmu.plan(cmu.Options(root=tmp_path)).clips()}
    assert planned["01_02"].captions == ("walk",)
    assert planned["2_01"].captions == ("run",)
    assert planned["01_02"].split == planned["001_03"].split
    assert planned["01_02"].labels == planned["001_03"].labels == {"subject": "1"}


def test_of_two_files_of_a_take_the_amc_is_taken(root: Path) -> None:
    (root / "01_01.bvh").touch()
    (root / "bvh").mkdir()
    (root / "bvh" / "05_01.bvh").touch()
    (root / "more").mkdir()
    (root / "more" / "005_01.bvh").touch()
    planned = cmu.plan(cmu.Options(root=root))
    keys = {file.clips[0].id: file.key for file in planned.files}
    assert keys["01_01"].endswith("/01_01.amc")
    assert keys["05_01"] == "bvh/05_01.bvh"
    assert set(planned.unreadable) == {"01_01.bvh", "more/005_01.bvh"}
    assert "is the same take as bvh/05_01.bvh" in planned.unreadable["more/005_01.bvh"]


def test_the_rest_pose_before_a_conversion_is_left_out(tmp_path: Path) -> None:
    motion = acclaim_files.walker(6)
    assert motion.rotations is not None
    still = torch.eye(3).expand_as(motion.rotations[:1]).clone()
    for joint, degrees in (("LeftUpLeg", -21.0), ("RightUpLeg", 21.0), ("Neck1", -16.0)):
        turned = geometry.axis_rotation("Z", torch.tensor(degrees).deg2rad())
        still[0, motion.skeleton.index(joint)] = turned
    rest = Motion.from_rotations(
        torch.cat((still, motion.rotations)),
        motion.joints[[0, *range(6)], 0],
        fps=120.0,
        skeleton=motion.skeleton,
    )
    formats.write(rest, tmp_path / "01_01.bvh")
    formats.write(motion, tmp_path / "01_02.bvh")
    found = clips(tmp_path)
    for name in ("01_01", "01_02"):
        read = found[name]
        assert isinstance(read, Motion)
        assert len(read) == 6
        assert (read.joints - motion.joints).abs().max() < 1e-4


def test_a_take_that_cannot_be_read_is_told_and_the_others_are_read(root: Path) -> None:
    folder = root / "all_asfamc" / "subjects"
    (folder / "01" / "01_02.amc").write_text(":DEGREES\n1\nroot 1 2 x 0 0 0\n")
    (folder / "18" / "18.asf").unlink()
    for found in (clips(root), clips(zipped(root))):
        assert isinstance(found["01_01"], Motion)
        assert "01_02.amc, line 3: 'x' stands where a finite number should" in str(found["01_02"])
        assert "18_01.amc needs the" in str(found["18_01"])


def test_the_index_may_lie_elsewhere(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("b") / "names.txt"
    other.write_bytes("Subject #1\n01_01 caf\xe9 walk\n".encode("cp1252"))
    planned = {clip.id: clip for clip in cmu.plan(cmu.Options(root=root, index=other)).clips()}
    assert planned["01_01"].captions == ("café walk",)
    assert planned["01_02"].captions == ()


@pytest.mark.parametrize(
    ("description", "captions"),
    [
        ("walk", ("walk",)),
        ("OffensiveMoveSpinLeft", ("Offensive Move Spin Left",)),
        ("charleston_side_by_side_female", ("charleston side by side female",)),
        ("Walk With Arms Out,  balancing", ("Walk With Arms Out, balancing",)),
        (
            'nursery rhyme - "I\'m a little teapot..."',
            ('nursery rhyme - "I\'m a little teapot..."',),
        ),
        ("B sits; A pulls up B (subjects - subject B)", ("B sits; A pulls up B",)),
        ("monkey (human subject)", ("monkey (human subject)",)),
        ("15.5 lbs", ("15.5 lbs",)),
        ("Unknown", ()),
        ("clean", ()),
        ("cleaned", ()),
        ("bad AMC", ()),
        ("106_15.amc", ()),
        ("180", ()),
    ],
)
def test_descriptions_of_the_real_index(description: str, captions: tuple[str, ...]) -> None:
    told = read_index(f"106_15\t{description}\n".encode(), "index.txt")
    assert told["106_15"].captions == captions


def test_two_descriptions_of_a_take_are_two_captions() -> None:
    told = read_index(b"01_01 walk\n1_1 stroll\n01_01 walk\n", "index.txt")
    assert told == {"1_1": Told(("walk", "stroll"))}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("index.txt", "nothing here\n", "index.txt describes no take such as '01_01  walk'"),
        ("index.txt", f"01_01 {'walk ' * 250}\n", "line 1: the description has more than 1,000"),
        ("index.csv", "name,action\na,b\n", "index.csv has the columns name, action; wanted file"),
        ("index.csv", "file,action\n,walk\n", "index.csv, line 2: the file is empty"),
        (
            "index.csv",
            "file,action\na.bvh,x\nb/a.bvh,y\n",
            "line 3: 'a' has another action or subject",
        ),
    ],
)
def test_a_mistake_in_the_index_is_told_with_its_line(
    tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    (tmp_path / "01_01.bvh").touch()
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=re.escape(sentence)) as told:
        cmu.plan(cmu.Options(root=tmp_path))
    assert "\n" not in str(told.value)


def test_a_plan_is_the_same_twice_and_another_with_other_files(root: Path) -> None:
    options = cmu.Options(root=root)
    first = cmu.plan(options)
    assert cmu.plan(options) == first
    (root / "20_01.bvh").write_bytes(b"more")
    more = cmu.plan(options)
    assert more.fingerprint != first.fingerprint
    shared = [replace(file) for file in more.files if file.key != "20_01.bvh"]
    assert tuple(shared) == first.files


def test_real_clips_with_a_table_of_actions(shared_data: Path) -> None:
    options = cmu.Options(root=shared_data / "cmu_actions")
    planned = cmu.plan(options)
    assert len(planned.files) == 72
    assert not planned.unreadable
    by_name = {clip.id: clip for clip in planned.clips()}
    assert by_name["basketball_signal_01"].captions == ("basketball signal",)
    assert by_name["basketball_signal_01"].labels == {"action": "basketball_signal"}
    assert {clip.split for clip in planned.clips()} == {"train", "val", "test"}
    for name, motion in cmu.read(planned.files[::12], options):
        assert isinstance(motion, Motion), name
        assert motion.skeleton.name == "cmu"
        assert motion.fps == 30.0
