"""Every real clip at hand on HumanML3D's joints."""

import zipfile
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor

from moclip import formats, geometry, skeletons
from moclip.motion import Motion
from moclip.retargeting import canonical, is_canonical, retarget
from moclip.skeletons.base import build

TARGET = skeletons.get("humanml3d")
SHARED = Path(__file__).parents[2] / "shared" / "data"
FEET = ("left_ankle", "right_ankle", "left_foot", "right_foot")
EVERY = 130
"""Of 2,618 Bandai-Namco clips, one in this many."""


def clips() -> list[str]:
    """``FOLDER/FILE`` of every clip under the shared data; of those in the zip a sample."""
    if not SHARED.is_dir():
        return []
    files = [*SHARED.glob("cmu_actions/*.bvh"), *SHARED.glob("deepmimic/*.bvh")]
    files += SHARED.glob("humanml3d_reference/HumanML3D/new_joint*/*.npy")
    names = sorted(str(file.relative_to(SHARED)) for file in files)
    return names + [f"bandai_namco/{name}" for name in sorted(bandai())[::EVERY]]


@cache
def bandai() -> dict[str, tuple[Path, str]]:
    """For each file name the archive and its path inside."""
    found = {}
    for path in SHARED.glob("bandai_namco/*.zip"):
        with zipfile.ZipFile(path) as archive:
            found |= {Path(n).name: (path, n) for n in archive.namelist() if n.endswith(".bvh")}
    return found


@cache
def raw(clip: str) -> Motion:
    folder, _, name = clip.partition("/")
    if folder != "bandai_namco":
        return formats.read(SHARED / clip)
    path, inside = bandai()[name]
    with zipfile.ZipFile(path) as archive:
        return formats.decode(archive.read(inside), name)


@cache
def seen(clip: str) -> Motion:
    return canonical(raw(clip))


def left(motion: Motion) -> Tensor:
    """Horizontal unit vector to the body's left in each frame."""
    x, _, z = motion.facing().unbind(-1)
    return torch.stack((z, torch.zeros_like(x), -x), dim=-1)


def sideways(motion: Motion, joint: str, other: str) -> Tensor:
    """How far ``joint`` is to the left of ``other``, in metres."""
    return ((motion.joint(joint) - motion.joint(other)) * left(motion)).sum(-1)


needs_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the folder ../shared/data with real motion is not here"
)
every_clip = pytest.mark.parametrize("clip", clips())


@needs_data
def test_all_sources_are_here() -> None:
    folders = {clip.partition("/")[0] for clip in clips()}
    assert folders == {"cmu_actions", "deepmimic", "humanml3d_reference", "bandai_namco"}
    assert len(clips()) > 100


@every_clip
def test_form_in_which_models_see_a_motion(clip: str) -> None:
    motion = seen(clip)
    assert (motion.skeleton, motion.fps, motion.rotations) == (TARGET, 20.0, None)
    assert motion.joints[..., 1].min().abs() < 1e-5
    assert motion.joints[0, 0, [0, 2]].abs().max() < 1e-5
    assert motion.facing()[0, 2] > 0.9999
    assert motion.duration == pytest.approx(raw(clip).duration, abs=0.06)


@every_clip
def test_bones_keep_their_lengths_to_a_millimetre(clip: str) -> None:
    lengths = seen(clip).bone_lengths()
    assert (lengths.amax(dim=0) - lengths.amin(dim=0)).max() < 1e-3  # metres


@every_clip
def test_body_has_the_size_of_a_person(clip: str) -> None:
    motion = seen(clip)
    lengths = dict(zip(TARGET.joint_names[1:], motion.bone_lengths()[0].tolist(), strict=True))
    for side in ("left", "right"):
        assert 0.7 < lengths[f"{side}_knee"] + lengths[f"{side}_ankle"] < 1.0
        assert 0.4 < lengths[f"{side}_elbow"] + lengths[f"{side}_wrist"] < 0.7
        assert 0.08 < lengths[f"{side}_foot"] < 0.2
    spine = sum(lengths[joint] for joint in ("spine1", "spine2", "spine3", "neck"))
    assert 0.3 < spine < 0.7
    assert min(lengths.values()) > 0.02


@every_clip
def test_feet_come_to_the_floor(clip: str) -> None:
    motion = seen(clip)
    feet = torch.stack([motion.joint(joint) for joint in FEET])[..., 1]
    assert 0 <= feet.min() < 0.05


