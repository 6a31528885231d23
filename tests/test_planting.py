"""Feet that stand: they stay, bones keep their lengths, and what swings is left alone."""

import doubles
import pytest
import torch

from moclip import geometry, skeletons
from moclip.models.autoencoder.frames import posed
from moclip.motion import Motion
from moclip.planting import LEGS, bend, planted, stands

BODY = skeletons.get("humanml3d")


def gliding(speed: float = 0.2, *, frames: int = 30, crouch: float = 0.12) -> Motion:
    """A crouching body whose feet should stand, all of it sliding along the floor."""
    turns = torch.eye(3).repeat(frames, len(BODY), 1, 1)
    for joint, angle in (("hip", -crouch), ("knee", 2 * crouch), ("ankle", -crouch)):
        for side in ("left", "right"):
            turned = geometry.axis_rotation("X", torch.full((frames,), 4 * angle))
            turns[:, BODY.index(f"{side}_{joint}")] = turned
    root = torch.zeros(frames, 3)
    root[:, 2] = torch.arange(frames) / 20 * speed
    motion = Motion.from_rotations(turns, root, fps=20.0, skeleton=BODY)
    return motion.moved(torch.tensor([0.0, -float(motion.joints[..., 1].min()), 0.0]))


def foot_speed(motion: Motion) -> float:
    feet = torch.stack([motion.joint(leg.ankle) for leg in LEGS], dim=1)
    return float(feet.diff(dim=0).norm(dim=-1).mean() * motion.fps)


def largest_speed(motion: Motion, joint: str) -> float:
    return float(motion.joint(joint).diff(dim=0).norm(dim=-1).max() * motion.fps)


def test_feet_that_glide_are_held() -> None:
    before = gliding()
    after = planted(before)
    assert foot_speed(before) == pytest.approx(0.2, rel=1e-3)
    assert foot_speed(after) < 0.02


def test_bones_and_the_root_keep_what_they_were() -> None:
    before = gliding()
    after = planted(before)
    torch.testing.assert_close(after.bone_lengths(), before.bone_lengths(), atol=1e-5, rtol=0)
    torch.testing.assert_close(after.joint("pelvis"), before.joint("pelvis"))
    torch.testing.assert_close(after.joint("head"), before.joint("head"), atol=1e-5, rtol=0)


def test_rotations_bring_about_the_joints() -> None:
    after = planted(gliding())
    assert after.rotations is not None
    again = Motion.from_rotations(
        after.rotations, after.joints[:, 0], fps=after.fps, skeleton=after.skeleton
    )
    torch.testing.assert_close(again.joints, after.joints, atol=1e-5, rtol=0)


def test_positions_alone_are_planted_alike() -> None:
    before = gliding()
    bare = planted(Motion(before.joints, before.fps, before.skeleton))
    assert bare.rotations is None
    torch.testing.assert_close(bare.joints, planted(before).joints, atol=1e-4, rtol=0)


def test_a_real_walk_hardly_changes() -> None:
    from moclip import datasets

    walk = next(c for c in datasets.load("bundled", "all") if "walk" in c.captions[0])
    before = posed(walk.motion)
    off = (planted(before).joints - before.joints).norm(dim=-1)
    assert off.mean() < 0.01


def test_the_one_who_decodes_says_when_a_foot_stands() -> None:
    before = gliding()
    stance = torch.zeros(len(before), 2, 2, dtype=torch.bool)
    torch.testing.assert_close(planted(before, stance).joints, before.joints, atol=1e-5, rtol=0)
    stance[5:15, 0] = True
    after = planted(before, stance)
    left, right = (after.joint(leg.ankle) for leg in LEGS)
    assert left[5:15].diff(dim=0).norm(dim=-1).max() < 1e-4
    torch.testing.assert_close(right, before.joint(LEGS[1].ankle), atol=1e-5, rtol=0)
    jumps = left.diff(dim=0).norm(dim=-1) * 20
    assert jumps.max() < 1.0  # it is eased in and out


