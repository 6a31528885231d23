"""What holds of one skeleton only."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from moclip import skeletons
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

PAPER_LIMBS = {
    "root": [0],
    "torso": [0, 3, 6, 9, 12, 15],
    "right_arm": [14, 17, 19, 21],
    "left_arm": [13, 16, 18, 20],
    "right_leg": [2, 5, 8, 11],
    "left_leg": [1, 4, 7, 10],
    "hands": [18, 19, 20, 21],
    "feet": [7, 8, 10, 11],
}
KIT_CHAINS = [
    [0, 11, 12, 13, 14, 15],
    [0, 16, 17, 18, 19, 20],
    [0, 1, 2, 3, 4],
    [3, 5, 6, 7],
    [3, 8, 9, 10],
]


def rest(body: Skeleton) -> Motion:
    """One frame in which nothing is turned."""
    return Motion.from_rotations(
        torch.eye(3).expand(1, len(body), 3, 3), torch.zeros(1, 3), fps=20.0, skeleton=body
    )


@pytest.mark.parametrize("limb", PAPER_LIMBS)
def test_humanml3d_limbs_are_the_papers_numbers(limb: str) -> None:
    body = skeletons.get("humanml3d")
    assert sorted(body.index(joint) for joint in body.limb(limb)) == PAPER_LIMBS[limb]


def test_humanml3d_bones_are_as_long_as_in_the_official_clips(shared_data: Path) -> None:
    body = skeletons.get("humanml3d")
    wanted = rest(body).bone_lengths()[0]
    folder = shared_data / "humanml3d_reference" / "HumanML3D" / "new_joints"
    for path in sorted(folder.glob("*.npy")):
        seen = Motion(torch.from_numpy(np.load(path)), 20.0, body).bone_lengths()
        assert (seen - wanted).abs().max() < 1e-4


def test_kit_has_the_chains_of_its_files() -> None:
    body = skeletons.get("kit")
    for chain in KIT_CHAINS:
        for parent, joint in itertools.pairwise(chain):
            assert body.parents[joint] == parent


def test_kit_right_side_is_where_the_fields_code_has_it() -> None:
    body = skeletons.get("kit")
    right_hip, left_hip, right_shoulder, left_shoulder = (
        body.joint_names[i] for i in (11, 16, 5, 8)
    )
    assert body.across == ((left_hip, right_hip), (left_shoulder, right_shoulder))
    assert right_hip.startswith("R")
    assert right_shoulder.startswith("R")


@pytest.mark.parametrize("name", ["humanml3d", "kit", "cmu", "deepmimic", "mixamo"])
def test_rest_pose_stands_upright_and_faces_forward(name: str) -> None:
    body = skeletons.get(name)
    pose = rest(body)
    assert pose.facing()[0, 2] > 0.99
    head, feet = pose.joint(body.limb("torso")[-1]), pose.joint(body.limb("left_leg")[-1])
    assert 1.0 < head[0, 1] - feet[0, 1] < 2.0
    for limb, sign in (("left_arm", 1), ("right_arm", -1)):
        out = [sign * pose.joint(joint)[0, 0].item() for joint in body.limb(limb)]
        assert min(out) > -0.01
        assert out[-1] > 0.1
