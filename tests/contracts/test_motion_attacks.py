"""Every attack on motions keeps the promises of ``evaluation/attacks/motions/__init__.py``."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import doubles
import moving_bodies
import pytest
import torch
from torch import Tensor

from moclip.evaluation.attacks import motions
from moclip.evaluation.attacks.motions.base import MotionVictim
from moclip.motion import Motion, MotionBatch

NAMES = motions.names()
TOWER = doubles.model().motion.requires_grad_(False)
MOTIONS = [
    doubles.walk(1.2, frames=30),
    doubles.walk(0.4, frames=12, lean=0.1),
    *moving_bodies.batch().motions()[:1],
]


def encode(batch: MotionBatch) -> Tensor:
    vectors: Tensor = TOWER(batch)
    return vectors


VICTIM = MotionVictim(encode=encode)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def module(name: str) -> ModuleType:
    return __import__(f"moclip.evaluation.attacks.motions.{name}", fromlist=["perturb"])


def strongest(name: str, clips: Sequence[Motion] = MOTIONS, *, seed: int = 0) -> list[Motion]:
    strength = module(name).STRENGTHS[-1]
    return motions.perturb(name, clips, VICTIM, strength=strength, seed=seed)


def same(one: Motion, other: Motion) -> bool:
    return torch.equal(one.joints, other.joints)


def test_it_is_documented(name: str) -> None:
    first = (inspect.getdoc(module(name)) or "").splitlines()[0]
    assert 0 < len(first) <= 100
    page = (Path(__file__).parents[2] / "docs" / "robustness.md").read_text()
    assert f"\n| `{name}` |" in page


def test_its_strengths_grow(name: str) -> None:
    strengths = module(name).STRENGTHS
    assert strengths[0] > 0
    assert list(strengths) == sorted(set(strengths))


def test_strength_0_changes_nothing(name: str) -> None:
    found = motions.perturb(name, MOTIONS, VICTIM, strength=0)
    for one, clean in zip(found, MOTIONS, strict=True):
        assert torch.allclose(one.joints, clean.joints, atol=1e-6)


def test_the_strongest_moves_joints_and_keeps_the_rest(name: str) -> None:
    for one, clean in zip(strongest(name), MOTIONS, strict=True):
        assert one.joints.shape == clean.joints.shape
        assert one.joints.isfinite().all()
        assert (one.fps, one.skeleton) == (clean.fps, clean.skeleton)
        assert one.rotations is None
    moved = [not same(a, b) for a, b in zip(strongest(name), MOTIONS, strict=True)]
    assert any(moved)


def test_the_motion_that_came_is_not_written_to(name: str) -> None:
    before = [motion.joints.clone() for motion in MOTIONS]
    strongest(name)
    assert all(torch.equal(m.joints, b) for m, b in zip(MOTIONS, before, strict=True))


def test_neighbours_in_the_list_make_no_difference(name: str) -> None:
    together = strongest(name)
    backwards = strongest(name, MOTIONS[::-1])[::-1]
    assert all(same(a, b) for a, b in zip(together, backwards, strict=True))


def test_the_seed_decides(name: str) -> None:
    once, again, other = (strongest(name, seed=seed) for seed in (1, 1, 2))
    assert all(same(a, b) for a, b in zip(once, again, strict=True))
    if name != "joint_gradient":  # it may well end at the same place from another start
        assert not all(same(a, b) for a, b in zip(once, other, strict=True))


def test_wrong_options_are_told(name: str) -> None:
    with pytest.raises(ValueError, match="no option 'strenght'"):
        motions.perturb(name, MOTIONS, VICTIM, strenght=1)
    with pytest.raises(ValueError, match="strength"):
        motions.perturb(name, MOTIONS, VICTIM, strength=-1)


def test_an_attack_that_is_not_there_is_told() -> None:
    with pytest.raises(LookupError, match="there are: dropped_joints, joint_gradient"):
        motions.perturb("joint_nose", MOTIONS)


def test_what_the_victim_lacks_is_named() -> None:
    with pytest.raises(ValueError, match="the victim has no 'encode'"):
        motions.perturb("joint_gradient", MOTIONS)
