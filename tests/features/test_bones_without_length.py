"""Two joints in one place, as a user's own body may have them: features all the same."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import moving_bodies
import numpy as np
import pytest
import torch
from torch import Tensor

from moclip import formats, geometry, skeletons
from moclip.curation.convert import Change, convert
from moclip.features import _guo_torch, humanml263, kit251
from moclip.features._guo_body import Body, Settings, smoothing
from moclip.motion import Motion

LOST = ("neck", "left_collar", "left_foot", "right_foot")
KIT_LOST = ("BUN", "LS", "LF", "RF")
ATOMS = (0.0, 2e-6)
"""Metres that rounding may leave between two joints in one place."""


def collapsed(joints: Tensor, body: Body, lost: tuple[str, ...], atom: float = 0.0) -> Tensor:
    """Those joints moved onto their parents, and what hangs on them with them."""
    parents = body.skeleton.parents
    placed = [joints[..., 0, :]]
    for joint, name in enumerate(body.skeleton.joint_names[1:], start=1):
        bone = joints[..., joint, :] - joints[..., parents[joint], :]
        placed.append(
            placed[parents[joint]] + (torch.full_like(bone, atom) if name in lost else bone)
        )
    return torch.stack(placed, dim=-2)


def kit_joints(frames: int = 30) -> Tensor:
    body = kit251.SKELETON
    draw = torch.Generator().manual_seed(3)
    angles = 0.05 * torch.randn(frames, len(body), 3, generator=draw).cumsum(dim=0)
    turns = geometry.axis_angle_to_matrix(angles)
    root = torch.tensor((0.0, 0.9, 0.0)) + 0.03 * torch.randn(frames, 3, generator=draw).cumsum(0)
    return Motion.from_rotations(turns, root, fps=12.5, skeleton=body).joints


def in_torch(joints: Tensor, body: Body, settings: Settings) -> Tensor:
    counts = torch.full((len(joints),), joints.shape[1])
    return _guo_torch.encode(joints, counts, body, settings, smoothing())


@pytest.mark.parametrize("atom", ATOMS)
@pytest.mark.parametrize("prepare", [True, False])
def test_both_ways_agree_and_are_finite(prepare: bool, atom: float) -> None:
    joints = collapsed(moving_bodies.wandering(230).joints, humanml263.BODY, LOST, atom)[None]
    features = humanml263.from_joints(joints, prepare=prepare)
    settings = Settings(humanml263.BODY.template if prepare else None, prepare, False)
    assert features.isfinite().all()
    assert (features - in_torch(joints, humanml263.BODY, settings)).abs().max() < 5e-5


@pytest.mark.parametrize("bones", [False, True])
def test_kits_features_in_millimetres_too(bones: bool) -> None:
    joints = collapsed(kit_joints(), kit251.BODY, KIT_LOST)[None]
    lengths = kit251.BODY.template if bones else None
    features = kit251.from_joints(joints, bones=lengths)
    wanted = None if lengths is None else tuple(1000 * length for length in lengths)
    settings = Settings(wanted, True, False, least=0.1)
    apart = (features - in_torch(1000 * joints, kit251.BODY, settings)).abs()
    assert features.isfinite().all()
    assert apart.max() < 5e-2  # millimetres, of numbers up to a thousand


def test_such_a_bone_lies_as_it_rests_on_a_body_that_faces_anywhere() -> None:
    """The feet point ahead, whichever way the body turns."""
    body = skeletons.get("humanml3d")
    angle = torch.linspace(0.7, 3.0, 40)
    turns = torch.eye(3).repeat(40, len(body), 1, 1)
    turns[:, 0] = geometry.axis_rotation("Y", angle)
    root = torch.tensor((0.0, 0.95, 0.0)).expand(40, 3)
    motion = Motion.from_rotations(turns, root, fps=20.0, skeleton=body)
    joints = collapsed(motion.joints, humanml263.BODY, ("neck", "left_foot", "right_foot"))[None]
    torch.testing.assert_close(
        humanml263.from_joints(joints),
        humanml263.from_joints(motion.joints[None]),
        atol=5e-3,  # the skeleton at rest faces a milliradian or two from ahead
        rtol=0,
    )


def test_a_bone_that_keeps_no_length_is_turned_with_the_body_alone() -> None:
    joints = collapsed(moving_bodies.wandering(40).joints, humanml263.BODY, LOST)[None]
    rotations = humanml263.from_joints(joints, prepare=False)[0, :, 67:193].unflatten(1, (21, 6))
    collar = rotations[:, humanml263.SKELETON.index("left_collar") - 1]
    up = geometry.six_d_to_matrix(collar)[:, 1, 1]
    torch.testing.assert_close(up, torch.ones(39), atol=1e-5, rtol=0)


def test_a_users_body_with_joints_in_one_place_is_written_as_numbers(tmp_path: Path) -> None:
    known = skeletons.get("humanml3d")
    stands = {joint: joint for joint in known.joint_names}
    stands |= {"neck": "spine3", "left_collar": "spine3", "left_foot": "left_ankle"}
    body = replace(known, name="own", limbs=(), to_humanml3d=tuple(stands.items()))
    motion = moving_bodies.wandering(30)
    formats.write(Motion(motion.joints, 20.0, body), tmp_path / "a.npz")
    convert(tmp_path / "a.npz", tmp_path / "a.npy", Change("humanml3d", features="humanml263"))
    assert np.isfinite(np.load(tmp_path / "a.npy")).all()


@pytest.mark.parametrize("entry", [humanml263, kit251])
def test_features_that_no_body_has_are_refused(entry: ModuleType) -> None:
    """Hips and shoulders in one place face nowhere, and legs without length have no size."""
    nothing = Motion(torch.zeros(5, len(entry.SKELETON), 3), entry.FPS, entry.SKELETON)
    with pytest.raises(ValueError, match=r"^these joints are no body: features of frame 0 are"):
        entry.encode(nothing)


def test_a_gradient_passes_bones_without_length() -> None:
    joints = collapsed(moving_bodies.wandering(12).joints, humanml263.BODY, LOST)[None]
    joints.requires_grad_()
    humanml263.from_joints(joints).sum().backward()
    assert joints.grad is not None
    assert joints.grad.isfinite().all()
