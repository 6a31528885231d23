"""Tables of joints: read back where the body is known, refused in one sentence otherwise."""

from pathlib import Path

import moving_bodies
import numpy as np
import pytest

from moclip import formats, skeletons
from moclip.formats import csv


def test_pandas_and_numpy_read_it() -> None:
    motion = moving_bodies.wandering(5)
    lines = csv.encode(motion).decode().splitlines()
    assert lines[0].startswith("time,pelvis.x,pelvis.y,pelvis.z,left_hip.x")
    numbers = np.loadtxt(lines[1:], delimiter=",")
    np.testing.assert_allclose(numbers[:, 0], np.arange(5) / 20)
    np.testing.assert_array_equal(
        numbers[:, 1:].astype(np.float32), motion.joints.flatten(1).numpy()
    )


def test_odd_rates_come_back() -> None:
    motion = moving_bodies.wandering(7, fps=12.5)
    assert csv.decode(csv.encode(motion)).fps == 12.5
    assert csv.decode(csv.encode(motion), fps=25.0).fps == 25.0


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


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("pelvis.y", "pelvis.z"), "x, y and z of one joint each"),
        (("pelvis.", "pelvus."), "no known body's"),
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
