"""Skeleton files of MSR-Action3D in both variants, made of bodies whose joints are known."""

import logging
import math
from pathlib import Path

import pytest
import torch
from kinect_files import FILE_ORDER, before_the_sensor, lines, screen, text, world
from moving_bodies import wandering

from moclip import formats, retargeting, skeletons
from moclip.formats import _kinect_rows, _units, msr_action3d
from moclip.motion import Motion

MADE = before_the_sensor(wandering(30))


def distance(a: Motion, b: Motion) -> float:
    return float((a.joints - b.joints).norm(dim=-1).max())


@pytest.mark.parametrize("unit", ["m", "cm", "mm"])
def test_world_coordinates_come_back_in_metres(unit: str) -> None:
    data = text(world(MADE, metres=_units.UNITS[unit]))
    again = msr_action3d.decode(data)
    assert distance(again, MADE) < 1e-4
    assert again.fps == 15.0
    assert again.skeleton == skeletons.get("msr_action3d")


def test_who_looks_at_the_sensor_faces_ahead_with_the_left_hand_at_positive_x() -> None:
    rows = torch.zeros(1, 20, 4)
    for joint, point in {"left_hip": (-0.1, 0, 2.5), "right_hip": (0.1, 0, 2.5)}.items():
        rows[0, FILE_ORDER.index(joint), :3] = torch.tensor(point)
    still = world(MADE)[:1].clone()
    still[0, :, :3] = rows[0, :, :3] + torch.linspace(-1, 1, 20)[:, None] * torch.tensor((0, 1, 0))
    still[..., 2] = 2.5
    again = msr_action3d.decode(text(still), space="world", unit="m")
    assert again.joint("left_hip")[0, 0] == pytest.approx(0.1)
    assert again.joint("right_hip")[0, 0] == pytest.approx(-0.1)
    assert again.joint("left_hip")[0, 2] == pytest.approx(-2.5)


def test_screen_coordinates_come_back_in_metres() -> None:
    assert distance(msr_action3d.decode(text(screen(MADE))), MADE) < 1e-3


def test_depth_in_no_known_unit_makes_a_body_of_usual_size() -> None:
    again = msr_action3d.decode(text(screen(MADE, metres=0.0021)))
    wanted = skeletons.get("msr_action3d").offsets
    bones = again.bone_lengths().median(dim=0).values.sum()
    assert bones == pytest.approx(sum(math.hypot(*offset) for offset in wanted), rel=1e-3)
    grown = again.joints / MADE.joints
    assert grown.median() == pytest.approx(float(grown.mean()), rel=1e-3)


def test_the_caller_knows_better() -> None:
    data = text(screen(MADE))
    assert distance(msr_action3d.decode(data, space="screen", unit="mm"), MADE) < 1e-3
    twice = msr_action3d.decode(data, unit=0.002, fps=30.0)
    assert (twice.joints - 2 * MADE.joints).abs().max() < 1e-3
    assert twice.fps == 30.0
    with pytest.raises(ValueError, match="space is 'moon', wanted 'world' or 'screen'"):
        msr_action3d.decode(data, space="moon")


def test_frames_without_a_body_are_left_out_at_the_ends_and_filled_inside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = world(MADE).clone()
    rows[:3] = rows[-2:] = rows[10:12] = 0.0
    with caplog.at_level(logging.WARNING):
        again = msr_action3d.decode(text(rows), name="a01.txt")
    assert "a01.txt: not all joints are seen: 5 frames left out at the ends, 2 inter" in caplog.text
    assert len(again) == 25
    kept = Motion(MADE.joints[3:-2], 15.0, MADE.skeleton)
    seen = [i for i in range(25) if i not in (7, 8)]
    assert (again.joints[seen] - kept.joints[seen]).abs().max() < 1e-4
    third = kept.joints[6] + (kept.joints[9] - kept.joints[6]) / 3
    assert (again.joints[7] - third).abs().max() < 1e-4


