"""A user's own body: its JSON file, reading with it, and bringing it onto HumanML3D's joints."""

import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import moving_bodies
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moclip import formats, skeletons
from moclip.motion import Motion
from moclip.retargeting import canonical, retarget

DOCS = Path(__file__).parents[2] / "docs" / "skeletons.md"
ROBOT: dict[str, Any] = json.loads(
    re.findall(r"```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
)
"""The example of the page that describes the file."""
STANDS_AT = {
    "base": "pelvis", "chest": "spine3", "head": "head",
    "l_hip": "left_hip", "l_knee": "left_knee", "l_ankle": "left_ankle",
    "l_toe": "left_foot", "r_toe": "right_foot",
    "r_hip": "right_hip", "r_knee": "right_knee", "r_ankle": "right_ankle",
    "l_shoulder": "left_shoulder", "l_elbow": "left_elbow", "l_wrist": "left_wrist",
    "r_shoulder": "right_shoulder", "r_elbow": "right_elbow", "r_wrist": "right_wrist",
}  # fmt: skip


def read(tmp_path: Path, changed: dict[str, Any] | None = None) -> skeletons.UserSkeleton:
    path = tmp_path / "robot.json"
    path.write_text(json.dumps(ROBOT | (changed or {})))
    return skeletons.from_json(path)


def robots_path(order: list[str]) -> np.ndarray:
    """A person's movement at the robot's joints, in metres."""
    person = moving_bodies.wandering(20)
    return torch.stack([person.joint(STANDS_AT[joint]) for joint in order], dim=1).numpy()


def test_the_example_of_the_page_is_read(tmp_path: Path) -> None:
    robot = read(tmp_path)
    assert robot.skeleton.joint_names == tuple(ROBOT["joint_names"])
    assert robot.skeleton.parents[:4] == (-1, 0, 1, 2)
    assert robot.skeleton.limb("left_leg") == ("l_hip", "l_knee", "l_ankle", "l_toe")
    assert dict(robot.skeleton.to_humanml3d)["spine1"] == ("base", "chest", 0.3)
    assert robot.order == tuple(range(17))


def test_parents_may_be_numbers(tmp_path: Path) -> None:
    names = ROBOT["joint_names"]
    numbers = [-1 if parent is None else names.index(parent) for parent in ROBOT["parents"]]
    assert read(tmp_path, {"parents": numbers}) == read(tmp_path)


def test_joints_may_come_in_any_order(tmp_path: Path) -> None:
    """Parents are put first; arrays keep the order of the file."""
    backwards = {key: ROBOT[key][::-1] for key in ("joint_names", "parents", "offsets")}
    robot = read(tmp_path, backwards)
    names = robot.skeleton.joint_names
    assert names[0] == "base"
    assert [backwards["joint_names"][i] for i in robot.order] == list(names)
    np.save(tmp_path / "walk.npy", robots_path(backwards["joint_names"]))
    motion = formats.read(tmp_path / "walk.npy", skeleton=robot, fps=20.0, unit="m")
    person = moving_bodies.wandering(20)
    for joint, own in STANDS_AT.items():
        assert torch.equal(motion.joint(joint), person.joint(own))


def test_arrays_are_brought_onto_humanml3ds_joints(tmp_path: Path) -> None:
    robot = read(tmp_path)
    np.save(tmp_path / "walk.npy", 100 * robots_path(ROBOT["joint_names"]))
    motion = formats.read(tmp_path / "walk.npy", skeleton=robot, fps=20.0)  # finds centimetres
    seen = retarget(motion)
    person = moving_bodies.wandering(20)
    for joint in ("left_knee", "right_elbow", "pelvis"):
        assert (seen.joint(joint) - person.joint(joint)).norm(dim=-1).max() < 0.05
    lengths = canonical(motion).bone_lengths()
    assert (lengths.amax(dim=0) - lengths.amin(dim=0)).max() < 1e-3


def test_an_array_without_a_frame_rate_or_of_another_shape_is_refused(tmp_path: Path) -> None:
    robot = read(tmp_path, {"fps": None})
    np.save(tmp_path / "a.npy", robots_path(ROBOT["joint_names"]))
    np.save(tmp_path / "b.npy", np.zeros((5, 16, 3)))
    with pytest.raises(
        ValueError, match=r"^a\.npy: joints of 'my_robot' come without a frame rate"
    ):
        formats.read(tmp_path / "a.npy", skeleton=robot)
    with pytest.raises(
        ValueError, match=r"^b\.npy: shape \(5, 16, 3\) came, wanted \(frame, 17, 3"
    ):
        formats.read(tmp_path / "b.npy", skeleton=robot, fps=20.0)


def test_a_file_that_names_its_joints_takes_name_and_limbs(tmp_path: Path) -> None:
    robot = read(tmp_path)
    joints = torch.from_numpy(robots_path(ROBOT["joint_names"]))
    offsets = [(0.0, 0.0, 0.0), *[(0.1, 0.2, 0.0)] * 16]
    formats.write(Motion(joints, 20.0, robot.skeleton.with_offsets(offsets)), tmp_path / "walk.bvh")
    plain = formats.read(tmp_path / "walk.bvh")
    named = formats.read(tmp_path / "walk.bvh", skeleton=robot)
    assert plain.skeleton.name == "walk"
    assert not plain.skeleton.limbs
    assert named.skeleton.name == "my_robot"
    assert named.skeleton.limbs == robot.skeleton.limbs
    assert named.skeleton.offsets == plain.skeleton.offsets
    assert torch.equal(named.joints, plain.joints)
    assert named.facing().isfinite().all()
    seen = canonical(named)
    assert seen.skeleton.name == "humanml3d"


def test_another_body_than_the_users_is_refused(tmp_path: Path) -> None:
    formats.write(moving_bodies.wandering(3), tmp_path / "a.bvh")
    with pytest.raises(
        ValueError, match=r"^a\.bvh: this body has no joint 'base' as 'my_robot' has"
    ):
        formats.read(tmp_path / "a.bvh", skeleton=read(tmp_path))
    moved = copy.deepcopy(ROBOT["parents"])
    moved[-1] = "base"
    robot = read(tmp_path)
    formats.write(Motion(torch.rand(3, 17, 3), 20.0, robot.skeleton), tmp_path / "b.bvh")
    with pytest.raises(ValueError, match=r"^b\.bvh: the joints of this body do not hang together"):
        formats.read(tmp_path / "b.bvh", skeleton=read(tmp_path, {"parents": moved}))


def test_a_body_that_leaves_joints_out_or_has_not_those_it_names_is_refused() -> None:
    motion = moving_bodies.wandering(3)
    body = motion.skeleton
    some = replace(motion, skeleton=replace(body, to_humanml3d=(("pelvis", "pelvis"),)))
    with pytest.raises(LookupError, match="does not say where HumanML3D's left_hip, right_hip"):
        retarget(some)
    noses = tuple((joint, "nose") for joint in body.joint_names)
    with pytest.raises(LookupError, match="a 'humanml3d' without a joint 'nose' cannot be"):
        retarget(replace(motion, skeleton=replace(body, to_humanml3d=noses)))


def test_a_tip_that_cannot_be_placed_is_told_with_what_helps(tmp_path: Path) -> None:
    feet = {"left_foot": "end:l_ankle", "right_foot": "end:r_ankle"}
    tips = {"l_ankle": [0, -0.05, 0.15], "r_ankle": [0, -0.05, 0.15]}
    robot = read(tmp_path, {"ends": tips, "to_humanml3d": ROBOT["to_humanml3d"] | feet})
    motion = Motion(torch.rand(3, 17, 3), 20.0, robot.skeleton)
    what = "a 'my_robot' without 'end:l_ankle' cannot be retargeted"
    with pytest.raises(LookupError) as told:
        canonical(motion)
    assert str(told.value) == (
        f"{what}: tips need rotations; map left_foot to a joint, or give rotations"
    )
    turned = replace(motion, rotations=torch.eye(3).repeat(3, 17, 1, 1))
    assert canonical(turned).skeleton.name == "humanml3d"
    with pytest.raises(LookupError) as told:
        canonical(replace(turned, skeleton=replace(robot.skeleton, ends=())))
    assert str(told.value) == f"{what}: no such tip is in the file; map left_foot to a joint"


def test_a_file_of_ours_remembers_where_humanml3ds_joints_stand(tmp_path: Path) -> None:
    robot = read(tmp_path)
    np.save(tmp_path / "walk.npy", robots_path(ROBOT["joint_names"]))
    motion = formats.read(tmp_path / "walk.npy", skeleton=robot, fps=20.0)
    formats.write(motion, tmp_path / "walk.npz")
    again = formats.read(tmp_path / "walk.npz")
    assert again.skeleton == motion.skeleton
    assert torch.equal(canonical(again).joints, canonical(motion).joints)


def test_the_frame_rate_of_arrays_may_stand_in_the_file(tmp_path: Path) -> None:
    np.save(tmp_path / "walk.npy", robots_path(ROBOT["joint_names"]))
    assert formats.read(tmp_path / "walk.npy", skeleton=read(tmp_path, {"fps": 50.0})).fps == 50
    told = formats.read(tmp_path / "walk.npy", skeleton=read(tmp_path, {"fps": 50.0}), fps=25.0)
    assert told.fps == 25


def cut(field: str, *joints: str) -> dict[str, Any]:
    return {field: {key: value for key, value in ROBOT[field].items() if key not in joints}}


MISTAKES = [
    ({"joint_names": []}, "field 'joint_names': list should have at least 1 item"),
    ({"joint_names": ["base"] * 17}, "field 'joint_names': two joints are named 'base'"),
    ({"joint_names": [f"j{i}" for i in range(1001)]}, "field 'joint_names': list should have at"),
    ({"parents": [None]}, "field 'parents': 1 parents for 17 joints"),
    ({"parents": ["tail", *ROBOT["parents"][1:]]}, "field 'parents': there is no joint 'tail'"),
    ({"parents": [17, *ROBOT["parents"][1:]]}, "field 'parents': 'base' hangs on joint 17 of 17"),
    ({"parents": [None] * 17}, "field 'parents': one root is wanted, these are: base, l_hip"),
    ({"parents": [1] * 17}, "field 'parents': one root is wanted, these are: none"),
    ({"parents": [None, 2, 1, *[0] * 14]}, "field 'parents': 'l_hip' hangs on itself by way of"),
    ({"parents": 3}, "field 'parents': input should be a valid"),
    ({"offsets": [[0, 0, 0]]}, "field 'offsets': 1 offsets for 17 joints"),
    ({"offsets": [[0, 0]] * 17}, "field 'offsets': 'base' wants three finite numbers, in metres"),
    ({"ends": {"tail": [0, 0, 1]}}, "field 'ends': there is no joint 'tail'"),
    ({"limbs": {"tail": ["tail"]}}, "field 'limbs': there is no joint 'tail'"),
    ({"across": [["l_hip"]]}, "field 'across': wanted pairs of a left joint and its right twin"),
    ({"across": [["l_hip", "x"]]}, "field 'across': there is no joint 'x'"),
    ({"colour": "red"}, "there is no field 'colour'; there are: name, joint_names, parents"),
    ({"fps": 0}, "field 'fps': input should be greater than 0"),
    ({"name": ""}, "field 'name': string should have at least 1 character"),
    (cut("to_humanml3d", "head"), "field 'to_humanml3d': it does not say where head stands"),
    (
        {"to_humanml3d": ROBOT["to_humanml3d"] | {"tail": "base"}},
        "field 'to_humanml3d': HumanML3D has no joint 'tail'",
    ),
    (
        {"to_humanml3d": ROBOT["to_humanml3d"] | {"head": "nose"}},
        "field 'to_humanml3d': there is no joint 'nose'",
    ),
    (
        {"to_humanml3d": ROBOT["to_humanml3d"] | {"head": ["base", "head", 1.5]}},
        "field 'to_humanml3d': 'head' wants a joint, or two joints and how far",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), MISTAKES)
def test_a_mistake_is_told_with_its_field(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=r"^robot\.json: ") as told:
        read(tmp_path, change)
    assert str(told.value).startswith(f"robot.json: {sentence}")
    assert "\n" not in str(told.value)


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    path = tmp_path / "robot.json"
    path.write_text(json.dumps({"name": "a", "joint_names": ["b"]}))
    with pytest.raises(ValueError, match=r"^robot\.json: the field 'parents' is missing"):
        skeletons.from_json(path)


def test_what_is_no_json_or_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "robot.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"^robot\.json: this is no JSON: EOF"):
        skeletons.from_json(path)
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(ValueError, match="more than the 1,048,576 that are read"):
        skeletons.from_json(path)
    with pytest.raises(OSError, match="there is no file"):
        skeletons.from_json(tmp_path / "gone.json")


@given(
    field=st.sampled_from(sorted(ROBOT)),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
)
@settings(max_examples=100)
def test_whatever_stands_in_a_field_is_read_or_refused_in_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "robot.json"
    path.write_text(json.dumps(ROBOT | {field: value}))
    problem = ""
    try:
        skeletons.from_json(path)
    except ValueError as error:
        problem = str(error)
    assert not problem or problem.startswith("robot.json: ")
    assert "\n" not in problem
