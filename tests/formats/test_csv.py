"""Tables of joints: read back where the body is known, refused in one sentence otherwise."""

import json
from pathlib import Path

import moving_bodies
import numpy as np
import pytest
import torch

from moclip import formats, skeletons
from moclip.formats import csv
from moclip.motion import Motion


def test_pandas_and_numpy_read_it() -> None:
    motion = moving_bodies.wandering(5)
    lines = csv.encode(motion).decode().splitlines()
    assert lines[0].startswith("time,pelvis.x,pelvis.y,pelvis.z,left_hip.x")
    assert [line.partition(",")[0] for line in lines[1:]] == ["0", "0.05", "0.1", "0.15", "0.2"]
    numbers = np.loadtxt(lines[1:], delimiter=",")
    np.testing.assert_allclose(numbers[:, 0], np.arange(5) / 20)
    np.testing.assert_array_equal(
        numbers[:, 1:].astype(np.float32), motion.joints.flatten(1).numpy()
    )


def test_odd_rates_come_back() -> None:
    motion = moving_bodies.wandering(7, fps=12.5)
    assert csv.decode(csv.encode(motion)).fps == 12.5
    assert csv.decode(csv.encode(motion), fps=25.0).fps == 25.0


NTSC = [30000 / 1001, 24000 / 1001, 60000 / 1001, 120000 / 1001, 29.97, 23.976, 59.94]


@pytest.mark.parametrize("frames", [2, 3, 50, 1002])
@pytest.mark.parametrize("fps", [*NTSC, 7.3, 12.5, 20.0, 30.0, 60.0, 120.0, 240.0, 1000 / 7])
def test_rates_come_back_exactly(fps: float, frames: int) -> None:
    table = csv.encode(moving_bodies.wandering(frames, fps=fps))
    assert csv.decode(table).fps == fps
    words = [line.partition(b",")[0] for line in table.splitlines()[1:]]
    np.testing.assert_allclose([float(word) for word in words], np.arange(frames) / fps, rtol=3e-16)


def test_a_first_time_is_a_plain_zero_and_slow_tables_have_a_rate() -> None:
    table = csv.encode(moving_bodies.wandering(3, fps=30000 / 1001))
    assert table.splitlines()[1].startswith(b"0,")
    head = table.partition(b"\n")[0]
    zeros = b",0" * 66
    slow = b"\n".join((head, b"0" + zeros, b"1e12" + zeros, b""))
    assert csv.decode(slow).fps == 1e-12
    assert csv.decode(slow.replace(b"1e12", b"1e-99999999999999999999")).fps == 20


@pytest.mark.parametrize("fps", [12.5, 20.0, 24.0, 29.97, 30.0, 60.0, 120.0])
def test_times_that_others_have_rounded_or_summed_tell_the_rate(fps: float) -> None:
    text = csv.encode(moving_bodies.wandering(60, fps=fps)).decode().splitlines()
    rounded, summed, time = [text[0]], [text[0]], 0.0
    for frame, line in enumerate(text[1:]):
        rest = line.partition(",")[2]
        rounded.append(f"{frame / fps:.9g},{rest}")
        summed.append(f"{time!r},{rest}")
        time += 1 / fps
    for lines in (rounded, rounded[:3], summed):
        assert csv.decode(("\n".join(lines) + "\n").encode()).fps == fps


def test_other_tables_are_no_motions(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("file,caption\na.bvh,a person walks\n")
    (tmp_path / "walk.csv").write_bytes(csv.encode(moving_bodies.wandering(3)))
    assert not formats.is_motion(tmp_path / "index.csv")
    assert formats.is_motion(tmp_path / "walk.csv")


def test_a_users_own_body_is_read_in_its_files_order(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(
        '{"name": "own", "joint_names": ["tip", "base"], "parents": ["base", null]}'
    )
    own = skeletons.from_json(tmp_path / "own.json")
    table = b"time,tip.x,tip.y,tip.z,base.x,base.y,base.z\n0,0,1,0,0,0,0\n0.1,0,1,0,0,0,0\n"
    motion = csv.decode(table, skeleton=own)
    assert motion.skeleton.joint_names == ("base", "tip")
    assert motion.joint("tip")[0].tolist() == [0, 1, 0]
    assert motion.fps == 10


@pytest.mark.parametrize("names", [["tip", "base"], ["base", "tip"]])
def test_a_users_own_body_comes_back_whatever_the_order_of_its_file(
    tmp_path: Path, names: list[str]
) -> None:
    """A table that is written has parents first, its JSON may not."""
    parents = [None if joint == "base" else "base" for joint in names]
    described = {"name": "own", "joint_names": names, "parents": parents}
    (tmp_path / "own.json").write_text(json.dumps(described))
    own = skeletons.from_json(tmp_path / "own.json")
    motion = Motion(torch.rand(4, 2, 3), 20.0, own.skeleton)
    back = csv.decode(csv.encode(motion), skeleton=own)
    assert torch.equal(back.joints, motion.joints)
    assert back.skeleton == own.skeleton


def test_columns_may_stand_in_any_order() -> None:
    motion = moving_bodies.wandering(5)
    rows = [line.split(",") for line in csv.encode(motion).decode().splitlines()]
    order = [0, *(torch.randperm(66, generator=torch.Generator().manual_seed(1)) + 1).tolist()]
    mixed = "".join(",".join(row[i] for i in order) + "\n" for row in rows)
    back = csv.decode(mixed.encode())
    assert torch.equal(back.joints, motion.joints)
    assert back.skeleton.name == "humanml3d"


def test_a_spreadsheet_may_put_a_byte_order_mark_before_it(tmp_path: Path) -> None:
    motion = moving_bodies.wandering(3)
    data = b"\xef\xbb\xbf" + csv.encode(motion).replace(b"\n", b"\r\n")
    (tmp_path / "walk.csv").write_bytes(data)
    assert formats.is_motion(tmp_path / "walk.csv")
    assert torch.equal(formats.read(tmp_path / "walk.csv").joints, motion.joints)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("pelvis.y", "pelvis.z"), "x, y and z of one joint each"),
        (("pelvis.", "pelvus."), "no known body's"),
        (("left_hip.x,left_hip.y,left_hip.z", "pelvis.x,pelvis.y,pelvis.z"), "of one joint each"),
        (("\n0.05,", "\nnan,"), "line 3: wanted 67 finite numbers"),
        (("\n0.05,", "\n0.05,0,"), "line 3: wanted 67 finite numbers"),
    ],
)
def test_what_is_wrong_is_said(change: tuple[str, str], sentence: str) -> None:
    text = csv.encode(moving_bodies.wandering(3)).decode()
    with pytest.raises(ValueError, match=rf"^walk\.csv.*{sentence}"):
        csv.decode(text.replace(*change).encode(), name="walk.csv")


def test_a_table_of_no_frames_is_refused() -> None:
    head = csv.encode(moving_bodies.wandering(2)).partition(b"\n")[0] + b"\n"
    with pytest.raises(ValueError, match="has no frames"):
        csv.decode(head)
