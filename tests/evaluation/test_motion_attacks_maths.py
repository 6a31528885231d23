"""What attacks on motions do to bones, time and the cosine."""

import doubles
import moving_bodies
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from moclip import datasets
from moclip.evaluation.attacks import motions
from moclip.evaluation.attacks.motions.base import MotionVictim
from moclip.motion import Motion, MotionBatch

TOWER = doubles.model().motion.requires_grad_(False)


def encode(batch: MotionBatch) -> Tensor:
    vectors: Tensor = TOWER(batch)
    return vectors


def directions(motion: Motion) -> Tensor:
    parents = list(motion.skeleton.parents[1:])
    return motion.joints[:, 1:] - motion.joints[:, parents]


def angles(one: Motion, other: Motion) -> Tensor:
    """Between the same bones of two motions, in radians."""
    a, b = (torch.nn.functional.normalize(directions(m).double(), dim=-1) for m in (one, other))
    return torch.atan2(torch.linalg.cross(a, b).norm(dim=-1), (a * b).sum(-1))


def test_the_gradient_turns_bones_within_the_ball_and_keeps_their_lengths() -> None:
    (clean,) = moving_bodies.batch().motions()[:1]
    for strength in (0.02, 0.1):
        (found,) = motions.perturb(
            "joint_gradient", [clean], MotionVictim(encode), strength=strength
        )
        assert torch.allclose(found.bone_lengths(), clean.bone_lengths(), atol=1e-5)
        assert torch.equal(found.joints[:, 0], clean.joints[:, 0])
        assert angles(found, clean).max() <= strength * 1.001
        assert angles(found, clean).max() > strength / 2


def test_the_gradient_finds_more_than_chance() -> None:
    clean = moving_bodies.batch().motions()[0]
    (found,) = motions.perturb("joint_gradient", [clean], MotionVictim(encode), strength=0.05)
    (random,) = motions.perturb(
        "joint_gradient", [clean], MotionVictim(_fooled), strength=0.05, steps=1, restarts=1
    )
    vectors = encode(MotionBatch.of([clean, found, random]))
    attacked, by_chance = cosine_similarity(vectors[1:], vectors[:1])
    assert attacked < by_chance - 1e-6


def _fooled(batch: MotionBatch) -> Tensor:
    """An encoder without a slope to follow: what is found is a random point."""
    return torch.sin(1e4 * batch.joints.flatten(1)[:, :8])


def test_it_is_driven_from_the_aim_where_there_is_one() -> None:
    clean = moving_bodies.batch().motions()[0]
    aim = torch.randn(doubles.DIM, generator=torch.Generator().manual_seed(0))
    (found,) = motions.perturb("joint_gradient", [clean], MotionVictim(encode, lambda _: aim))
    before, after = cosine_similarity(encode(MotionBatch.of([clean, found])), aim[None])
    assert after < before


def test_noise_has_the_deviation_asked_for() -> None:
    clean = doubles.walk(1.0, frames=400)
    (found,) = motions.perturb("joint_noise", [clean], strength=0.02)
    assert abs(float((found.joints - clean.joints).std()) - 0.02) < 5e-4


def test_lost_joints_hang_stiffly_and_a_stronger_attack_loses_them_too() -> None:
    clean = next(c.motion for c in datasets.load("bundled", "test"))
    held = []
    for strength in (0.25, 0.5, 1.0):
        (found,) = motions.perturb("dropped_joints", [clean], strength=strength)
        still = (directions(found) - directions(found)[:1]).abs().amax(dim=(0, 2)) < 1e-5
        assert int(still.sum()) == round(strength * 21)
        held.append(set(still.nonzero()[:, 0].tolist()))
        assert torch.allclose(found.bone_lengths(), clean.bone_lengths(), atol=2e-3)
    assert held[0] < held[1] < held[2]


def test_time_never_runs_back() -> None:
    clean = doubles.walk(1.0, frames=60)
    (found,) = motions.perturb("time_jitter", [clean], strength=3.0)
    ahead = found.joints[:, 0, 2]
    assert (ahead.diff() >= 0).all()
    assert ahead.min() >= clean.joints[0, 0, 2]
    assert ahead.max() <= clean.joints[-1, 0, 2]
    assert not torch.allclose(ahead, clean.joints[:, 0, 2])
