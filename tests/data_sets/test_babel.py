"""BABEL: labels in seconds over AMASS's recordings."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from amass_files import write_body_models

from moclip import datasets, skeletons
from moclip.datasets import _amass, _common, babel
from moclip.datasets._plan import Clip, Plan
from moclip.motion import Motion

BENT = 1.5
"""Seconds after which the left elbow is bent."""
Json = dict[str, Any]


def write_recording(path: Path, *, fps: float = 120.0, seconds: float = 4.0) -> None:
    """A body that stands upright and bends its left elbow at once, 1.5 s after the beginning."""
    body = skeletons.get("smplh")
    frames = round(seconds * fps)
    poses = np.zeros((frames, len(body), 3))
    poses[:, 0, 0] = np.pi / 2  # upright where z is up
    poses[np.arange(frames) / fps >= BENT, body.index("left_elbow"), 1] = -2.0
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        poses=poses.reshape(frames, -1),
        trans=np.zeros((frames, 3)),
        betas=np.zeros(16),
        gender="male",
        mocap_framerate=fps,
    )


def label(raw: str, *, at: tuple[float, float] | None = None, **more: Any) -> Json:
    times = {} if at is None else {"start_t": at[0], "end_t": at[1]}
    return {"raw_label": raw, "proc_label": raw, "seg_id": "x", "act_cat": [raw], **times, **more}


def entry(number: int, path: str, whole: list[Json], parts: list[Json] | None = None) -> Json:
    """A recording in the layout of the official files."""
    return {
        "babel_sid": number,
        "url": "https://example.org/x.mp4",
        "feat_p": path,
        "dur": 4.0,
        "seq_ann": {"babel_lid": "a", "anntr_id": "b", "mul_act": True, "labels": whole},
        "frame_ann": None if parts is None else {"babel_lid": "c", "labels": parts},
    }


PATHS = tuple(f"KIT/KIT/3/kick_{number}_poses.npz" for number in range(3))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Recordings 10 and 11 in ``train``, 12 in ``val``; 10 has segments."""
    for path in PATHS:
        write_recording(tmp_path / path, fps=30.0)
    parts = [
        label("stand still", at=(0.0, 1.5), proc_label="stand", act_cat=["stand", "a pose"]),
        label("transition", at=(1.4, 1.6)),
        label("bend the left elbow", at=(1.5, 4.02), proc_label="Bend the left elbow"),
    ]
    first = entry(10, PATHS[0], [label("standing, then bending")], parts)
    second = entry(11, PATHS[1], [label("two actions"), label("more words", act_cat=None)])
    write(tmp_path / "train.json", first, second)
    write(tmp_path / "val.json", entry(12, PATHS[2], [label("tested")]))
    return tmp_path


def write(path: Path, *entries: Json) -> None:
    path.write_text(json.dumps({str(each["babel_sid"]): each for each in entries}))


def planned(root: Path, **options: Any) -> Plan:
    return babel.plan(babel.Options(root=root, cache=False, **options))


def clips(root: Path, **options: Any) -> dict[str, Clip]:
    return {clip.id: clip for clip in planned(root, **options).clips()}


def motions(root: Path, **options: Any) -> dict[str, Motion | str]:
    chosen = babel.Options(root=root, cache=False, **options)
    return dict(babel.read(babel.plan(chosen).files, chosen))


def bend(motion: Motion) -> torch.Tensor:
    """Radians between upper and lower left arm in each frame."""
    upper = motion.joint("left_elbow") - motion.joint("left_shoulder")
    lower = motion.joint("left_wrist") - motion.joint("left_elbow")
    cosine = torch.nn.functional.cosine_similarity(upper, lower, dim=-1)
    return cosine.clamp(-1, 1).arccos()


def test_segments_stand_in_for_the_whole_as_in_the_benchmark(root: Path) -> None:
    assert list(clips(root)) == ["10@0-1.5", "10@1.5-4.02", "11", "12"]
    assert list(clips(root, spans="segments")) == ["10@0-1.5", "10@1.5-4.02"]
    assert list(clips(root, spans="whole")) == ["10", "11", "12"]
    assert list(clips(root, spans="all")) == ["10", "10@0-1.5", "10@1.5-4.02", "11", "12"]
    assert "10@1.4-1.6" in clips(root, transitions=True)


