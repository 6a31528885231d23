"""Which joints change places in a mirror: told by the body, else by their names."""

import re
import time
from dataclasses import replace

import moving_bodies
import pytest
import torch

from moclip import catalog, skeletons
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton, other_side

HUMANML3D = skeletons.get("humanml3d")
ARMS_AND_LEGS = ("hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist")
SPELLINGS = {
    "3ds Max Biped": ("Bip01 {L|R} {Joint}", "Bip01_{L|R}_{Joint}"),
    "capitals": ("{LEFT|RIGHT}_{JOINT}", "Rig_{LEFT|RIGHT}_{JOINT}", "{L|R}{JOINT}"),
    "the side last": ("{Joint}{Left|Right}", "{joint}-{left|right}", "{Joint}{L|R}"),
    "VRM and UniRig": ("J_Bip_{L|R}_Upper{Joint}", "Character1_{Left|Right}{Joint}"),
    "Blender": ("def_{joint}.{L|R}.001", "MCH-{joint}.{l|r}", "{joint}.{l|r}"),
    "a letter": ("{l|r}{joint}", "{L|R}{joint}", "{L|R}{Joint}", "b_{l|r}_{joint}"),
    "in the middle": ("my{Left|Right}{Joint}2", "upper{L|R}{Joint}"),
    "after a false one": ("RIG_{L|R}_{Joint}", "RIG_{L|R}{Joint}"),
    "with a namespace": ("mixamorig:{Left|Right}{Joint}", "Anna:{Joint} {left|right}"),
}  # fmt: skip
ALL = [spelling for spellings in SPELLINGS.values() for spelling in spellings]


def spelt(joint: str, spelling: str) -> str:
    side, _, part = joint.rpartition("_")
    if side not in ("left", "right"):
        return joint
    for form in ("joint", "Joint", "JOINT"):
        like = part.capitalize() if form == "Joint" else part.upper() if form == "JOINT" else part
        spelling = spelling.replace(f"{{{form}}}", like)
    return re.sub(r"{(\w+)\|(\w+)}", lambda m: m[1 if side == "left" else 2], spelling)


def renamed(spelling: str) -> Skeleton:
    """HumanML3D's body whose names alone tell its sides."""
    names = tuple(spelt(joint, spelling) for joint in HUMANML3D.joint_names)
    return replace(HUMANML3D, joint_names=names, limbs=(), across=())


def before(body: Skeleton) -> tuple[int, ...]:
    """The mirror as it was found when four spellings were known: slow and plain."""
    twins = []
    for number, joint in enumerate(body.joint_names):
        space, colon, name = joint.rpartition(":")
        twin = next((t for t in told(name) if t), name)
        twin = space + colon + twin
        twins.append(body.joint_names.index(twin) if twin in body.joint_names else number)
    return tuple(twins)


def told(name: str) -> list[str]:
    sides = (("left", "right"), ("Left", "Right"), ("l_", "r_"), ("L_", "R_"))
    found = []
    for here, there in [*sides, *(pair[::-1] for pair in sides)]:
        found += [there + name[len(here) :]] if name.startswith(here) else []
    swapped = str.maketrans("LRlr", "RLrl")
    found += [name[:-1] + name[-1].translate(swapped)] if re.search(r"[_.][LRlr]$", name) else []
    found += [name[0].translate(swapped) + name[1:]] if re.match(r"[LR][A-Z]", name) else []
    return found


@pytest.mark.parametrize("name", catalog.names("skeletons"))
def test_catalogued_bodies_are_mirrored_as_ever(name: str) -> None:
    body = skeletons.get(name)
    assert body.mirror == before(body)
    assert replace(body, across=()).mirror == body.mirror
    sources = catalog.load("skeletons", name, "TO_HUMANML3D")
    assert replace(body, to_humanml3d=tuple(sources.items())).mirror == body.mirror


@pytest.mark.parametrize("spelling", ALL)
def test_every_tools_spelling_tells_the_sides(spelling: str) -> None:
    body = renamed(spelling)
    assert body.mirror == HUMANML3D.mirror
    assert body.twins == HUMANML3D.twins


