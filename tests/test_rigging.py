"""Motion on another body: bones point as they did, feet stand as they stood, twist is kept."""

from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import moving_bodies
import pytest
import torch
import torch.nn.functional as F

from moclip import formats, geometry, skeletons
from moclip.motion import Motion
from moclip.planting import LEGS, held
from moclip.retargeting import retarget
from moclip.rigging import rig
from moclip.skeletons import UserSkeleton
from moclip.skeletons.base import Skeleton

BODY = skeletons.get("humanml3d")
LIMBS = [
    (f"{side}_{start}", f"{side}_{end}")
    for side in ("left", "right")
    for start, end in (
        ("hip", "knee"),
        ("knee", "ankle"),
        ("ankle", "foot"),
        ("shoulder", "elbow"),
        ("elbow", "wrist"),
    )
]


def directions(points: Motion) -> torch.Tensor:
    bones = [points.joint(end) - points.joint(start) for start, end in LIMBS]
    return F.normalize(torch.stack(bones, dim=1), dim=-1)


def degrees_apart(one: Motion, other: Motion) -> torch.Tensor:
    cosines = (directions(one) * directions(other)).sum(dim=-1)
    return torch.rad2deg(torch.acos(cosines.clamp(-1, 1)))


def turned_each_frame(motion: Motion) -> float:
    """Degrees of the largest turn of any joint from one frame to the next."""
    assert motion.rotations is not None
    steps = motion.rotations[:-1].mT @ motion.rotations[1:]
    return float(torch.rad2deg(geometry.matrix_to_axis_angle(steps).norm(dim=-1)).max())


def slide(points: Motion, stance: torch.Tensor) -> float:
    """Metres a second of standing ankles over the floor."""
    both = stance[1:] & stance[:-1]
    path = torch.stack([points.joint(leg.ankle)[:, [0, 2]] for leg in LEGS], dim=1)
    return float((path.diff(dim=0).norm(dim=-1) * points.fps)[both].mean())


def walk(shared_data: Path) -> Motion:
    with ZipFile(shared_data / "bandai_namco" / "bandai_namco_motiondataset.zip") as archive:
        name = next(n for n in archive.namelist() if "dataset-2_walk_normal" in n)
        return formats.decode(archive.read(name), "walk.bvh")


@pytest.mark.parametrize("body", ["cmu", "mixamo", "smpl", "lafan1", "bandai_namco"])
def test_a_real_walk_keeps_its_limbs_and_its_feet(shared_data: Path, body: str) -> None:
    motion = walk(shared_data)
    before, after = retarget(motion), retarget(rig(motion, skeletons.get(body)))
    stance = torch.stack([held(before, leg).all(dim=-1) for leg in LEGS], dim=1)
    assert stance.any(dim=0).all()
    assert degrees_apart(before, after).max() < 5
    assert slide(after, stance) <= 1.5 * slide(before, stance)
    assert turned_each_frame(rig(motion, skeletons.get(body))) < 1.2 * turned_each_frame(motion)


def crouching(frames: int = 20) -> Motion:
    """Turning arms, bent legs; with rotations."""
    angles = torch.linspace(0, 1, frames)
    turns = torch.eye(3).repeat(frames, len(BODY), 1, 1)
    for joint, axis, size in (
        ("left_hip", "X", -0.6),
        ("left_knee", "X", 0.9),
        ("right_hip", "X", -0.5),
        ("right_knee", "X", 0.8),
        ("left_shoulder", "Z", 1.0),
        ("right_elbow", "Y", 1.2),
        ("spine2", "Y", 0.4),
    ):
        turns[:, BODY.index(joint)] = geometry.axis_rotation(axis, 0.2 + size * angles)
    root = torch.stack((0.3 * angles, 0.9 + 0 * angles, 0.5 * angles), dim=-1)
    return Motion.from_rotations(turns, root, fps=20.0, skeleton=BODY)


def test_on_its_own_body_nothing_changes() -> None:
    motion = crouching()
    made = rig(motion, BODY)
    assert made.rotations is not None
    assert motion.rotations is not None
    torch.testing.assert_close(made.joints, motion.joints, atol=2e-4, rtol=0)
    torch.testing.assert_close(made.rotations, motion.rotations, atol=2e-3, rtol=0)


