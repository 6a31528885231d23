"""HumanML3D rebuilt from AMASS: the official cuts, to the frame."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amass_files import body_model, plain_joints, recording, write_body_models
from numpy import ndarray

from moclip import datasets
from moclip.datasets import _humanml3d_index, humanml3d_amass
from moclip.datasets._plan import Plan
from moclip.motion import Motion

HEADER = "source_path,start_frame,end_frame,new_name"
SOURCES = {
    "000000": "./pose_data/KIT/3/kick_poses.npy",
    "000001": "./pose_data/humanact12/humanact12/P01.npy",
    "000002": "./pose_data/KIT/3/kick_poses.npy",
    "000003": "./pose_data/Eyes_Japan_Dataset/a man/first service_poses.npy",
    "000004": "./pose_data/MPI_HDM05/dg/fast_poses.npy",
}
CUTS = {"000000": (0, 90), "000001": (0, -1), "000002": (30, 500), "000003": (5, 60)}
FPS = {"KIT": 100.0, "Eyes_Japan_Dataset": 120.0, "MPI_HDM05": 59.97}
GENDERS = {"KIT": "male", "Eyes_Japan_Dataset": "neutral", "MPI_HDM05": "female"}
MODELS = {"male": 0, "female": 1, "neutral": 1}
"""Which of the body models takes which gender, officially."""
CAPTION = "a man kicks.#a/DET man/NOUN kick/VERB#0.0#0.0\n"


def recorded(subset: str) -> dict[str, Any]:
    """Six seconds of a subset; all joints turn, smoothly enough to be cut at any frame."""
    frames = round(6 * FPS[subset])
    made = recording(frames=frames, seed=len(subset))
    return made | {"gender": GENDERS[subset], "mocap_framerate": FPS[subset]}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """AMASS as its archives unpack, body models, index, texts and lists in one folder."""
    root = tmp_path_factory.mktemp("rebuild")
    for path, subset in (
        ("KIT/KIT/3/kick_poses.npz", "KIT"),
        ("Eyes_Japan_Dataset/a man/first service_poses.npz", "Eyes_Japan_Dataset"),
        ("HDM05/dg/fast_stageii.npz", "MPI_HDM05"),
    ):
        (root / path).parent.mkdir(parents=True)
        np.savez(root / path, **recorded(subset))
    write_body_models(root / "body_models", "smplh")
    rows = [f"{source},{a},{b},{name}.npy" for (name, source), (a, b) in zip_cuts()]
    (root / "index.csv").write_text("\n".join((HEADER, *rows)) + "\n")
    (root / "texts").mkdir()
    for name in SOURCES:
        for twin in (name, f"M{name}"):
            (root / "texts" / f"{twin}.txt").write_text(CAPTION)
    line = "he turns.#he/PRON turn/VERB#0.26#2.5\n"
    (root / "texts" / "000000.txt").write_text(CAPTION + line)
    (root / "train.txt").write_text("000000\nM000000\n000003\nM000003\n000001\n")
    (root / "val.txt").write_text("000002\n")
    (root / "test.txt").write_text("000004\n")
    return root


def zip_cuts() -> list[tuple[tuple[str, str], tuple[int, int]]]:
    cuts = CUTS | {"000004": (0, 70)}
    return [((name, source), cuts[name]) for name, source in SOURCES.items()]


def options(root: Path, **changes: Any) -> humanml3d_amass.Options:
    chosen = {"root": root, "body_models": root / "body_models", "cache": False, "min_frames": 10}
    return humanml3d_amass.Options(**(chosen | changes))


def plan(root: Path, **changes: Any) -> Plan:
    return humanml3d_amass.plan(options(root, **changes))


def read(root: Path, **changes: Any) -> dict[str, Motion | str]:
    chosen = options(root, **changes)
    return dict(humanml3d_amass.read(humanml3d_amass.plan(chosen).files, chosen))


def official(subset: str, first: int, start: int, end: int) -> ndarray:
    """The published script, a frame after the other: sub-sample, leave out, cut, swap the axes.

    The features drop the last frame.
    """
    made = recorded(subset)
    step = int(made["mocap_framerate"] / 20)
    made |= {key: made[key][::step] for key in ("poses", "trans")}
    joints = plain_joints(made, body_model("smplh", MODELS[made["gender"]]), betas=10)
    return joints[:, :22][first:][start:end][:-1]


CASES = [
    ("000000", "KIT", 0, 0, 90),
    ("000002", "KIT", 0, 30, 500),
    ("000003", "Eyes_Japan_Dataset", 60, 5, 60),
    ("000004", "MPI_HDM05", 60, 0, 70),
]


@pytest.mark.parametrize(("name", "subset", "first", "start", "end"), CASES)
def test_motions_are_those_of_the_published_script(
    root: Path, name: str, subset: str, first: int, start: int, end: int
) -> None:
    motion = read(root)[name]
    assert isinstance(motion, Motion)
    wanted = official(subset, first, start, end)
    assert (motion.fps, motion.skeleton.name) == (20.0, "humanml3d")
    assert motion.joints.shape == wanted.shape
    assert np.abs(motion.joints.numpy() - wanted).max() < 2e-5


def test_a_twin_is_mirrored_in_x_with_its_joints_exchanged(root: Path) -> None:
    found = read(root)
    own, twin = found["000000"], found["M000000"]
    assert isinstance(own, Motion)
    assert isinstance(twin, Motion)
    swapped = own.joints.numpy()[:, list(own.skeleton.mirror)] * (-1, 1, 1)
    assert np.abs(twin.joints.numpy() - swapped).max() < 1e-6


def test_a_caption_with_times_is_of_that_part_of_the_motion(root: Path) -> None:
    found = read(root)
    whole, part = found["000000"], found["000000@0.26-2.5"]
    assert isinstance(whole, Motion)
    assert isinstance(part, Motion)
    assert np.array_equal(part.joints.numpy(), whole.joints.numpy()[5:50])
    captions = {clip.id: clip.captions for clip in plan(root).clips()}
    assert captions["000000@0.26-2.5"] == ("he turns.",)


def test_all_cuts_of_a_recording_are_read_from_it_at_once(root: Path) -> None:
    made = plan(root)
    assert [file.key for file in made.files] == [
        "KIT/KIT/3/kick_poses.npz",
        "Eyes_Japan_Dataset/a man/first service_poses.npz",
        "HDM05/dg/fast_stageii.npz",
    ]
    assert [clip.id for clip in made.files[0].clips] == [
        "000000",
        "000000@0.26-2.5",
        "M000000",
        "000002",
    ]
    assert [clip.split for clip in made.files[0].clips] == ["train", "train", "train", "val"]


def test_humanact12_is_read_where_the_user_has_it(root: Path, tmp_path: Path) -> None:
    assert plan(root).unreadable == {
        "000001": "there is no humanact12/humanact12/P01.npy, and HumanAct12 is no part of AMASS"
    }
    folder = root / "humanact12" / "humanact12"
    folder.mkdir(parents=True)
    joints = np.random.default_rng(0).normal(size=(50, 24, 3))
    np.save(folder / "P01.npy", joints)
    motion = read(root)["000001"]
    np.save(folder / "P01.npy", joints[:, :20])
    wrong = read(root)["000001"]
    (folder / "P01.npy").unlink()
    assert isinstance(motion, Motion)
    assert np.array_equal(motion.joints.numpy(), joints[:-1, :22].astype(np.float32))
    assert "shape (50, 20, 3), wanted (frame, 22 or more, 3)" in str(wrong)


def test_lengths_are_held_to_the_official_protocol(root: Path) -> None:
    found = read(root, min_frames=50, max_frames=85)
    assert found["000000"] == "89 frames, not 50 to 85"
    assert found["000000@0.26-2.5"] == "89 frames, not 50 to 85"
    assert read(root, min_frames=46)["000000@0.26-2.5"] == "45 frames, not 46 to 199"
    assert isinstance(found["000003"], Motion)


def test_a_cut_that_lies_behind_the_recording_is_told(root: Path, tmp_path: Path) -> None:
    index = tmp_path / "index.csv"
    index.write_text(f"{HEADER}\n{SOURCES['000000']},900,990,000000.npy\n")
    assert read(root, index=index)["000000"] == "0 frames, not 10 to 199"
    assert plan(root, index=index).unreadable["000003"] == "index.csv has no motion 000003"


def test_it_loads_by_name(root: Path) -> None:
    clips = datasets.load("humanml3d_amass", "val", **options(root).model_dump())
    assert [(clip.id, clip.captions) for clip in clips] == [("000002", ("a man kicks.",))]


def test_texts_may_be_given_as_the_folder_itself(root: Path) -> None:
    assert plan(root, texts=root / "texts").files == plan(root).files
    with pytest.raises(
        ValueError, match=r"needs texts=PATH, the folder with texts/ and train\.txt"
    ):
        plan(root, texts=root / "body_models")


def test_the_official_index_is_read(shared_data: Path) -> None:
    rows = _humanml3d_index.read(shared_data / "humanml3d_reference" / "index.csv")
    assert len(rows) == 14616
    assert rows["000000"] == ("./pose_data/KIT/3/kick_high_left02_poses.npy", 0, 117)
    assert sum(row.is_joints for row in rows.values()) == 1191
    assert all(row.end is None or row.end > row.start for row in rows.values())


@pytest.mark.parametrize("name", ["000000", "012314"])
def test_official_motions_have_the_length_of_their_cut(shared_data: Path, name: str) -> None:
    folder = shared_data / "humanml3d_reference"
    row = _humanml3d_index.read(folder / "index.csv")[name]
    joints = np.load(folder / "HumanML3D" / "new_joints" / f"{name}.npy")
    assert row.end is not None
    assert len(joints) == row.end - row.start - 1  # the last frame is dropped


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a.npy,0,10,x.npy", r"line 2: wanted source_path.*got 'a\.npy,0,10,x\.npy'"),
        ("a.npy,10,10,000000.npy", "line 2: wanted"),
        ("a.npy,-1,10,000000.npy", "line 2: wanted"),
        ("a.npy,0,ten,000000.npy", "line 2: wanted"),
        ("a.npy,0,10", "line 2: wanted"),
        ("a.npy,0,10,000000.npy\na.npy,0,10,000000.npy", "line 3: wanted .* each name once"),
    ],
)
def test_a_damaged_index_is_told_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "index.csv"
    path.write_text(f"{HEADER}\n{line}\n")
    with pytest.raises(ValueError, match=told):
        _humanml3d_index.read(path)
    path.write_text("a,b\n")
    with pytest.raises(ValueError, match="has the columns a, b; wanted source_path, start_frame"):
        _humanml3d_index.read(path)
