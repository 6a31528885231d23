"""Feet, floor and smoothness of motions whose values are known."""

import math
import re
import zipfile
from pathlib import Path

import moving_bodies
import numpy as np
import pytest
import torch
from scipy.ndimage import uniform_filter1d
from torch import Tensor

from moclip import datasets, skeletons
from moclip.evaluation.metrics.acceleration import mean_acceleration
from moclip.evaluation.metrics.foot_sliding import skating, sliding
from moclip.evaluation.metrics.ground_penetration import penetration
from moclip.evaluation.metrics.jerk import mean_jerk
from moclip.formats import bvh
from moclip.motion import Motion
from moclip.retargeting import canonical

BODY = skeletons.get("humanml3d")


def standing(frames: int = 30, fps: float = 20.0) -> Motion:
    """A still body with its toes at y = 0 and its ankles above them."""
    still = Motion.from_rotations(
        torch.eye(3, dtype=torch.float64).expand(frames, len(BODY), 3, 3),
        torch.zeros(frames, 3, dtype=torch.float64),
        fps=fps,
        skeleton=BODY,
    )
    return Motion(still.grounded().joints, fps, BODY)


def along(path: Tensor, fps: float = 20.0) -> Motion:
    """The still body carried along a path ``(frame, 3)``."""
    body = standing(len(path), fps)
    return Motion(body.joints + path[:, None], fps, BODY)


def times(frames: int, fps: float) -> Tensor:
    return torch.arange(frames, dtype=torch.float64) / fps


def straight(velocity: tuple[float, float, float], frames: int = 30, fps: float = 20.0) -> Tensor:
    return times(frames, fps)[:, None] * torch.tensor(velocity, dtype=torch.float64)


@pytest.mark.parametrize("fps", [12.5, 20.0, 120.0])
@pytest.mark.parametrize("speed", [0.0, 0.3, 2.0])
def test_feet_on_the_floor_slide_at_the_speed_of_the_body(speed: float, fps: float) -> None:
    body = along(straight((0.6 * speed, 0, 0.8 * speed), fps=fps), fps)
    assert sliding([body]) == pytest.approx(speed)
    assert sliding([body, standing()]) == pytest.approx(speed / 2)


def test_feet_in_the_air_do_not_slide() -> None:
    high = along(straight((1.0, 0, 0)) + torch.tensor((0, 0.2, 0)))
    assert math.isnan(sliding([high]))
    assert skating([high]) == 0
    assert sliding([high, along(straight((1.0, 0, 0)))]) == pytest.approx(1)


def test_only_the_standing_foot_counts() -> None:
    joints = standing().joints.clone()
    left = [BODY.index(joint) for joint in BODY.limb("left_leg")]
    joints[:, left] += straight((0, 0, 2.0))[:, None] + torch.tensor((0, 0.3, 0))
    assert sliding([Motion(joints, 20.0, BODY)]) == 0


def test_ankles_are_not_on_the_floor_when_toes_are_in_the_air() -> None:
    joints = standing().joints.clone()
    for side in ("left", "right"):
        joints[:, BODY.index(f"{side}_ankle"), 1] = 0.01
        joints[:, BODY.index(f"{side}_foot"), 1] = 0.10
    assert math.isnan(sliding([Motion(joints, 20.0, BODY)]))


def test_going_up_and_down_is_no_sliding() -> None:
    bobbing = torch.zeros(30, 3, dtype=torch.float64)
    bobbing[::2, 1] = 0.02
    assert sliding([along(bobbing)]) == 0


@pytest.mark.parametrize(("speed", "steps"), [(0.45, 0), (0.55, 25), (1.0, 29)])
def test_feet_skate_beyond_half_a_metre_per_second(speed: float, steps: int) -> None:
    """Of 29 steps. The window of five sees no speed before the first and after the last, so that at
    0.55 m/s the mean of two steps at either end is below 0.5 m/s."""
    assert skating([along(straight((speed, 0, 0)))]) == pytest.approx(100 * steps / 29)


def plain_skating(motion: Motion) -> float:
    """As GMD's script takes it, for 20 fps."""
    feet = motion.joints[:, [10, 11]].numpy().transpose(1, 2, 0)
    speed = np.linalg.norm(feet[:, [0, 2], 1:] - feet[:, [0, 2], :-1], axis=1) * 20
    mean = uniform_filter1d(speed, axis=-1, size=5, mode="constant", origin=0)
    low = (feet[:, 1, :-1] < 0.05) & (feet[:, 1, 1:] < 0.05)
    return float(100 * (low & (speed > 0.5) & (mean > 0.5)).any(axis=0).mean())


@pytest.mark.parametrize("seed", range(5))
def test_skating_is_that_of_the_published_script(seed: int) -> None:
    motion = moving_bodies.wandering(60, seed=seed)
    low = motion.moved(-motion.joints[:, [10, 11], 1].median() * torch.tensor((0.0, 1.0, 0.0)))
    low = Motion(low.joints.double(), 20.0, BODY)
    assert plain_skating(low) > 0
    assert skating([low]) == pytest.approx(plain_skating(low))


