"""AMASS's layout, written: read again by the reader of the official files, and by NumPy alone."""

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


def test_other_motions_are_refused() -> None:
    with pytest.raises(ValueError, match="AMASS wants rotations on one of: smpl, smplh, smplx"):
        amass.in_layout(moving_bodies.wandering())