@every_clip
def test_left_stays_left(clip: str) -> None:
    motion = seen(clip)
    assert sideways(motion, "left_hip", "right_hip").min() > 0
    assert sideways(motion, "left_shoulder", "right_shoulder").median() > 0.1
    for joint, near, far in (
        ("left_elbow", "left_shoulder", "right_shoulder"),
        ("left_knee", "left_hip", "right_hip"),
        ("right_elbow", "right_shoulder", "left_shoulder"),
        ("right_knee", "right_hip", "left_hip"),
    ):
        at = motion.joint(joint)
        assert torch.all(
            (at - motion.joint(near)).norm(dim=-1) < (at - motion.joint(far)).norm(dim=-1) + 0.05
        )


@every_clip
def test_toes_on_the_floor_point_where_the_body_faces(clip: str) -> None:
    motion = seen(clip)
    for side in ("left", "right"):
        ankle, foot = motion.joint(f"{side}_ankle"), motion.joint(f"{side}_foot")
        stands = (foot[:, 1] < 0.05) & (motion.joint("neck")[:, 1] > 1.0)
        if stands.any():
            assert ((foot - ankle) * motion.facing()).sum(-1)[stands].median() > 0


WALKS = [
    clip
    for clip in clips()
    if any(word in Path(clip).name for word in ("walk", "run_", "run.", "running", "dash"))
    and "turn" not in clip
    and "extra" not in clip
]


@pytest.mark.parametrize("clip", WALKS)
def test_walks_and_runs_go_where_the_body_faces(clip: str) -> None:
    motion = seen(clip)
    step = motion.joint("pelvis").diff(dim=0)
    forward = (step * motion.facing()[:-1]).sum()
    path = step[:, [0, 2]].norm(dim=-1).sum()
    assert forward > 0.8 * path
    assert path / motion.duration > 0.3  # metres a second


@needs_data
def test_there_are_walks_of_every_source() -> None:
    folders = {clip.partition("/")[0] for clip in WALKS}
    assert {"cmu_actions", "deepmimic", "bandai_namco"} <= folders


@every_clip
def test_joints_that_both_bodies_have_are_where_they_were(clip: str) -> None:
    motion = raw(clip)
    names = {
        "cmu": {"left_knee": "LeftLeg", "right_wrist": "RightHand", "left_foot": "LeftToeBase"},
        "deepmimic": {"left_knee": "LeftLeg", "right_elbow": "RightForeArm"},
        "bandai_namco": {"left_knee": "LowerLeg_L", "right_foot": "Toes_R"},
        "humanml3d": {"left_knee": "left_knee", "right_wrist": "right_wrist"},
    }[motion.skeleton.name]
    placed = retarget(motion)
    for joint, own in names.items():
        assert (placed.joint(joint) - motion.joint(own)).abs().max() < 2e-3


@every_clip
def test_template_gives_every_body_the_same_bones(clip: str) -> None:
    motion = retarget(raw(clip), bone_lengths="template")
    wanted = torch.tensor(TARGET.offsets)[1:].norm(dim=-1)
    assert (motion.bone_lengths() - wanted).abs().max() < 1e-4
    kept = retarget(raw(clip))
    parents = list(TARGET.parents[1:])
    bones, same = (m.joints[:, 1:] - m.joints[:, parents] for m in (motion, kept))
    assert torch.cosine_similarity(bones, same, dim=-1).min() > 0.9999


def test_the_template_changes_nothing_of_its_own_body(shared_data: Path) -> None:
    for path in sorted(shared_data.glob("humanml3d_reference/HumanML3D/new_joints/*.npy")):
        motion = formats.read(path)
        assert (retarget(motion, bone_lengths="template").joints - motion.joints).abs().max() < 1e-3
        assert (canonical(motion).joints - motion.joints).abs().max() < 1e-3


def test_the_path_grows_with_the_legs(shared_data: Path) -> None:
    motion = formats.read(shared_data / "deepmimic" / "walk.bvh")
    small = retarget(motion).moved(torch.tensor([3.0, 0.0, 1.0]))
    large = retarget(small, bone_lengths="template")
    legs = [m.bone_lengths()[0, [3, 4, 6, 7]].sum() for m in (small, large)]
    assert torch.allclose(
        large.joint("pelvis"), small.joint("pelvis") * legs[1] / legs[0], atol=1e-4
    )


