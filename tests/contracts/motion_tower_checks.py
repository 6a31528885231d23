"""What must hold for any motion tower, each the counterpart of a fault of the published code.

The code published with arXiv 2505.10810 has twelve faults we know of; these five are the motion
tower's, under their numbers. A check raises ``AssertionError``.
"""

from dataclasses import replace

import moving_bodies
import torch

from moclip.models.motion.base import MotionTower
from moclip.motion import MotionBatch

TOLERANCE = 1e-5


def check_normalised_features_are_refused(tower: MotionTower) -> None:
    """Fault 1: joints recovered from z-scored features, so that bones vary by half."""
    batch = moving_bodies.batch()
    tower(batch)
    deviation, mean = torch.std_mean(batch.joints, dim=(0, 1))
    normalised = replace(batch, joints=(batch.joints - mean) / deviation)
    assert refuses(tower, normalised), "z-scored joints were taken for metres"


def check_padding_makes_no_difference(tower: MotionTower) -> None:
    """Fault 2: padding is not masked, so a vector depends on how far its clip is padded."""
    for frames in (37, 40, 2):
        clip = moving_bodies.wandering(frames)
        alone = tower(MotionBatch.of([clip]))
        for padded in (frames + 1, frames + 40):
            assert close(alone, tower(MotionBatch.of([clip], frames=padded)))


def check_time_has_an_order_and_the_batch_has_none(tower: MotionTower) -> None:
    """Fault 3: positions are counted along the batch, so neighbours matter and time does not."""
    clips = moving_bodies.wanderings(8)
    alone, eighth = tower(MotionBatch.of(clips[-1:])), tower(MotionBatch.of(clips))[-1:]
    assert close(alone, eighth)
    backwards = replace(clips[-1], joints=clips[-1].joints.flip(0))
    assert not close(alone, tower(MotionBatch.of([backwards])), tolerance=1e-3)


def check_every_weight_gets_gradient(tower: MotionTower) -> None:
    """Fault 6: attention pooling is built, a mean is used."""
    tower.zero_grad()
    with torch.enable_grad():
        tower(moving_bodies.batch()).square().sum().backward()
    idle = [n for n, p in tower.named_parameters() if p.grad is None or not p.grad.any()]
    tower.zero_grad()
    assert not idle, f"no gradient reaches {', '.join(idle)}"


def check_limbs_hold_their_joints(tower: MotionTower) -> None:
    """Fault 7: "feet" holds a left elbow and wrist.

    A limb's token changes when one of its joints moves, and only then. Hips, shoulders and the root
    are left out: they tell where all of the body is and faces.
    """
    body = tower.skeleton
    whole = {joint for pair in body.across for joint in pair} | {body.joint_names[0]}
    movable = [joint for joint in body.joint_names if joint not in whole]
    clip = moving_bodies.wandering(16)
    joints = clip.joints.repeat(len(movable), 1, 1, 1)
    for number, joint in enumerate(movable):
        joints[number, :, body.index(joint), 1] += 0.02
    moved = tower.limb_inputs(replace(MotionBatch.of([clip] * len(movable)), joints=joints))
    changed = (moved - tower.limb_inputs(MotionBatch.of([clip]))).abs().amax(dim=(1, 3)) > 1e-6
    for limb, column in zip(tower.limbs, changed.T, strict=True):
        holds = {joint for joint, moves in zip(movable, column.tolist(), strict=True) if moves}
        assert holds == set(body.limb(limb)) - whole, f"'{limb}' holds {sorted(holds)}"


CHECKS = {
    1: check_normalised_features_are_refused,
    2: check_padding_makes_no_difference,
    3: check_time_has_an_order_and_the_batch_has_none,
    6: check_every_weight_gets_gradient,
    7: check_limbs_hold_their_joints,
}


def refuses(tower: MotionTower, batch: MotionBatch) -> bool:
    try:
        tower(batch)
    except ValueError as error:
        return "metres" in str(error)
    return False


def close(one: torch.Tensor, other: torch.Tensor, *, tolerance: float = TOLERANCE) -> bool:
    return bool((one - other).abs().max() < tolerance)