@pytest.mark.parametrize("spelling", ALL)
def test_a_mirrored_body_faces_where_the_mirror_does(spelling: str) -> None:
    motion = moving_bodies.wandering(5)
    body = renamed(spelling)
    pairs = [(f"left_{j}", f"right_{j}") for j in ("hip", "shoulder")]
    across = tuple((spelt(left, spelling), spelt(right, spelling)) for left, right in pairs)
    seen = Motion(motion.joints, motion.fps, replace(body, across=across)).mirrored()
    assert torch.equal(seen.joints, motion.mirrored().joints)
    flip = torch.tensor((-1.0, 1.0, 1.0))
    torch.testing.assert_close(seen.facing(), motion.facing() * flip)


@pytest.mark.parametrize("name", ["LowerBack", "Root", "ripple", "rib", "Upper", "Bip01 Spine1"])
def test_a_name_without_a_side_is_its_own(name: str) -> None:
    assert other_side(name) == name


def test_a_first_letter_is_a_side_only_of_two_that_are_there() -> None:
    names = ("root", "lfemur", "rfemur", "lumbar", "rib", "RIBS", "LOD")
    body = Skeleton("a", names, (-1, 0, 0, 0, 0, 0, 0), ((0.0, 0.0, 0.0),) * 7)
    assert body.mirror == (0, 2, 1, 3, 4, 5, 6)


def numbered(across: tuple[tuple[str, str], ...], *, stands: bool = False) -> Skeleton:
    """Names that tell nothing."""
    called = {joint: f"j{i}" for i, joint in enumerate(HUMANML3D.joint_names)}
    return replace(
        HUMANML3D,
        name="numbered",
        joint_names=tuple(called.values()),
        limbs=(),
        across=tuple((called.get(a, a), called.get(b, b)) for a, b in across),
        to_humanml3d=tuple(called.items()) if stands else (),
    )


def test_sides_that_the_user_tells_go_before_names() -> None:
    assert numbered((), stands=True).mirror == HUMANML3D.mirror
    assert numbered((), stands=True).twins == HUMANML3D.twins
    hips = HUMANML3D.index("left_hip"), HUMANML3D.index("right_hip")
    assert numbered(HUMANML3D.across[:1]).twins == (hips,)
    crossed = {"left": "right", "right": "left"}
    names = tuple("_".join(crossed.get(w, w) for w in j.split("_")) for j in HUMANML3D.joint_names)
    backwards = replace(
        HUMANML3D,
        joint_names=names,
        limbs=(),
        across=(("right_hip", "left_hip"), ("right_shoulder", "left_shoulder")),
    )
    assert backwards.mirror == HUMANML3D.mirror


def test_a_joint_of_the_middle_that_stands_for_one_side_stays_there() -> None:
    """A collar bone that only the right arm has."""
    body = numbered((), stands=True)
    chest = body.joint_names[HUMANML3D.index("spine3")]
    stands = tuple((j, chest if j == "left_collar" else at) for j, at in body.to_humanml3d)
    for joint in ("spine3", "left_collar", "right_collar"):
        at = HUMANML3D.index(joint)
        assert replace(body, to_humanml3d=stands).mirror[at] == at


@pytest.mark.parametrize(
    ("across", "pair"),
    [
        ((("left_hip", "right_hip"), ("left_hip", "right_knee")), "'j1' and 'j5'"),
        ((("pelvis", "pelvis"),), "'j0' and 'j0'"),
    ],
)
def test_a_pair_across_the_body_that_cannot_change_places_is_told(
    across: tuple[tuple[str, str], ...], pair: str
) -> None:
    motion = Motion(moving_bodies.wandering(3).joints, 20.0, numbered(across))
    with pytest.raises(ValueError, match=f"^'numbered' cannot be mirrored: .*{pair}") as told:
        motion.mirrored()
    assert "\n" not in str(told.value)


def test_a_chain_of_any_length_has_a_mirror() -> None:
    count = 5000
    body = Skeleton(
        "chain",
        ("root", *(f"j{i}" for i in range(1, count))),
        tuple(range(-1, count - 1)),
        ((0.0, 0.0, 0.0),) * count,
        to_humanml3d=(("left_hip", "j4998"), ("right_hip", "j4999")),
    )
    assert body.mirror == tuple(range(count))


def test_two_joints_of_one_name_among_very_many_are_told_at_once() -> None:
    names = ("a", "b", *(f"j{i}" for i in range(60_000))) * 2
    count = len(names)
    started = time.perf_counter()
    with pytest.raises(ValueError, match="has two joints named a, b, j0"):
        Skeleton("many", names, (-1, *(0,) * (count - 1)), ((0.0, 0.0, 0.0),) * count)
    assert time.perf_counter() - started < 2