@pytest.mark.parametrize("clip", clips()[::20])
def test_canonical_twice_is_canonical_once(clip: str) -> None:
    again = canonical(seen(clip))
    assert torch.allclose(again.joints, seen(clip).joints, atol=1e-4)


@pytest.mark.parametrize("clip", clips()[::20])
def test_where_and_whither_a_clip_starts_makes_no_difference(clip: str) -> None:
    motion = raw(clip)
    turned = motion.turned(geometry.axis_rotation("Y", torch.tensor(2.0)))
    moved = turned.moved(torch.tensor([3.0, -1.0, 2.0]))
    assert torch.allclose(canonical(moved).joints, seen(clip).joints, atol=1e-3)


@pytest.mark.parametrize("clip", clips()[::20])
def test_mirroring_before_or_after_makes_no_difference(clip: str) -> None:
    mirrored = canonical(raw(clip).mirrored())
    assert torch.allclose(mirrored.joints, canonical(seen(clip).mirrored()).joints, atol=2e-3)


@pytest.mark.parametrize("fps", [12.5, 20.0, 60.0])
def test_the_frame_rate_can_be_chosen(shared_data: Path, fps: float) -> None:
    motion = formats.read(shared_data / "deepmimic" / "walk.bvh")
    assert canonical(motion, fps=fps).fps == fps
    assert is_canonical(canonical(motion, fps=fps), fps=fps)
    assert not is_canonical(canonical(motion, fps=fps), fps=30.0)
    assert not is_canonical(motion, fps=motion.fps)


@pytest.mark.parametrize("body", ["humanml3d", "kit", "cmu", "deepmimic", "mixamo"])
def test_a_rest_pose_stays_one(body: str) -> None:
    skeleton = skeletons.get(body)
    still = torch.eye(3).expand(4, len(skeleton), 3, 3)
    motion = Motion.from_rotations(still, torch.zeros(4, 3), fps=20.0, skeleton=skeleton)
    pose = canonical(motion)
    assert torch.allclose(pose.joints[0], pose.joints[-1], atol=1e-6)
    for joint in ("elbow", "shoulder", "hip", "ankle"):
        apart = sideways(pose, f"left_{joint}", f"right_{joint}")
        assert apart.min() > 0.1
    heights = [pose.joint(joint)[0, 1].item() for joint in ("pelvis", "spine1", "spine3", "head")]
    assert heights == sorted(heights)


def test_kit_bones_are_constant_even_where_its_spine_bends() -> None:
    generator = torch.Generator().manual_seed(0)
    body = skeletons.get("kit")
    angles = 0.5 * torch.randn(30, len(body), 3, generator=generator)
    motion = Motion.from_rotations(
        geometry.axis_angle_to_matrix(angles), torch.zeros(30, 3), fps=12.5, skeleton=body
    )
    lengths = retarget(Motion(motion.joints, 12.5, body)).bone_lengths()
    assert (lengths.amax(dim=0) - lengths.amin(dim=0)).max() < 1e-3


def test_unknown_bodies_are_named_beside_those_that_are_known() -> None:
    body = build("cmu", [("hips", None, (0.0, 0.0, 0.0)), ("head", "hips", (0.0, 1.0, 0.0))])
    with pytest.raises(LookupError, match="skeleton 'cmu' is not known; known are: bandai_namco"):
        retarget(Motion(torch.zeros(3, 2, 3), 20.0, body))


def test_tips_cannot_be_found_without_rotations(shared_data: Path) -> None:
    motion = formats.read(shared_data / "deepmimic" / "walk.bvh")
    with pytest.raises(LookupError, match="a 'deepmimic' without 'end:LeftFoot'"):
        canonical(Motion(motion.joints, motion.fps, motion.skeleton))


def test_too_short_a_motion_is_refused() -> None:
    motion = Motion(torch.zeros(2, 22, 3), 60.0, TARGET)
    with pytest.raises(ValueError, match="2 frames at 60 fps leaves 1 frame at 20 fps"):
        canonical(motion)


def test_unknown_ways_with_bones_are_refused() -> None:
    motion = Motion(torch.zeros(2, 22, 3), 20.0, TARGET)
    with pytest.raises(ValueError, match="wanted 'keep' or 'template'"):
        getattr(retarget, "__wrapped__", retarget)(motion, bone_lengths="double")
