"""What may be done to a motion, and what that must not change."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from moclip import geometry
from moclip.motion import CaptionedMotion, Motion, MotionBatch, mirror_caption
from moclip.skeletons import get

BODY = get("humanml3d")
EYE = torch.eye(3)
fps = st.sampled_from([10.0, 12.5, 20.0, 24.0, 30.0, 59.94, 60.0, 120.0])
angle = st.floats(-math.pi, math.pi)
SIDED = ("left", "right", "Left", "RIGHT", "clockwise", "counterclockwise", "leftward", "walk", ".")


def moving(frames: int = 41, fps: float = 20.0, *, seed: int = 0, rotations: bool = True) -> Motion:
    """A body whose every joint swings smoothly while it walks a curve."""
    draw = torch.Generator().manual_seed(seed)
    seconds = torch.arange(frames)[:, None, None] / fps
    swing = torch.randn(len(BODY), 3, generator=draw) * 0.4
    phase = torch.randn(len(BODY), 1, generator=draw)
    turns = geometry.axis_angle_to_matrix(swing * torch.sin(2 * seconds + phase))
    path = torch.cat((torch.sin(seconds), 0.9 + 0 * seconds, seconds), dim=-1)[:, 0]
    motion = Motion.from_rotations(turns, path, fps=fps, skeleton=BODY)
    return motion if rotations else replace(motion, rotations=None)


def follows_its_rotations(motion: Motion, *, within: float = 1e-5) -> bool:
    """Whether forward kinematics of the rotations gives the joints."""
    assert motion.rotations is not None
    again = Motion.from_rotations(
        motion.rotations, motion.joints[:, 0], fps=motion.fps, skeleton=motion.skeleton
    )
    return bool((again.joints - motion.joints).abs().max() < within)


def same(a: Motion, b: Motion, *, within: float = 1e-5) -> bool:
    near = a.joints.shape == b.joints.shape and bool((a.joints - b.joints).abs().max() < within)
    if not near or a.fps != b.fps or not a.skeleton.same_tree(b.skeleton):
        return False
    if a.rotations is None or b.rotations is None:
        return a.rotations is b.rotations
    return bool((a.rotations - b.rotations).abs().max() < within)


def yaw(turn: float) -> Tensor:
    return geometry.axis_rotation("Y", torch.tensor(turn))


class TestCut:
    def test_is_in_seconds(self) -> None:
        motion = moving(60, 30.0)
        piece = motion.cut(0.5, 1.5)
        assert piece.duration == 1.0
        assert torch.equal(piece.joints, motion.joints[15:45])
        assert piece.rotations is not None
        assert motion.rotations is not None
        assert torch.equal(piece.rotations, motion.rotations[15:45])

    def test_is_the_same_span_at_any_frame_rate(self) -> None:
        slow, fast = moving(41, 20.0).cut(0.5, 1.5), moving(121, 60.0).cut(0.5, 1.5)
        assert torch.allclose(slow.joints, fast.joints[::3], atol=1e-5)

    def test_pieces_make_the_whole(self) -> None:
        motion = moving()
        pieces = [motion.cut(0.0, 0.6), motion.cut(0.6, 1.1), motion.cut(1.1)]
        assert torch.equal(torch.cat([piece.joints for piece in pieces]), motion.joints)

    @pytest.mark.parametrize(
        "span",
        [
            (-0.1, 1.0),
            (1.0, 1.0),
            (1.0, 0.5),
            (0.0, 9.0),
            (2.05, None),
            (0.0, math.inf),
            (math.nan, 1.0),
        ],
    )
    def test_outside_the_motion_says_what_there_is(self, span: tuple[float, float | None]) -> None:
        with pytest.raises(ValueError, match=r"cannot cut .* s out of a motion of 2\.05 s"):
            moving().cut(*span)


class TestResampled:
    def test_to_its_own_rate_is_itself(self) -> None:
        motion = moving()
        assert motion.resampled(20.0) is motion

    @pytest.mark.parametrize("rotations", [True, False])
    @given(old=fps, new=fps)
    def test_keeps_the_first_frame_and_the_duration(
        self, rotations: bool, old: float, new: float
    ) -> None:
        motion = moving(40, old, rotations=rotations)
        other = motion.resampled(new)
        assert other.fps == new
        assert torch.allclose(other.joints[0], motion.joints[0], atol=1e-5)
        span = (len(motion) - 1) / old - (len(other) - 1) / new
        assert -1e-6 < span < 1 / new + 1e-6

    @pytest.mark.parametrize("rotations", [True, False])
    @given(old=fps, new=fps)
    def test_bones_keep_their_lengths(self, rotations: bool, old: float, new: float) -> None:
        motion = moving(40, old, rotations=rotations).resampled(new)
        lengths = torch.tensor(BODY.offsets)[1:].norm(dim=-1)
        assert (motion.bone_lengths() - lengths).abs().max() < 1e-5

    @given(old=fps, new=fps)
    def test_joints_follow_the_rotations(self, old: float, new: float) -> None:
        assert follows_its_rotations(moving(40, old).resampled(new))

    @pytest.mark.parametrize("rotations", [True, False])
    @pytest.mark.parametrize(("slow", "fast"), [(20.0, 60.0), (20.0, 30.0), (12.5, 20.0)])
    def test_up_and_down_again_is_near(self, slow: float, fast: float, rotations: bool) -> None:
        motion = moving(50, slow, rotations=rotations)
        again = motion.resampled(fast).resampled(slow)
        assert (again.joints - motion.joints[: len(again)]).norm(dim=-1).max() < 0.01

    @pytest.mark.parametrize("rotations", [True, False])
    def test_down_meets_the_same_moments(self, rotations: bool) -> None:
        motion = moving(61, 60.0, rotations=rotations)
        assert same(motion.resampled(20.0), moving(21, 20.0, rotations=rotations))

    def test_keeps_bones_that_a_file_moves(self) -> None:
        motion = moving()
        stretched = motion.joints.clone()
        stretched[:, BODY.index("head")] += torch.tensor((0.0, 0.1, 0.0))
        moved = replace(motion, joints=stretched).resampled(30.0).resampled(20.0)
        assert (moved.joints - stretched[: len(moved)]).norm(dim=-1).max() < 0.01

    def test_of_a_single_frame_is_a_single_frame(self) -> None:
        assert len(moving(1).resampled(120.0)) == 1

    @pytest.mark.parametrize("rate", [0.0, -20.0, math.inf, math.nan])
    def test_refuses_a_rate_that_is_none(self, rate: float) -> None:
        with pytest.raises(ValueError, match="wanted a positive number"):
            moving().resampled(rate)


class TestMirrored:
    @pytest.mark.parametrize("rotations", [True, False])
    def test_twice_is_itself(self, rotations: bool) -> None:
        motion = moving(rotations=rotations)
        twice = motion.mirrored().mirrored()
        assert same(twice, motion)
        assert twice.skeleton == motion.skeleton

    def test_left_becomes_right_across_the_body(self) -> None:
        motion = moving()
        seen = motion.mirrored()
        for joint in ("wrist", "foot", "hip"):
            other = motion.joint(f"right_{joint}") * torch.tensor((-1.0, 1.0, 1.0))
            assert torch.equal(seen.joint(f"left_{joint}"), other)
        assert torch.equal(seen.joint("pelvis")[:, 0], -motion.joint("pelvis")[:, 0])

    def test_joints_follow_the_mirrored_rotations(self) -> None:
        seen = moving().mirrored()
        assert follows_its_rotations(seen)
        assert seen.rotations is not None
        assert torch.linalg.det(seen.rotations).min() > 0.99

    def test_still_faces_where_it_goes(self) -> None:
        motion = moving()
        flip = torch.tensor((-1.0, 1.0, 1.0))
        assert torch.allclose(motion.mirrored().facing(), motion.facing() * flip, atol=1e-5)

    def test_tips_go_to_the_other_hand(self) -> None:
        tips = (("left_wrist", (0.1, 0.02, 0.03)), ("head", (0.01, 0.2, 0.0)))
        motion = moving()
        motion = replace(motion, skeleton=replace(BODY, ends=tips))
        seen, flip = motion.mirrored(), torch.tensor((-1.0, 1.0, 1.0))
        assert torch.allclose(seen.end("right_wrist"), motion.end("left_wrist") * flip, atol=1e-5)
        assert torch.allclose(seen.end("head"), motion.end("head") * flip, atol=1e-5)

    def test_all_tips_of_a_joint_are_kept(self) -> None:
        tips = (("left_foot", (0.1, 0.0, 0.2)), ("left_foot", (-0.1, 0.0, 0.2)))
        seen = replace(moving(), skeleton=replace(BODY, ends=tips)).mirrored()
        assert seen.skeleton.ends == (
            ("right_foot", (-0.1, 0.0, 0.2)),
            ("right_foot", (0.1, 0.0, 0.2)),
        )


class TestCaptions:
    @pytest.mark.parametrize(
        ("caption", "mirrored"),
        [
            ("a person waves the left hand", "a person waves the right hand"),
            ("Right foot first, then LEFT.", "Left foot first, then RIGHT."),
            ("turns clockwise", "turns counterclockwise"),
            ("turns counter-clockwise", "turns clockwise"),
            ("turns anticlockwise", "turns clockwise"),
            ("the lefthanded player steps rightwards", "the righthanded player steps leftwards"),
            ("turn_left", "turn_right"),
            ("what is leftover stays bright", "what is leftover stays bright"),
        ],
    )
    def test_sides_are_exchanged_as_whole_words(self, caption: str, mirrored: str) -> None:
        assert mirror_caption(caption) == mirrored

    @given(st.lists(st.sampled_from(SIDED)))
    def test_twice_is_the_caption_again(self, words: list[str]) -> None:
        caption = " ".join(words)
        assert mirror_caption(mirror_caption(caption)) == caption

    def test_motion_captions_and_labels_are_mirrored_together(self) -> None:
        clip = CaptionedMotion("a1", moving(), ("waves left",), {"content": "wave-left"})
        twin = clip.mirrored()
        assert (twin.id, twin.captions) == ("Ma1", ("waves right",))
        assert twin.labels == {"content": "wave-right"}
        assert same(twin.motion, clip.motion.mirrored())

    @pytest.mark.parametrize("captions", [(), ("",), ("walks", "  ")])
    def test_an_empty_caption_is_refused(self, captions: tuple[str, ...]) -> None:
        with pytest.raises(ValueError, match="clip 'a1' has an empty caption"):
            CaptionedMotion("a1", moving(), captions)


class TestCentred:
    @pytest.mark.parametrize("rotations", [True, False])
    @given(turn=angle, x=st.floats(-5, 5), z=st.floats(-5, 5))
    def test_forgets_where_the_motion_was_and_faced(
        self, rotations: bool, turn: float, x: float, z: float
    ) -> None:
        motion = moving(rotations=rotations)
        elsewhere = motion.turned(yaw(turn)).moved(torch.tensor((x, 0.0, z)))
        assert same(elsewhere.centred(), motion.centred(), within=1e-4)

    def test_starts_above_the_origin_facing_ahead(self) -> None:
        centred = moving().centred()
        assert centred.joints[0, 0, [0, 2]].abs().max() < 1e-6
        assert torch.allclose(centred.facing()[0], torch.tensor((0.0, 0.0, 1.0)), atol=1e-6)

    def test_keeps_heights(self) -> None:
        motion = moving()
        assert torch.allclose(motion.centred().joints[..., 1], motion.joints[..., 1], atol=1e-6)

    def test_twice_is_once(self) -> None:
        assert same(moving().centred().centred(), moving().centred())

    def test_joints_follow_the_rotations(self) -> None:
        assert follows_its_rotations(moving().turned(yaw(1.0)).centred())

    def test_needs_to_know_hips_or_shoulders(self) -> None:
        blank = replace(moving(), skeleton=replace(BODY, across=()))
        with pytest.raises(LookupError, match="names no hips or shoulders"):
            blank.centred()


def test_a_body_at_rest_faces_ahead_with_its_left_on_the_positive_side() -> None:
    rest = Motion.from_rotations(
        EYE.expand(2, len(BODY), 3, 3), torch.zeros(2, 3), fps=20.0, skeleton=BODY
    )
    assert torch.allclose(rest.facing(), torch.tensor((0.0, 0.0, 1.0)), atol=0.05)
    assert (rest.joint("left_wrist")[:, 0] > 0).all()


def test_grounded_stands_on_the_floor_and_moves_nothing_else() -> None:
    motion = moving()
    grounded = motion.grounded()
    assert grounded.joints[..., 1].min() == pytest.approx(0, abs=1e-6)
    shift = grounded.joints - motion.joints
    assert torch.allclose(shift, shift[0, 0].expand_as(shift), atol=1e-6)
    assert shift[0, 0, [0, 2]].abs().max() < 1e-6


def test_an_end_is_where_its_joint_turns_it() -> None:
    tip = (0.0, 0.2, 0.0)
    motion = replace(moving(), skeleton=replace(BODY, ends=(("head", tip),)))
    assert ((motion.end("head") - motion.joint("head")).norm(dim=-1) - 0.2).abs().max() < 1e-5
    with pytest.raises(LookupError, match="'pelvis' has no tip here; tips hang on: head"):
        motion.end("pelvis")


class TestBatch:
    @pytest.mark.parametrize("rotations", [True, False])
    def test_unpadding_gives_the_motions_back(self, rotations: bool) -> None:
        motions = [moving(n, seed=n, rotations=rotations) for n in (5, 17, 1, 9)]
        batch = MotionBatch.of(motions, frames=32)
        assert batch.joints.shape == (4, 32, len(BODY), 3)
        assert batch.lengths.tolist() == [5, 17, 1, 9]
        assert all(map(same, batch.motions(), motions))

    def test_padding_is_zero_and_masked(self) -> None:
        batch = MotionBatch.of([moving(3), moving(6)])
        assert batch.mask.tolist() == [[True] * 3 + [False] * 3, [True] * 6]
        assert (batch.joints[0, 3:] == 0).all()

    def test_drops_rotations_that_only_some_have(self) -> None:
        assert MotionBatch.of([moving(3), moving(6, rotations=False)]).rotations is None

    def test_refuses_what_cannot_stand_together(self) -> None:
        with pytest.raises(ValueError, match="one frame rate, these have 20 and 30 fps"):
            MotionBatch.of([moving(), moving(fps=30.0)])
        other = Motion(torch.zeros(3, 21, 3), 20.0, get("kit"))
        with pytest.raises(ValueError, match="these have 'humanml3d' and 'kit'"):
            MotionBatch.of([moving(), other])
        with pytest.raises(ValueError, match="at least one motion"):
            MotionBatch.of([])
        with pytest.raises(ValueError, match="has 41 frames, more than 8"):
            MotionBatch.of([moving()], frames=8)


@pytest.mark.parametrize(
    ("joints", "rate", "sentence"),
    [
        (torch.zeros(4, 66), 20.0, r"joints have shape \(4, 66\), wanted \(frame, joint, 3\)"),
        (torch.zeros(4, 21, 3), 20.0, "motion has 21 joints, skeleton 'humanml3d' has 22"),
        (torch.zeros(0, 22, 3), 20.0, "at least one frame"),
        (torch.zeros(4, 22, 3), 0.0, r"fps is 0\.0, wanted a positive number"),
        (torch.zeros(4, 22, 3), math.nan, "fps is nan, wanted a positive number"),
        (
            torch.zeros(4, 22, 3).index_fill_(0, torch.tensor([2]), math.nan),
            20.0,
            "not finite at frame 2",
        ),
    ],
)
def test_what_cannot_be_a_motion_is_refused(joints: Tensor, rate: float, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Motion.__post_init__(_bare(joints, rate))


def _bare(joints: Tensor, rate: float) -> Motion:
    """A motion whose fields were set without any check, as users without beartype have it."""
    motion = object.__new__(Motion)
    for name, value in (("joints", joints), ("fps", rate), ("skeleton", BODY), ("rotations", None)):
        object.__setattr__(motion, name, value)
    return motion