def test_toes_are_held_when_the_heel_has_left_the_floor() -> None:
    before = gliding()
    stance = torch.zeros(len(before), 2, 2, dtype=torch.bool)
    stance[5:20, 0, 1] = True
    after = planted(before, stance)
    toes = after.joint("left_foot")[5:20, [0, 2]]
    assert toes.diff(dim=0).norm(dim=-1).max() < 1e-4
    torch.testing.assert_close(after.bone_lengths(), before.bone_lengths(), atol=1e-5, rtol=0)


def test_a_standing_foot_does_not_turn() -> None:
    before = gliding(0.0)
    assert before.rotations is not None
    turns = before.rotations.clone()
    swing = 0.3 * torch.sin(torch.arange(len(before)) / 2.0)
    for side in ("left", "right"):
        ankle = BODY.index(f"{side}_ankle")
        turns[:, ankle] = turns[:, ankle] @ geometry.axis_rotation("Y", swing)
    moving = Motion.from_rotations(turns, before.joints[:, 0], fps=20.0, skeleton=BODY)
    stance = torch.ones(len(before), 2, 2, dtype=torch.bool)
    after = planted(moving, stance)
    assert largest_speed(moving, "left_foot") > 0.3
    assert largest_speed(after, "left_foot") < 1e-3
    assert largest_speed(after, "left_ankle") < 1e-3  # nor does it turn about its toes


def test_hips_come_down_where_a_straight_leg_does_not_reach() -> None:
    before = gliding(0.6, crouch=0.0)
    stance = torch.ones(len(before), 2, 2, dtype=torch.bool)
    stance[20:] = False
    after = planted(before, stance)
    lower = before.joint("pelvis")[:, 1] - after.joint("pelvis")[:, 1]
    assert 0.01 < float(lower[:20].max()) <= 0.1
    for leg in LEGS:
        assert largest_speed(after.cut(0.0, 1.0), leg.ankle) < 0.02
    assert lower.diff().abs().max() < 0.03  # metres a frame: it is no fall
    assert lower[-1] < 1e-3


def test_a_foot_that_moves_or_hangs_does_not_stand() -> None:
    still = gliding(0.0)
    assert stands(still, "left_ankle").all()
    assert not stands(gliding(2.0), "left_ankle").any()
    lifted = still.joints.clone()
    lifted[10:20, BODY.index("left_ankle"), 1] += 0.3
    found = stands(Motion(lifted, 20.0, BODY), "left_ankle")
    assert not found[10:20].any()
    assert found[:10].all()


def test_a_leg_reaches_as_far_as_its_bones() -> None:
    hip = torch.zeros(1, 3)
    knee, ankle = torch.tensor([[0.1, -0.4, 0.0]]), torch.tensor([[0.0, -0.8, 0.0]])
    for goal in (torch.tensor([[0.3, -0.5, 0.2]]), torch.tensor([[0.0, -5.0, 0.0]])):
        bent, reached = bend(hip, knee, ankle, goal)
        torch.testing.assert_close((bent - hip).norm(), (knee - hip).norm(), atol=1e-5, rtol=0)
        torch.testing.assert_close(
            (reached - bent).norm(), (ankle - knee).norm(), atol=1e-5, rtol=0
        )
    near, far = torch.tensor([[0.3, -0.5, 0.2]]), torch.tensor([[0.0, -5.0, 0.0]])
    torch.testing.assert_close(bend(hip, knee, ankle, near)[1], near, atol=1e-5, rtol=0)
    reached = bend(hip, knee, ankle, far)[1]
    assert -0.83 < float(reached[0, 1]) < -0.8


def test_another_body_is_told() -> None:
    skeleton = skeletons.get("deepmimic")
    other = Motion(torch.zeros(3, len(skeleton), 3), 20.0, skeleton)
    with pytest.raises(LookupError, match="'deepmimic' has no joint"):
        planted(other)


def test_a_frame_is_no_stance() -> None:
    one = doubles.walk(0.5, frames=12)
    first = Motion(one.joints[:1], one.fps, one.skeleton)
    torch.testing.assert_close(planted(first).joints, first.joints)