def with_arms_down() -> Skeleton:
    """The same bones, another rest pose: an A-pose, legs apart."""
    still = torch.eye(3, dtype=torch.float64).repeat(len(BODY), 1, 1)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        for joint, angle in (("shoulder", 0.8), ("hip", -0.3)):
            turn = torch.tensor(sign * angle, dtype=torch.float64)
            still[BODY.index(f"{side}_{joint}")] = geometry.axis_rotation("Z", turn)
    offsets = torch.tensor(BODY.offsets, dtype=torch.float64)
    joints, _ = geometry.forward_kinematics(still, offsets[0], offsets, BODY.parents)
    parents = list(BODY.parents[1:])
    rest = torch.cat((offsets[:1], joints[1:] - joints[parents]))
    return BODY.with_offsets([(x, y, z) for x, y, z in rest.tolist()])


def test_another_rest_pose_gives_other_rotations_and_the_same_movement() -> None:
    motion = crouching()
    made = rig(motion, with_arms_down())
    assert made.rotations is not None
    assert motion.rotations is not None
    torch.testing.assert_close(made.joints, motion.joints, atol=2e-4, rtol=0)
    shoulder = BODY.index("left_shoulder")
    assert (made.rotations[:, shoulder] - motion.rotations[:, shoulder]).abs().max() > 0.3


def test_the_twist_of_a_limb_is_kept_where_there_is_one() -> None:
    motion = crouching()
    assert motion.rotations is not None
    twisted = motion.rotations.clone()
    forearm = BODY.index("left_elbow")
    about = geometry.axis_rotation("X", torch.tensor(0.7))  # along the bone of a T-pose
    twisted[:, forearm] = twisted[:, forearm] @ about
    root = motion.joints[:, 0]
    other = Motion.from_rotations(twisted, root, fps=20.0, skeleton=BODY)
    torch.testing.assert_close(other.joints, motion.joints, atol=2e-2, rtol=0)
    plain, made = (rig(m, skeletons.get("mixamo")).rotations for m in (motion, other))
    assert plain is not None
    assert made is not None
    joint = skeletons.get("mixamo").index("mixamorig:LeftForeArm")
    turn = plain[:, joint].mT @ made[:, joint]
    angle = geometry.matrix_to_axis_angle(turn).norm(dim=-1)
    torch.testing.assert_close(angle, torch.full_like(angle, 0.7), atol=0.05, rtol=0)


def test_positions_alone_are_enough() -> None:
    motion = crouching()
    made = rig(Motion(motion.joints, 20.0, BODY), skeletons.get("mixamo"))
    assert made.rotations is not None
    assert degrees_apart(motion, retarget(made)).max() < 2


def test_a_child_walks_with_shorter_steps() -> None:
    small = BODY.with_offsets([(x / 2, y / 2, z / 2) for x, y, z in BODY.offsets])
    motion = crouching()
    made = rig(motion, small)
    way, short = (m.joints[-1, 0] - m.joints[0, 0] for m in (motion, made))
    torch.testing.assert_close(short, way / 2, atol=1e-3, rtol=0)
    assert float(made.joints[..., 1].min()) == pytest.approx(
        float(motion.joints[..., 1].min()) / 2, abs=1e-3
    )


def test_fingers_stay_as_they_rest() -> None:
    hand = BODY.index("left_wrist")
    rigged = replace(
        BODY,
        joint_names=(*BODY.joint_names, "left_finger"),
        parents=(*BODY.parents, hand),
        offsets=(*BODY.offsets, (0.08, 0.0, 0.0)),
    )
    made = rig(moving_bodies.wandering(), rigged)
    assert made.rotations is not None
    torch.testing.assert_close(
        made.rotations[:, -1], torch.eye(3).expand(len(made), 3, 3), atol=1e-5, rtol=0
    )


def test_bodies_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="'humanml3d' has no offsets"):
        rig(crouching(), BODY.with_offsets([(0.0, 0.0, 0.0)] * len(BODY)))
    with pytest.raises(ValueError, match=r'are not known; add "offsets" to its JSON file$'):
        rig(crouching(), BODY.with_offsets([(0.0, 0.0, 0.0)] * len(BODY)))
    stick = Skeleton("stick", ("a", "b"), (-1, 0), ((0.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    with pytest.raises(LookupError, match="'stick' is not known"):
        rig(crouching(), stick)


def test_a_users_own_body_is_taken_as_it_was_read() -> None:
    users = UserSkeleton(with_arms_down(), tuple(range(len(BODY))))
    made, plain = rig(crouching(), users), rig(crouching(), users.skeleton)
    assert made.skeleton == users.skeleton
    assert torch.equal(made.joints, plain.joints)