def test_every_known_skeleton_has_toes() -> None:
    from moclip import catalog
    from moclip.evaluation.metrics.foot_sliding import _toes

    for name in catalog.names("skeletons"):
        body = skeletons.get(name)
        toes = {body.joint_names[joint] for joint in _toes(body)}
        assert len(toes) >= 2
        assert {body.joint_names[body.mirror[body.index(toe)]] for toe in toes} == toes


def test_a_body_under_the_floor_has_its_depth() -> None:
    down = torch.tensor((0, -0.1, 0))
    assert penetration([standing()]) == 0
    assert penetration([along(straight((1, 0, 0)) + down)]) == pytest.approx(0.1)
    half = torch.zeros(30, 3, dtype=torch.float64)
    half[:15] = down
    assert penetration([along(half)]) == pytest.approx(0.05)
    assert penetration([along(half), standing(90)]) == pytest.approx(0.025)


@pytest.mark.parametrize("fps", [20.0, 30.0, 120.0])
def test_a_falling_body_has_the_acceleration_of_gravity_and_no_jerk(fps: float) -> None:
    fall = torch.zeros(30, 3, dtype=torch.float64)
    fall[:, 1] = -9.81 / 2 * times(30, fps) ** 2
    fall += straight((3.0, 4.0, 0), fps=fps)
    assert mean_acceleration([along(fall, fps)]) == pytest.approx(9.81)
    assert mean_jerk([along(fall, fps)]) == pytest.approx(0, abs=1e-5)


def test_a_body_at_constant_speed_has_neither() -> None:
    steady = [along(straight((1.0, 0.5, 2.0)))]
    assert mean_acceleration(steady) == pytest.approx(0, abs=1e-9)
    assert mean_jerk(steady) == pytest.approx(0, abs=1e-8)


def test_a_cubic_has_the_jerk_of_its_coefficient() -> None:
    cubic = torch.zeros(30, 3, dtype=torch.float64)
    cubic[:, 2] = 5.0 * times(30, 20) ** 3
    assert mean_jerk([along(cubic)]) == pytest.approx(30)
    assert mean_jerk([along(cubic), standing()]) == pytest.approx(15)


def test_jerk_is_the_mean_taken_joint_by_joint() -> None:
    motion = moving_bodies.wandering(12)
    p = motion.joints.double()
    found = [
        float((p[t + 3, j] - 3 * p[t + 2, j] + 3 * p[t + 1, j] - p[t, j]).norm()) * 20**3
        for t in range(9)
        for j in range(len(BODY))
    ]
    assert mean_jerk([motion]) == pytest.approx(sum(found) / len(found))


def test_trembling_of_a_millimetre_has_sixty_metres_per_second_cubed() -> None:
    body = standing(400)
    noise = 1e-3 * torch.randn(body.joints.shape, generator=torch.Generator().manual_seed(0))
    assert 50 < mean_jerk([Motion(body.joints + noise, 20.0, BODY)]) < 65


def test_short_motions_and_none_are_told() -> None:
    with pytest.raises(ValueError, match="jerk takes motions of at least 4 frames, one has 3"):
        mean_jerk([standing(3)])
    with pytest.raises(ValueError, match="acceleration takes motions of at least 3 frames"):
        mean_acceleration([standing(2)])
    with pytest.raises(ValueError, match="at least 2 frames, one has 1"):
        skating([standing(1)])
    with pytest.raises(ValueError, match="no motions came"):
        penetration([])


def test_a_skeleton_without_feet_is_told() -> None:
    bare = skeletons.base.build("stick", (("a", None, (0.0, 0.0, 0.0)),))
    with pytest.raises(LookupError, match="'stick' has no limb 'feet'"):
        sliding([Motion(torch.zeros(5, 1, 3), 20.0, bare)])


def test_captured_feet_slide_little() -> None:
    clips = [clip.motion for clip in datasets.load("bundled", "test")]
    faster = [Motion(m.joints * torch.tensor((2.0, 1.0, 2.0)), m.fps, m.skeleton) for m in clips]
    assert sliding(clips) < 0.5
    assert sliding(faster) > 1.9 * sliding(clips)
    assert penetration(clips) < 0.01


def test_captured_walks_stand_unless_their_root_is_held_and_are_smooth(shared_data: Path) -> None:
    with zipfile.ZipFile(
        shared_data / "bandai_namco" / "bandai_namco_motiondataset.zip"
    ) as archive:
        names = [name for name in archive.namelist() if re.search(r"_walk_.*bvh", name)]
        walks = [canonical(bvh.decode(archive.read(name), name=name)) for name in names[:3]]
    in_place = [
        Motion(m.joints - m.joints[:, :1] * torch.tensor((1.0, 0, 1.0)), m.fps, m.skeleton)
        for m in walks
    ]
    assert sliding(walks) < 0.25
    assert sliding(in_place) > 3 * sliding(walks)
    assert 1 < mean_acceleration(walks) < 10
    assert 10 < mean_jerk(walks) < 200
