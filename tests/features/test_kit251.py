"""KIT-ML's features, on real motion put on its joints; no official KIT-ML motion is at hand."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

sys.path.append(str(Path(__file__).parents[2]))

from benchmarks import plain_features
from moclip import formats, geometry, skeletons
from moclip.features import kit251
from moclip.motion import Motion

CMU = {
    **{"root": "Hips", "BP": "LowerBack", "BT": "Spine", "BLN": "Spine1", "BUN": "Head"},
    **{"RS": "RightArm", "RE": "RightForeArm", "RW": "RightHand"},
    **{"LS": "LeftArm", "LE": "LeftForeArm", "LW": "LeftHand"},
    **{"RH": "RightUpLeg", "RK": "RightLeg", "RA": "RightFoot", "RMrot": "RightToeBase"},
    **{"LH": "LeftUpLeg", "LK": "LeftLeg", "LA": "LeftFoot", "LMrot": "LeftToeBase"},
}
"""Joints of CMU's body where KIT-ML's stand; its toes' tips are the feet, LF and RF."""


def on_kit(motion: Motion) -> Motion:
    """The same movement of KIT-ML's joints; the lower back stands a little above the hips."""
    slow = motion.resampled(kit251.FPS)
    paths = [slow.joint(CMU[j]) for j in kit251.SKELETON.joint_names if j in CMU]
    names = [j for j in kit251.SKELETON.joint_names if j in CMU]
    found = dict(zip(names, paths, strict=True))
    found["BP"] = 0.5 * (found["root"] + found["BT"])
    found |= {"LF": slow.end("LeftToeBase"), "RF": slow.end("RightToeBase")}
    joints = torch.stack([found[j] for j in kit251.SKELETON.joint_names], dim=1)
    return Motion(joints, kit251.FPS, kit251.SKELETON)


@pytest.fixture(params=["walking_01", "jumping_02", "basketball_03"])
def clip(shared_data: Path, request: pytest.FixtureRequest) -> Motion:
    return on_kit(formats.read(shared_data / "cmu_actions" / f"{request.param}.bvh"))


def plain(joints: Tensor, lengths: np.ndarray | None) -> Tensor:
    features = plain_features.encode(joints.double().numpy(), lengths, plain_features.KIT)
    return torch.from_numpy(features).float()


def test_equals_the_published_procedure_in_millimetres(clip: Motion) -> None:
    bones = np.array(kit251.BODY.template)
    ours = kit251.from_joints(clip.joints[None], bones=bones.tolist(), as_published=True)[0]
    theirs = plain(1000 * clip.joints, 1000 * bones)
    lengths = [*range(1, 64), *range(184, 247)]
    assert (ours - theirs)[:, lengths].abs().max() < 0.05  # millimetres
    assert (ours - theirs)[:, [0, *range(64, 184)]].abs().max() < 2e-4
    # A foot within rounding of the threshold may fall on either side of it.
    assert (ours - theirs)[:, 247:].abs().mean() < 0.01


def test_a_body_keeps_its_bones(clip: Motion) -> None:
    again = kit251.decode(kit251.encode(clip))
    wanted = clip.centred().grounded()
    assert (again.joints - wanted.joints[:-1]).abs().max() < 1e-5
    assert (again.bone_lengths() - clip.bone_lengths()[:-1]).abs().max() < 1e-5


def test_the_unit_changes_lengths_and_nothing_else(clip: Motion) -> None:
    millimetres = kit251.from_joints(clip.joints[None])
    metres = kit251.from_joints(clip.joints[None], unit=1.0)
    assert torch.allclose(millimetres[..., 1:64], 1000 * metres[..., 1:64], atol=0.01)
    assert torch.allclose(millimetres[..., 64:184], metres[..., 64:184], atol=1e-4)
    back = kit251.decode(metres[0], unit=1.0)
    assert (back.joints - kit251.decode(millimetres[0]).joints).abs().max() < 1e-5


def test_feet_that_stand_still_touch_the_floor() -> None:
    body = skeletons.get("kit")
    turns = torch.eye(3).repeat(20, len(body), 1, 1)
    raised = geometry.axis_rotation("X", torch.linspace(0, -1, 20))
    turns[:, body.index("LH")] = raised  # the left leg swings, the right one stands
    root = torch.tensor((0.0, 1.0, 0.0)).expand(20, 3)
    standing = Motion.from_rotations(turns, root, fps=12.5, skeleton=body)
    contacts = kit251.encode(standing)[:, 247:]
    assert not contacts[:, :2].any()
    assert contacts[:, 2:].all()
