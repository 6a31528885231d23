"""What every skeleton promises, whichever files there are."""

import pytest

from moclip import catalog, skeletons
from moclip.skeletons.base import Skeleton

LIMBS = {"root", "torso", "left_arm", "right_arm", "left_leg", "right_leg", "hands", "feet"}
NAMES = catalog.names("skeletons")
HUMANML3D = skeletons.get("humanml3d").joint_names


@pytest.fixture(params=NAMES)
def body(request: pytest.FixtureRequest) -> Skeleton:
    return skeletons.get(request.param)


def sources(body: Skeleton) -> dict[str, str | tuple[str, str, float]]:
    return catalog.load("skeletons", body.name, "TO_HUMANML3D")


def test_is_called_as_its_file(body: Skeleton) -> None:
    assert body.name in NAMES


def test_has_all_limbs_and_no_others(body: Skeleton) -> None:
    assert {limb for limb, _ in body.limbs} == LIMBS


def test_every_joint_below_the_root_belongs_to_a_limb(body: Skeleton) -> None:
    in_limbs = {joint for _, joints in body.limbs for joint in joints}
    assert set(body.joint_names[1:]) <= in_limbs


def test_mirror_is_an_involution(body: Skeleton) -> None:
    assert [body.mirror[twin] for twin in body.mirror] == list(range(len(body)))


@pytest.mark.parametrize("limb", ["arm", "leg"])
def test_mirror_brings_left_limbs_onto_right_ones(body: Skeleton, limb: str) -> None:
    left = [body.mirror[body.index(joint)] for joint in body.limb(f"left_{limb}")]
    assert left == [body.index(joint) for joint in body.limb(f"right_{limb}")]
    assert not set(body.limb(f"left_{limb}")) & set(body.limb(f"right_{limb}"))


@pytest.mark.parametrize("limb", ["root", "torso", "hands", "feet"])
def test_limbs_in_the_middle_are_their_own_mirror(body: Skeleton, limb: str) -> None:
    joints = {body.index(joint) for joint in body.limb(limb)}
    assert {body.mirror[joint] for joint in joints} == joints


def test_mirror_keeps_the_tree(body: Skeleton) -> None:
    for joint, parent in enumerate(body.parents[1:], start=1):
        assert body.parents[body.mirror[joint]] == body.mirror[parent]


def test_facing_is_told_by_hips_and_shoulders(body: Skeleton) -> None:
    assert len(body.across) == 2
    for left, right in body.across:
        assert body.mirror[body.index(left)] == body.index(right)
        assert left in (*body.limb("left_leg"), *body.limb("left_arm"))


def test_hands_are_in_the_arms_and_feet_in_the_legs(body: Skeleton) -> None:
    assert set(body.limb("hands")) <= {*body.limb("left_arm"), *body.limb("right_arm")}
    assert set(body.limb("feet")) <= {*body.limb("left_leg"), *body.limb("right_leg")}


def test_every_joint_of_humanml3d_stands_somewhere(body: Skeleton) -> None:
    assert set(sources(body)) == set(HUMANML3D)
    tips = dict(body.ends)
    for source in sources(body).values():
        points = (source,) if isinstance(source, str) else source[:2]
        for point in points:
            joint = point.removeprefix("end:")
            assert joint in body.joint_names
            assert joint in tips or not point.startswith("end:")
        assert isinstance(source, str) or 0 < source[2] < 1


def test_left_joints_of_humanml3d_stand_on_left_limbs(body: Skeleton) -> None:
    left = {*body.limb("left_arm"), *body.limb("left_leg")}
    right = {*body.limb("right_arm"), *body.limb("right_leg")}
    for joint, source in sources(body).items():
        points = {source} if isinstance(source, str) else set(source[:2])
        joints = {point.removeprefix("end:") for point in points}
        assert bool(joints & left) == joint.startswith("left_")
        assert bool(joints & right) == joint.startswith("right_")


def test_is_found_by_its_tree(body: Skeleton) -> None:
    assert skeletons.match(body.joint_names, body.parents) == body