def test_captions_are_the_annotators_words_each_once(root: Path) -> None:
    found = clips(root)
    assert found["10@0-1.5"].captions == ("stand still", "stand")
    assert found["10@1.5-4.02"].captions == ("bend the left elbow",)
    assert found["11"].captions == ("two actions", "more words")


def test_the_first_category_is_the_action(root: Path) -> None:
    assert clips(root)["10@0-1.5"].labels == {"action": "stand"}
    write(root / "train.json", entry(10, PATHS[0], [label("unsorted", act_cat=None)]))
    assert clips(root)["10"].labels == {}


def test_all_categories_are_kept_where_any_is_to_count(root: Path) -> None:
    found = clips(root, categories="all")
    assert found["10@0-1.5"].labels == {"action": "stand;a pose"}


def test_val_is_tested_and_a_tenth_of_train_validates(root: Path) -> None:
    many = [entry(number, PATHS[0], [label("a")]) for number in range(1000)]
    write(root / "train.json", *many)
    write(root / "val.json", entry(2000, PATHS[2], [label("tested")]))
    splits = {clip.id: clip.split for clip in planned(root).clips()}
    assert splits.pop("2000") == "test"
    assert set(splits.values()) == {"train", "val"}
    assert 70 < list(splits.values()).count("val") < 130
    assert splits != {clip.id: clip.split for clip in planned(root, seed=1).clips()}


def test_the_test_file_has_no_labels_and_is_not_read(root: Path) -> None:
    (root / "test.json").write_text("no json at all")
    assert len(clips(root)) == 4


def test_extra_annotators_add_captions_and_recordings(root: Path) -> None:
    again = entry(11, PATHS[1], []) | {"seq_anns": [{"labels": [label("another view")]}, None]}
    other = entry(13, PATHS[1], []) | {
        "seq_ann": None,
        "frame_anns": [{"labels": [label("wave", at=(0.5, 2.0))]}],
    }
    write(root / "extra_train.json", again, other)
    write(root / "extra_val.json")
    assert "13@0.5-2" not in clips(root)
    found = clips(root, extra=True)
    assert found["11"].captions == ("two actions", "more words", "another view")
    assert found["13@0.5-2"].captions == ("wave",)


@pytest.mark.parametrize("fps", [30.0, 59.97, 100.0, 120.0, 250.0])
def test_a_label_begins_at_the_same_moment_whatever_the_frame_rate(root: Path, fps: float) -> None:
    write_recording(root / PATHS[0], fps=fps)
    chosen = babel.Options(root=root, cache=False)
    stand, bent = (motion for _, motion in babel.read(babel.plan(chosen).files[:1], chosen))
    for motion, angle in ((stand, 0.0), (bent, 2.0)):
        assert isinstance(motion, Motion)
        assert motion.fps == fps
        assert (bend(motion) - bend(motion)[0]).abs().max() < 1e-3
        assert (bend(_common.canonical(motion)) - bend(motion)[0]).abs().max() < 1e-3
        assert (
            abs(bend(motion)[0].item() - angle) < 0.2
        )  # the template's arms are not quite straight
    assert isinstance(stand, Motion)
    assert isinstance(bent, Motion)
    assert abs(stand.duration - 1.5) <= 0.5 / fps + 1e-9
    assert abs(bent.duration - 2.5) <= 1 / fps + 1e-9


def test_clips_are_found_by_name_and_split(root: Path) -> None:
    (tested,) = datasets.load("babel", "test", root=root, cache=False)
    assert (tested.id, tested.captions) == ("12", ("tested",))
    assert tested.labels == {"action": "tested"}
    assert len(tested.motion) == 80
    assert tested.motion.joint("head")[0, 1] > 1.3


