"""Real movements on the rigs of LAFAN1 and Mixamo, read from their files and retargeted."""

from functools import cache
from pathlib import Path

import pytest
import torch

from moclip import formats, skeletons
from moclip.formats import bvh
from moclip.motion import Motion
from moclip.retargeting import canonical, retarget
from moclip.skeletons.base import Skeleton, build

CLIPS = ("walking_01", "soccer_01", "jumping_01", "directing_traffic_01")
SPINES = {"Spine": ("Hips", "Spine", 0.5), "Spine1": ("Spine", "Spine1", 0.4), "Spine2": "Spine1"}
"""Where joints that the CMU body lacks stand on it."""
TIPS = {"HeadTop_End": "Head", "LeftToe_End": "LeftToeBase", "LeftHandThumb1": "LeftHand"}
BODIES = ("lafan1", "mixamo", "Anna:", "")
"""Skeletons, and namespaces of a Mixamo character with some fingers and tips."""


def body_called(name: str) -> Skeleton:
    if name in ("lafan1", "mixamo"):
        return skeletons.get(name)
    known = skeletons.get("mixamo")
    bones = [
        (
            joint.replace("mixamorig:", name),
            None if parent < 0 else known.joint_names[parent].replace("mixamorig:", name),
            offset,
        )
        for joint, parent, offset in zip(
            known.joint_names, known.parents, known.offsets, strict=True
        )
    ]
    tips = [(f"{name}{tip}", f"{name}{joint}", (0.0, 0.05, 0.02)) for tip, joint in TIPS.items()]
    return build("a character", [*bones, *tips])


@cache
def clip(folder: Path, name: str) -> Motion:
    return formats.read(folder / "cmu_actions" / f"{name}.bvh")


@cache
def worn(folder: Path, name: str, body: str) -> Motion:
    """The clip as a file of that body: its joints put there, rotations found, written and read."""
    source, skeleton = clip(folder, name), body_called(body)
    paths = []
    for number, joint in enumerate(skeleton.joint_names):
        own = joint.rpartition(":")[2]
        own = "LeftToeBase" if own == "LeftToe" else "RightToeBase" if own == "RightToe" else own
        place = SPINES.get(own, "Neck1" if own == "Neck" else own)
        if own in TIPS:
            step = torch.tensor(skeleton.offsets[number])
            paths.append(paths[skeleton.parents[number]] + step)
        elif isinstance(place, str):
            paths.append(source.joint(place))
        else:
            start, end, share = place
            paths.append(source.joint(start).lerp(source.joint(end), share))
    motion = Motion(torch.stack(paths, dim=1), source.fps, skeleton)
    return bvh.decode(bvh.encode(motion), name="a.bvh")


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", CLIPS)
def test_a_file_of_a_rig_is_the_same_movement(shared_data: Path, name: str, body: str) -> None:
    motion = worn(shared_data, name, body)
    assert motion.skeleton.name == ("lafan1" if body == "lafan1" else "mixamo")
    seen, wanted = retarget(motion), retarget(clip(shared_data, name))
    for joint in ("pelvis", "left_knee", "right_foot", "left_elbow", "right_wrist", "head"):
        assert (seen.joint(joint) - wanted.joint(joint)).norm(dim=-1).mean() < 0.04, joint


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", CLIPS)
def test_it_is_canonical_with_feet_on_the_floor(shared_data: Path, name: str, body: str) -> None:
    seen = canonical(worn(shared_data, name, body))
    lengths = seen.bone_lengths()
    assert (lengths.amax(dim=0) - lengths.amin(dim=0)).max() < 1e-3
    feet = [f"{side}_{joint}" for side in ("left", "right") for joint in ("ankle", "foot")]
    lowest = torch.stack([seen.joint(joint)[:, 1] for joint in feet]).min()
    assert 0 <= lowest < 0.05
    x, _, z = seen.facing().unbind(-1)
    to_the_left = torch.stack((z, torch.zeros_like(x), -x), dim=-1)
    for joint in ("hip", "shoulder"):
        apart = seen.joint(f"left_{joint}") - seen.joint(f"right_{joint}")
        assert (apart * to_the_left).sum(-1).median() > 0.1
    for side, other in (("left", "right"), ("right", "left")):
        at = seen.joint(f"{side}_knee")
        near, far = (seen.joint(f"{s}_hip") for s in (side, other))
        assert bool(((at - near).norm(dim=-1) < (at - far).norm(dim=-1) + 0.05).all())


def test_lafan1s_joints_are_turned_in_frames_along_the_bones() -> None:
    """Its own offsets: each limb's bones lie ahead of each other."""
    body = skeletons.get("lafan1")
    for joint in ("LeftLeg", "LeftFoot", "LeftToe", "Spine1", "Head", "RightForeArm"):
        x, y, z = body.offsets[body.index(joint)]
        assert x > 0.1
        assert (y, z) == (0.0, 0.0)


def test_mixamos_t_pose_is_an_adult() -> None:
    body = skeletons.get("mixamo")
    pose = Motion.from_rotations(
        torch.eye(3).expand(1, len(body), 3, 3), torch.zeros(1, 3), fps=30.0, skeleton=body
    )
    head, toe = pose.joint("mixamorig:Head"), pose.joint("mixamorig:LeftToeBase")
    assert 1.5 < head[0, 1] - toe[0, 1] < 1.7
    hands = [pose.joint(f"mixamorig:{side}Hand")[0] for side in ("Left", "Right")]
    assert torch.allclose(hands[0] * torch.tensor([-1.0, 1.0, 1.0]), hands[1])
    assert 1.2 < (hands[0] - hands[1]).norm() < 1.6