@pytest.mark.parametrize("variant", [world, screen])
def test_a_joint_at_zero_is_taken_from_the_frames_around(variant: object) -> None:
    rows = (world if variant is world else screen)(MADE).clone()
    rows[4, FILE_ORDER.index("left_wrist"), :3] = 0.0
    again = msr_action3d.decode(text(rows))
    middle = (MADE.joint("left_wrist")[3] + MADE.joint("left_wrist")[5]) / 2
    assert (again.joint("left_wrist")[4] - middle).norm() < 0.01
    assert (again.joint("left_elbow")[4] - MADE.joint("left_elbow")[4]).norm() < 1e-3


def test_all_is_seen_and_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    msr_action3d.decode(text(world(MADE)))
    assert not caplog.text


def counted(frames: list[bytes], counts: list[int], head: str = "") -> bytes:
    head = head or f"{len(frames)} 20"
    parts = (f"{count}\n".encode() + rows for count, rows in zip(counts, frames, strict=True))
    return f"{head}\n".encode() + b"".join(parts)


def test_a_head_and_line_counts_are_understood() -> None:
    rows = world(MADE)
    plain = f"{len(rows)} 20\n".encode() + text(rows)
    assert distance(msr_action3d.decode(plain), MADE) < 1e-4
    frames = [lines(frame) for frame in rows]
    assert distance(msr_action3d.decode(counted(frames, [20] * 30)), MADE) < 1e-4


def test_world_and_screen_in_turn_with_nobody_and_two_bodies() -> None:
    on_screen = screen(MADE) / torch.tensor((320.0, 240.0, 1.0, 1.0))
    both = [
        lines(torch.stack((a, b), dim=1).flatten(0, 1))
        for a, b in zip(world(MADE), on_screen, strict=True)
    ]
    other = text(torch.rand(2, 20, 4))
    frames = [b"", *both[1:20], both[20] + other, *both[21:]]
    counts = [0, *[40] * 19, 80, *[40] * 9]
    again = msr_action3d.decode(counted(frames, counts))
    assert len(again) == 29
    assert (again.joints - MADE.joints[1:]).abs().max() < 1e-4


def test_other_line_ends_and_a_byte_order_mark_make_no_difference() -> None:
    data = text(world(MADE))
    again = msr_action3d.decode(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert distance(again, MADE) < 1e-4


GOOD = text(world(MADE)[:2])
SOME = GOOD.splitlines(keepends=True)
TWICE = counted([GOOD, GOOD], [40, 40])
MISTAKES = {
    b" \n\t\n": "some file is empty",
    b"".join(SOME[:-1]): "line 39: the last frame has 19 joints, wanted 20",
    b"".join(SOME[:3]) + b"1 2 3\n" + b"".join(SOME[4:]): "line 4: 3 numbers, wanted 4: a point",
    b"\n" + b"1 2 3 x\n" * 20: "line 2: 'x' stands where a finite number should",
    b"1 2 nan 1\n" * 20: "line 1: 'nan' stands where",
    b"1 2 1e999 1\n" * 20: "line 1: '1e999' stands where",
    b"1e300 2 3 1\n" * 20: "not finite",
    b"0 0 0 1\n" * 40: "nobody is seen in any of 2 frames",
    b"0 0 0 0\n" * 19 + b"1 1 2 1\n": "'hip_center' is seen in only 0 of 1 frames",
    GOOD + b"0 0 0 0\n" * 100 + GOOD: "'hip_center' is seen in only 4 of 9 frames",
    b"2 25\n" + GOOD: "line 1: 25 joints are promised, wanted 20",
    b"x 20\n" + GOOD: "line 1: 'x' stands where a whole number should",
    b"1000000000000 20\n" + GOOD: "line 1: '1000000000000' stands where a whole number should",
    b"999999999 20\n" + GOOD: "line 1: 999,999,999 frames are promised, the file holds 2",
    b"0 20\n": "line 1: the file holds no frames",
    TWICE[:-1] + b"\n7\n" + GOOD: "line 84: a frame of 7 lines, wanted one of 0, 20, 40, 80",
    TWICE.replace(b"40\n", b"80\n", 1)[: len(GOOD)]: "line 2: 80 lines are promised, the file ends",
    text(screen(MADE) * torch.tensor((2.0, 2.0, 1.0, 1.0))): "wanted those of a picture of 320 x",
}


@pytest.mark.parametrize("data", MISTAKES, ids=lambda data: MISTAKES[data][:40])
def test_a_mistake_is_told_in_one_sentence(data: bytes) -> None:
    with pytest.raises(ValueError, match=MISTAKES[data]) as told:
        msr_action3d.decode(data, name="some file")
    assert str(told.value).startswith("some file")
    assert "\n" not in str(told.value)


def test_a_large_file_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kinect_rows, "LARGEST", len(GOOD) - 1)
    with pytest.raises(ValueError, match="more than the"):
        msr_action3d.decode(GOOD)