def test_what_cannot_be_read_is_named(root: Path) -> None:
    (root / PATHS[1]).write_bytes(b"no zip")
    parts = [
        label("late", at=(3.0, 9.0)),
        label("short", at=(1.0, 1.2)),
        label("backwards", at=(2.0, 1.0)),
        label("never") | {"start_t": 1.0, "end_t": None},
        label("fine", at=(1.0, 3.0)),
    ]
    write(
        root / "train.json",
        entry(10, PATHS[0], [], parts),
        entry(11, PATHS[1], [label("broken")]),
        entry(14, "KIT/KIT/9/gone_poses.npz", [label("gone")]),
    )
    assert planned(root).unreadable == {
        "10, segment 2": "no segment from 2 to 1 s",
        "10, segment 3": "the segment has no start_t or no end_t",
        "14": "AMASS has no KIT/9/gone_poses.npz here",
    }
    read = motions(root)
    assert read["10@3-9"] == "cannot cut 3..9 s out of a motion of 4 s"
    assert read["10@1-1.2"] == "0.2 s, not 0.5 to 30 s"
    assert "kick_1_poses.npz is no zip that can be read" in str(read["11"])
    assert isinstance(read["10@1-3"], Motion)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", r"train\.json: the file: Invalid JSON"),
        ('{"1": {"babel_sid": 1}}', r"train\.json: 1\.feat_p: Field required"),
        ('{"1": {"babel_sid": "x", "feat_p": ""}}', r"train\.json: 1\.babel_sid"),
        ("[]", r"train\.json: the file: "),
    ],
)
def test_damaged_annotations_are_told_with_their_place(root: Path, content: str, told: str) -> None:
    (root / "train.json").write_text(content)
    with pytest.raises(ValueError, match=told) as caught:
        planned(root)
    assert "\n" not in str(caught.value)


def test_body_models_are_used_and_their_absence_told_once(
    root: Path, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        template = motions(root)["12"]
    assert len(caplog.messages) == 1
    assert "has no body_models=PATH" in caplog.text
    caplog.clear()
    models = write_body_models(tmp_path_factory.mktemp("models"), "smplh")
    shaped = motions(root, body_models=models)["12"]
    assert not caplog.messages
    assert isinstance(template, Motion)
    assert isinstance(shaped, Motion)
    assert (shaped.bone_lengths() - template.bone_lengths()).abs().max() > 1e-3
    with pytest.raises(ValueError, match=r"body_models: there is nothing at .*gone"):
        planned(root, body_models=root / "gone")


def test_a_plan_is_made_anew_when_files_or_options_change(root: Path) -> None:
    def stamp(**options: Any) -> str:
        return babel.plan(babel.Options(root=root, **options)).fingerprint

    before = stamp()
    assert before == stamp()
    assert len({before, stamp(spans="all"), stamp(max_seconds=1.0)}) == 3
    write_recording(root / PATHS[0], fps=60.0)
    assert stamp() != before
    assert planned(root).fingerprint == ""


@pytest.mark.parametrize(
    "path",
    [
        "KIT/KIT/3/Kick high_poses.npz",
        "./pose_data/KIT/3/Kick high_poses.npy",
        "KIT/3/Kick_high_stageii.npz",
    ],
)
def test_a_recording_has_one_name_in_all_releases(path: str) -> None:
    assert _amass.take_of(path) == ("kit", "3", "kick_high")


@pytest.mark.parametrize(
    ("older", "newer"),
    [("BioMotionLab_NTroje", "BMLrub"), ("MPI_HDM05", "HDM05"), ("SSM_synced", "SSM")],
)
def test_renamed_subsets_are_the_same(older: str, newer: str) -> None:
    assert _amass.take_of(f"{older}/a/b_poses.npz") == _amass.take_of(f"{newer}/a/b_stageii.npz")


def test_annotations_may_lie_elsewhere(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("babel")
    for name in ("train.json", "val.json"):
        (root / name).rename(folder / name)
    with pytest.raises(FileNotFoundError, match=r"train\.json"):
        planned(root)
    assert len(clips(root, annotations=folder)) == 4
