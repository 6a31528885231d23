"""Trees of named joints check themselves."""

import pickle
from dataclasses import replace

import pytest

from moclip import skeletons
from moclip.skeletons.base import Skeleton, build, other_side

HAND = build(
    "hand",
    (
        ("wrist", None, (0.0, 0.0, 0.0)),
        ("left_thumb", "wrist", (0.03, 0.02, 0.0)),
        ("right_thumb", "wrist", (-0.03, 0.02, 0.0)),
        ("middle", "wrist", (0.0, 0.09, 0.0)),
        ("tip", "middle", (0.0, 0.05, 0.0)),
    ),
    limbs={"thumbs": ("left_thumb", "right_thumb")},
    across=(("left_thumb", "right_thumb"),),
    ends=(("tip", (0.0, 0.01, 0.0)),),
)


def test_numbers_come_from_the_order_of_the_names() -> None:
    assert HAND.parents == (-1, 0, 0, 0, 3)
    assert HAND.index("tip") == 4
    assert HAND.limb("thumbs") == ("left_thumb", "right_thumb")
    assert len(HAND) == 5


def test_an_unknown_joint_or_limb_names_those_there_are() -> None:
    with pytest.raises(
        LookupError, match="'hand' has no joint 'toe'; there are: wrist, left_thumb"
    ):
        HAND.index("toe")
    with pytest.raises(LookupError, match="'hand' has no limb 'leg'; there are: thumbs"):
        HAND.limb("leg")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"joint_names": ("a", "b", "b", "c", "d")}, "two joints named b"),
        ({"parents": (-1, 0, 0)}, "5 joint names, 3 parents and 5 offsets"),
        ({"parents": (0, 0, 0, 0, 3)}, "must begin with its root"),
        ({"parents": (-1, 0, 0, 4, 3)}, "'middle' must come after its parent"),
        ({"parents": (-1, 0, -1, 0, 3)}, "'right_thumb' must come after its parent"),
        ({"limbs": (("leg", ("toe",)),)}, "no joint 'toe'"),
        ({"across": (("toe", "tip"),)}, "no joint 'toe'"),
        ({"ends": (("toe", (0.0, 0.0, 0.0)),)}, "no joint 'toe'"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(
    change: dict[str, object], sentence: str
) -> None:
    with pytest.raises((ValueError, LookupError), match=sentence):
        replace(HAND, **change)  # type: ignore[arg-type]


def test_a_bone_must_hang_on_a_joint() -> None:
    with pytest.raises(LookupError, match="'toe' hangs on 'foot', which is not there"):
        build("leg", (("hip", None, (0.0, 0.0, 0.0)), ("toe", "foot", (0.0, 0.0, 0.1))))


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("left_hip", "right_hip"),
        ("LeftUpLeg", "RightUpLeg"),
        ("lefthand", "righthand"),
        ("L_Foot", "R_Foot"),
        ("l_foot", "r_foot"),
        ("Hand_L", "Hand_R"),
        ("hand.l", "hand.r"),
        ("LThumb", "RThumb"),
        ("LowerBack", "LowerBack"),
        ("Root", "Root"),
        ("ripple", "ripple"),
    ],
)
def test_names_find_their_other_side_and_back(here: str, there: str) -> None:
    assert other_side(here) == there
    assert other_side(there) == here


def test_the_mirror_is_an_involution_that_swaps_sides() -> None:
    assert HAND.mirror == (0, 2, 1, 3, 4)
    for name in ("humanml3d", "kit", "cmu", "bandai_namco", "deepmimic"):
        body = skeletons.get(name)
        assert [body.mirror[i] for i in body.mirror] == list(range(len(body)))
        for left, right in body.across:
            assert body.mirror[body.index(left)] == body.index(right)


def test_a_skeleton_is_a_value() -> None:
    again = pickle.loads(pickle.dumps(HAND))  # noqa: S301 - joblib sends skeletons to its workers
    assert again == HAND
    assert hash(again) == hash(HAND)
    longer = HAND.with_offsets([(0.0, 1.0, 0.0)] * 5)
    assert longer != HAND
    assert longer.same_tree(HAND)
    assert longer.ends == HAND.ends


def test_a_known_body_is_found_by_its_tree() -> None:
    cmu = skeletons.get("cmu")
    assert skeletons.match(cmu.joint_names, cmu.parents) == cmu
    assert skeletons.match(HAND.joint_names, HAND.parents) is None


def test_an_unknown_body_names_those_there_are() -> None:
    with pytest.raises(LookupError, match=r"no skeletons named 'nobody'; there are: .*humanml3d"):
        skeletons.get("nobody")


def test_joints_must_not_be_empty() -> None:
    with pytest.raises(ValueError, match="must begin with its root"):
        Skeleton("nobody", (), (), ())