@pytest.mark.parametrize("promised", [100_000, 1])
def test_frames_that_cost_a_file_nothing_are_refused_before_they_are_made(promised: int) -> None:
    """Two bytes each, whatever number is promised."""
    data = b"%d 20\n" % promised + b"0\n" * 100_000
    with pytest.raises(ValueError, match=r"^a\.txt: 100,000 frames of 20 joints are too many$"):
        msr_action3d.decode(data, name="a.txt")


def test_a_body_among_many_empty_frames_is_read() -> None:
    seen = [lines(frame) for frame in world(MADE)]
    data = counted([b"", *seen, *[b""] * 3000], [0, *[20] * 30, *[0] * 3000])
    assert len(msr_action3d.decode(data)) == 30


def test_its_files_are_recognised_and_prose_is_not() -> None:
    assert msr_action3d.recognises(GOOD)
    assert msr_action3d.recognises(b"\n " + text(screen(MADE)))
    assert msr_action3d.recognises(TWICE)
    for other in (
        b"",
        b"a person walks#a/DET#0.0#0.0\n",
        b"000001\n000002\n",
        b"1 2 3\n",
        b"\0" * 9,
    ):
        assert not msr_action3d.recognises(other)


def test_a_folder_is_searched_for_motion_among_other_texts(tmp_path: Path) -> None:
    for name, data in (
        ("a01.txt", GOOD),
        ("README.txt", b"Take care.\n"),
        ("walk.bvh", b""),
        ("a.csv", b""),
    ):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder.txt").mkdir()
    found = {path.name for path in tmp_path.iterdir() if formats.is_motion(path)}
    assert found == {"a01.txt", "walk.bvh", "folder.txt"}  # what is broken is told by reading it


def test_real_motion_keeps_its_pose_through_the_sensor(shared_data: Path, tmp_path: Path) -> None:
    """HumanML3D's first official clip: millimetres and tenths of pixels, as a Kinect sees it."""
    folder = shared_data / "humanml3d_reference" / "HumanML3D" / "new_joints"
    real = retargeting.canonical(formats.read(folder / "000000.npy").resampled(15.0), fps=15.0)
    seen = before_the_sensor(real)
    (tmp_path / "w_skeleton3D.txt").write_bytes(text(world(seen)))
    pixels = screen(seen)
    pixels[..., :2] = (10 * pixels[..., :2]).round() / 10
    (tmp_path / "s_skeleton.txt").write_bytes(text(pixels.round(decimals=1)))
    for file, close in (("w_skeleton3D.txt", 1e-4), ("s_skeleton.txt", 0.005)):
        read = formats.read(tmp_path / file)
        assert distance(read, seen) < close
        again = retargeting.canonical(read, fps=15.0)
        legs = [again.skeleton.index(j) for j in again.skeleton.limb("left_leg")]
        assert (again.joints - real.joints)[:, legs].norm(dim=-1).max() < 0.05
        left, right = again.joint("left_foot"), again.joint("right_foot")
        assert left[:, 1].max() > right[:, 1].max() + 0.3
