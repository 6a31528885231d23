"""SMPL, SMPL-H and SMPL-X: official joints in their official order."""

from collections.abc import Sequence

import pytest
import torch

from moclip import retargeting, skeletons
from moclip.motion import Motion

COUNTS = {"smpl": 24, "smplh": 52, "smplx": 55}
BODY_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)


def hand(wrist: int, first: int) -> list[int]:
    """Parents of five fingers with three joints each."""
    return [
        above for finger in range(first, first + 15, 3) for above in (wrist, finger, finger + 1)
    ]


OFFICIAL_PARENTS: dict[str, Sequence[int]] = {
    "smpl": (*BODY_PARENTS, 20, 21),
    "smplh": (*BODY_PARENTS, *hand(20, 22), *hand(21, 37)),
    "smplx": (*BODY_PARENTS, 15, 15, 15, *hand(20, 25), *hand(21, 40)),
}
"""``kintree_table`` of the official files."""


def rest(name: str) -> Motion:
    body = skeletons.get(name)
    turns = torch.eye(3).expand(1, len(body), 3, 3)
    return Motion.from_rotations(turns, torch.zeros(1, 3), fps=20.0, skeleton=body)


@pytest.mark.parametrize("name", COUNTS)
def test_joints_hang_where_the_official_table_has_them(name: str) -> None:
    body = skeletons.get(name)
    assert len(body) == COUNTS[name]
    assert list(body.parents) == list(OFFICIAL_PARENTS[name])


@pytest.mark.parametrize("name", COUNTS)
def test_the_first_22_joints_are_humanml3ds(name: str) -> None:
    body, plain = skeletons.get(name), skeletons.get("humanml3d")
    assert body.joint_names[:22] == plain.joint_names
    assert body.offsets[:22] == plain.offsets
    wanted = rest("humanml3d")
    seen = retargeting.retarget(rest(name), bone_lengths="template")
    assert (seen.joints - wanted.joints).abs().max() < 1e-5


def test_fingers_are_listed_in_the_official_order() -> None:
    for name, first in (("smplh", 22), ("smplx", 25)):
        listed = skeletons.get(name).joint_names[first::3]
        fingers = ("index1", "middle1", "pinky1", "ring1", "thumb1")
        sides = ("left", "right")
        assert listed == tuple(f"{side}_{finger}" for side in sides for finger in fingers)


def test_smplx_has_the_head_before_the_hands() -> None:
    names = skeletons.get("smplx").joint_names
    assert names[22:26] == ("jaw", "left_eye_smplhf", "right_eye_smplhf", "left_index1")


@pytest.mark.parametrize("name", ["smplh", "smplx"])
def test_hands_have_the_size_of_hands(name: str) -> None:
    pose = rest(name)
    for side, sign in (("left", 1), ("right", -1)):
        reach = pose.joint(f"{side}_middle3") - pose.joint(f"{side}_wrist")
        assert 0.14 < sign * reach[0, 0] < 0.18  # the last joint; the tip is 2 cm further
        thumb, pinky = (pose.joint(f"{side}_{finger}1")[0, 2] for finger in ("thumb", "pinky"))
        assert thumb > pinky  # palms down, the thumb ahead


@pytest.mark.parametrize("name", ["smplh", "smplx"])
def test_hands_are_each_others_mirror(name: str) -> None:
    body = skeletons.get(name)
    for joint in body.joint_names[22:]:
        own = body.offsets[body.index(joint)]
        twin = body.offsets[body.mirror[body.index(joint)]]
        assert twin == (-own[0], own[1], own[2])
