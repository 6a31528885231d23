"""A body is known by the names of its joints, whatever else hangs on it."""

from dataclasses import replace

import pytest

from moclip import catalog, skeletons
from moclip.skeletons.base import Bone, Skeleton, bare, build, other_side

MIXAMO = skeletons.get("mixamo")
FINGERS = ("Thumb", "Index", "Middle", "Ring", "Pinky")


def bones(body: Skeleton) -> list[Bone]:
    names = [None if p < 0 else body.joint_names[p] for p in body.parents]
    return list(zip(body.joint_names, names, body.offsets, strict=True))


def renamed(body: Skeleton, old: str, new: str) -> Skeleton:
    return build(
        "someone",
        ((j.replace(old, new), p and p.replace(old, new), offset) for j, p, offset in bones(body)),
    )


def with_fingers() -> Skeleton:
    """All 65 joints of a Mixamo character."""
    more: list[Bone] = [("mixamorig:HeadTop_End", "mixamorig:Head", (0.0, 0.2, 0.0))]
    for side in ("Left", "Right"):
        more.append((f"mixamorig:{side}Toe_End", f"mixamorig:{side}ToeBase", (0.0, 0.0, 0.07)))
        for finger in FINGERS:
            above = f"mixamorig:{side}Hand"
            for number in (1, 2, 3, 4):
                joint = f"mixamorig:{side}Hand{finger}{number}"
                more.append((joint, above, (0.02, 0.0, 0.0)))
                above = joint
    return build("a", [*bones(MIXAMO), *more])


def known_as(body: Skeleton) -> str | None:
    found = skeletons.recognise(body.joint_names, body.parents)
    return found.known.name if found else None


@pytest.mark.parametrize("name", catalog.names("skeletons"))
def test_every_body_is_recognised_as_itself(name: str) -> None:
    body = skeletons.get(name)
    found = skeletons.recognise(body.joint_names, body.parents)
    assert found is not None
    assert found.known == body
    assert found.joints == {joint: joint for joint in body.joint_names}


def test_fingers_and_tips_of_toes_make_no_difference() -> None:
    body = with_fingers()
    assert len(body) == 65
    assert known_as(body) == "mixamo"


@pytest.mark.parametrize("prefix", ["", "mixamorig1:", "mixamorig", "mixamorig_", "Rig:Anna:"])
def test_namespaces_make_no_difference(prefix: str) -> None:
    body = renamed(with_fingers(), "mixamorig:", prefix)
    found = skeletons.recognise(body.joint_names, body.parents)
    assert found is not None
    assert found.known == MIXAMO
    assert found.joints["mixamorig:LeftArm"] == f"{prefix}LeftArm"


def test_joints_above_the_root_and_twist_bones_make_no_difference() -> None:
    above: list[Bone] = [("Armature", None, (0.0, 0.0, 0.0))]
    for joint, parent, offset in bones(renamed(MIXAMO, "mixamorig:", "")):
        if joint == "LeftForeArm":
            above.append(("LeftArmTwist", "LeftArm", (0.1, 0.0, 0.0)))
            parent = "LeftArmTwist"
        above.append((joint, parent or "Armature", offset))
    assert known_as(build("a", above)) == "mixamo"


def test_a_missing_joint_is_not_made_up() -> None:
    kept = [bone for bone in bones(with_fingers()) if "LeftToe" not in bone[0]]
    assert known_as(build("a", kept)) is None


def test_the_same_names_in_another_tree_are_another_body() -> None:
    moved = [
        (joint, "mixamorig:Head" if joint == "mixamorig:LeftShoulder" else parent, offset)
        for joint, parent, offset in bones(MIXAMO)
    ]
    assert known_as(build("a", moved)) is None


def test_two_people_in_one_tree_are_no_one() -> None:
    both: list[Bone] = [("world", None, (0.0, 0.0, 0.0))]
    for person in ("a:", "b:"):
        body = renamed(MIXAMO, "mixamorig:", person)
        both += [(joint, parent or "world", offset) for joint, parent, offset in bones(body)]
    assert known_as(build("a", both)) is None


def test_of_two_bodies_inside_another_the_larger_is_taken() -> None:
    smpl = skeletons.get("smpl")
    assert known_as(build("a", [*bones(smpl), ("hat", "head", (0.0, 0.2, 0.0))])) == "smpl"


def test_two_bodies_of_one_size_are_no_one() -> None:
    """What has the toes of both could be either."""
    toes = [(f"{s}Toe", f"{s}Foot", (0.0, 0.0, 0.1)) for s in ("Left", "Right")]
    body = renamed(MIXAMO, "mixamorig:", "")
    assert known_as(body) == "mixamo"
    assert known_as(build("a", [*bones(body), *toes])) is None


def test_the_order_of_branches_makes_no_difference() -> None:
    cmu = skeletons.get("cmu")
    legs = [bone for bone in bones(cmu) if "Leg" in bone[0] or "Foot" in bone[0]]
    legs += [bone for bone in bones(cmu) if "Toe" in bone[0] or "HipJoint" in bone[0]]
    rest = [bone for bone in bones(cmu) if bone not in legs]
    in_order = sorted(legs, key=lambda bone: cmu.index(bone[0]))
    body, order = skeletons.as_known(build("a", [*rest, *in_order]))
    assert body.same_tree(cmu)
    assert [*rest, *in_order][order[1]][0] == cmu.joint_names[1]


def test_a_known_body_lends_its_name_limbs_and_facing() -> None:
    own = renamed(with_fingers(), "mixamorig:", "Anna:")
    body, order = skeletons.as_known(own)
    assert order == list(range(65))
    assert body == replace(own, name="mixamo", limbs=body.limbs, across=body.across)
    assert body.limb("feet") == (
        "Anna:LeftFoot",
        "Anna:RightFoot",
        "Anna:LeftToeBase",
        "Anna:RightToeBase",
    )
    assert body.across[0] == ("Anna:LeftUpLeg", "Anna:RightUpLeg")


def test_an_unknown_body_stays_as_it_is() -> None:
    own = build("a", [("x", None, (0.0, 0.0, 0.0)), ("y", "x", (0.0, 1.0, 0.0))])
    assert skeletons.as_known(own) == (own, [0, 1])


@pytest.mark.parametrize(
    ("joint", "name", "twin"),
    [
        ("mixamorig:LeftArm", "LeftArm", "mixamorig:RightArm"),
        ("mixamorig9LeftArm", "LeftArm", "mixamorig9RightArm"),
        ("a:b:l_hip", "l_hip", "a:b:r_hip"),
        ("Hips:", "Hips:", "Hips:"),
        ("mixamorig", "mixamorig", "mixamorig"),
        ("Left_x", "Left_x", "Right_x"),
    ],
)
def test_sides_are_seen_behind_a_namespace(joint: str, name: str, twin: str) -> None:
    assert bare(joint) == name
    assert other_side(joint) == twin
