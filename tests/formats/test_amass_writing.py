"""AMASS's layout, written: read again by the reader of the official files, and by NumPy alone."""

from dataclasses import replace
from pathlib import Path

import moving_bodies
import numpy as np
import pytest
import torch

from moclip import formats, geometry, skeletons
from moclip.curation.convert import convert
from moclip.formats import amass
from moclip.motion import Motion

BODY = skeletons.get("smplh")


def turning(frames: int = 6) -> Motion:
    turns = torch.eye(3).repeat(frames, len(BODY), 1, 1)
    angles = torch.linspace(0.1, 1.2, frames)
    for joint, axis in (("left_hip", "X"), ("right_shoulder", "Z"), ("pelvis", "Y")):
        turns[:, BODY.index(joint)] = geometry.axis_rotation(axis, angles)
    root = torch.stack((angles, 0.9 + 0 * angles, 2 * angles), dim=-1)
    return Motion.from_rotations(turns, root, fps=30.0, skeleton=BODY)


def test_it_comes_back() -> None:
    motion = turning()
    back = amass.decode(amass.in_layout(motion), body_models="template")
    assert (back.skeleton.name, back.fps) == ("smplh", 30.0)
    assert back.rotations is not None
    torch.testing.assert_close(back.joints, motion.joints, atol=1e-5, rtol=0)
    torch.testing.assert_close(back.rotations, motion.rotations, atol=1e-5, rtol=0)


def test_the_file_has_what_other_programs_look_for(tmp_path: Path) -> None:
    path = tmp_path / "turn.npz"
    path.write_bytes(amass.in_layout(turning()))
    with np.load(path, allow_pickle=False) as parts:
        assert parts["poses"].shape == (6, 156)
        assert parts["betas"].shape == (16,)
        assert str(parts["gender"]) == "neutral"
        assert float(parts["mocap_framerate"]) == 30.0
        up = parts["trans"][:, 2]  # z is up
    np.testing.assert_allclose(up, 0.9, atol=1e-6)


def test_any_motion_becomes_one_by_its_name(tmp_path: Path) -> None:
    formats.write(moving_bodies.wandering(), tmp_path / "walk.bvh")
    written = convert(tmp_path / "walk.bvh", tmp_path / "walk.amass.npz")
    back = amass.decode((tmp_path / "walk.amass.npz").read_bytes(), body_models="template")
    assert written.skeleton.name == "smplh"
    torch.testing.assert_close(back.joints, written.joints, atol=1e-4, rtol=0)


def under_a_root() -> Motion:
    """As Blender's add-on for SMPL has it: a bone above the pelvis."""
    motion = turning()
    assert motion.rotations is not None
    body = replace(
        BODY,
        joint_names=("root", *BODY.joint_names),
        parents=(-1, *(parent + 1 for parent in BODY.parents)),
        offsets=((0.0, 0.0, 0.0), *BODY.offsets),
    )
    still = torch.eye(3).expand(len(motion), 1, 3, 3)
    joints = torch.cat((torch.zeros(len(motion), 1, 3), motion.joints), dim=1)
    return Motion(joints, 30.0, body, torch.cat((still, motion.rotations), dim=1))


def test_a_body_of_that_name_with_another_bone_is_refused() -> None:
    assert under_a_root().skeleton.name == "smplh"
    with pytest.raises(ValueError, match="AMASS wants rotations on one of: smpl, smplh, smplx"):
        amass.in_layout(under_a_root())


def test_a_body_of_that_name_with_another_bone_is_brought_onto_the_bodys_own(
    tmp_path: Path,
) -> None:
    formats.write(under_a_root(), tmp_path / "a.npz")
    written = convert(tmp_path / "a.npz", tmp_path / "a.amass.npz")
    assert written.skeleton.same_tree(BODY)
    back = formats.read(tmp_path / "a.amass.npz", body_models="template")
    torch.testing.assert_close(back.joints, written.joints, atol=1e-4, rtol=0)
    wanted = turning().joints
    apart = (back.joints - wanted).norm(dim=-1)
    assert apart[:, [BODY.index(joint) for joint in ("pelvis", "left_knee", "head")]].max() < 0.03


def test_other_motions_are_refused() -> None:
    with pytest.raises(ValueError, match="AMASS wants rotations on one of: smpl, smplh, smplx"):
        amass.in_layout(moving_bodies.wandering())
