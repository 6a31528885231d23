"""Features against the official files, the published procedure, and the convention written out."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

sys.path.append(str(Path(__file__).parents[2]))

import moving_bodies

from benchmarks import plain_features
from moclip import formats, geometry, retargeting
from moclip.features import _guo, _guo_torch, humanml263
from moclip.features._guo_body import Settings, smoothing
from moclip.motion import Motion

CLIPS = ("000000", "012314")
PARTS = {
    "turn": slice(0, 1),
    "step": slice(1, 3),
    "height": slice(3, 4),
    "positions": slice(4, 67),
    "rotations": slice(67, 193),
    "velocities": slice(193, 259),
    "contacts": slice(259, 263),
}
REACH = 80
"""Frames: as far as the heading is smoothed."""
LENGTHS = np.array(humanml263.BODY.template)


def official(folder: Path, clip: str) -> tuple[Tensor, Tensor]:
    """Features and joints."""
    root = folder / "humanml3d_reference" / "HumanML3D"
    features = torch.from_numpy(np.load(root / "new_joint_vecs" / f"{clip}.npy")).float()
    return features, torch.from_numpy(np.load(root / "new_joints" / f"{clip}.npy"))


def apart(a: Tensor, b: Tensor) -> dict[str, float]:
    """Largest difference by kind of channel."""
    return {name: (a - b)[..., part].abs().max().item() for name, part in PARTS.items()}


def walk(folder: Path) -> Tensor:
    """Joints of a real body, not yet on the skeleton, somewhere in the room."""
    motion = formats.read(folder / "deepmimic" / "walk.bvh").resampled(20.0)
    joints = retargeting.retarget(motion).joints
    turned = joints @ geometry.axis_rotation("Y", torch.tensor(2.0)).T
    return turned + torch.tensor((3.0, 0.4, -2.0))


@pytest.mark.parametrize("clip", CLIPS)
def test_joints_are_the_official_ones(shared_data: Path, clip: str) -> None:
    features, wanted = official(shared_data, clip)
    joints = humanml263.to_joints(features[None])[0]
    assert joints.dtype == torch.float32
    assert (joints - wanted).abs().max() < 1e-6


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize(("prepare", "tolerance"), [(False, 2e-5), (True, 2e-4)])
def test_all_channels_are_the_official_ones(
    shared_data: Path, clip: str, prepare: bool, tolerance: float
) -> None:
    """Given the frame that the last features step to; rotations included."""
    features, _ = official(shared_data, clip)
    joints = humanml263.to_joints(features[None], following=True)
    again = humanml263.from_joints(joints, prepare=prepare)[0]
    assert again.shape == features.shape
    assert max(apart(again, features).values()) < tolerance


@pytest.mark.parametrize("clip", CLIPS)
def test_official_joints_alone_tell_all_but_the_last_headings(shared_data: Path, clip: str) -> None:
    features, joints = official(shared_data, clip)
    again = humanml263.from_joints(joints[None])[0]
    known = len(again) - REACH
    early = apart(again[:known], features[:known])
    late = apart(again[known:], features[known:-1])
    assert max(early.values()) < 1e-3
    assert max(late["height"], late["contacts"]) < 1e-5
    assert late["positions"] < 0.01
    assert late["rotations"] < 0.02
    if clip == "012314":  # it turns at its end; so the bounds above are no empty words
        assert late["rotations"] > 1e-3


@pytest.mark.parametrize("clip", CLIPS)
def test_features_to_joints_to_features_is_stable(shared_data: Path, clip: str) -> None:
    features = official(shared_data, clip)[0][None]
    first = features
    for _ in range(5):
        joints = humanml263.to_joints(features, following=True)
        features = humanml263.from_joints(joints, prepare=False)
    assert (features - first).abs().max() < 5e-5


@pytest.mark.parametrize("name", ["walk", "spin", "cartwheel", "backflip"])
def test_equals_the_published_procedure(shared_data: Path, name: str) -> None:
    path = shared_data / "deepmimic" / f"{name}.bvh"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    motion = retargeting.retarget(formats.read(path).resampled(20.0))
    ours = humanml263.from_joints(motion.joints[None], as_published=True)[0]
    plain = plain_features.encode(motion.joints.double().numpy(), LENGTHS, plain_features.HUMANML3D)
    found = apart(ours, torch.from_numpy(plain).float())
    assert max(found.values()) < 2e-4, found


def test_torch_and_compiled_loops_agree(shared_data: Path) -> None:
    """Where numba is not installed both are torch, and agree all the more."""
    joints = torch.stack([walk(shared_data)[:26], moving_bodies.wandering(26).joints])
    counts = torch.tensor((26, 17))
    for place in (True, False):
        settings = Settings(humanml263.BODY.template if place else None, place, False)
        plain = _guo_torch.encode(joints, counts, humanml263.BODY, settings, smoothing())
        fast = humanml263.from_joints(joints, counts, prepare=place)
        assert (plain - fast).abs().max() < 1e-5
        back = _guo_torch.decode(fast, following=True)
        assert (back - humanml263.to_joints(fast, following=True)).abs().max() < 1e-5


def test_without_numba_all_goes_on_in_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    motion = moving_bodies.wandering(30)
    features = humanml263.encode(motion)
    joints = humanml263.decode(features).joints
    monkeypatch.setattr(_guo, "_compiled", lambda: None)
    assert (humanml263.encode(motion) - features).abs().max() < 1e-5
    assert (humanml263.decode(features).joints - joints).abs().max() < 1e-5


def test_bodies_anywhere_are_put_in_place(shared_data: Path) -> None:
    joints = walk(shared_data)
    placed = humanml263.to_joints(humanml263.from_joints(joints[None]))[0]
    motion = Motion(placed, 20.0, humanml263.SKELETON)
    assert placed[..., 1].min().abs() < 1e-5
    assert placed[0, 0, [0, 2]].abs().max() < 1e-6
    assert motion.facing()[0, 2] > 1 - 1e-6
    assert (motion.bone_lengths() - torch.tensor(LENGTHS[1:])).abs().max() < 1e-5
    bones = Motion(joints, 20.0, humanml263.SKELETON).bone_lengths()[0]
    growth = LENGTHS[[5, 8]].sum() / bones[[4, 7]].sum().item()
    travelled = (joints[-2, 0] - joints[0, 0])[[0, 2]].norm() * growth
    assert placed[-1, 0, [0, 2]].norm() == pytest.approx(travelled.item(), abs=1e-4)


def test_padding_and_neighbours_make_no_difference() -> None:
    clips = [moving_bodies.wandering(frames, seed=frames).joints for frames in (40, 2, 131, 7)]
    lengths = torch.tensor([len(clip) for clip in clips])
    padded = torch.full((4, 140, 22, 3), 7.0)
    for row, clip in zip(padded, clips, strict=True):
        row[: len(clip)] = clip
    together = humanml263.from_joints(padded, lengths)
    for row, clip in zip(together, clips, strict=True):
        alone = humanml263.from_joints(clip[None])[0]
        assert torch.equal(row[: len(alone)], alone)
        assert not row[len(alone) :].any()


def spinning(frames: int, turns: float) -> Tensor:
    """A body that turns on the spot, all one way."""
    body = humanml263.SKELETON
    angle = torch.linspace(0, turns * 2 * math.pi, frames)
    rotations = torch.eye(3).repeat(frames, len(body), 1, 1)
    rotations[:, 0] = geometry.axis_rotation("Y", angle)
    root = torch.tensor((0.0, 1.0, 0.0)).expand(frames, 3)
    return Motion.from_rotations(rotations, root, fps=20.0, skeleton=body).joints


def test_a_whole_turn_keeps_its_sign_and_the_published_one_does_not() -> None:
    joints = spinning(400, 1.5)[None]
    ours = humanml263.from_joints(joints)[0, :, 0]
    published = humanml263.from_joints(joints, as_published=True)[0, :, 0]
    assert (ours <= 0).all() or (ours >= 0).all()
    assert ((ours * published) < 0).sum() == 1
    back = humanml263.to_joints(humanml263.from_joints(joints))
    placed = humanml263.from_joints(back, prepare=False)
    assert (humanml263.to_joints(placed) - back[:, :-1]).abs().max() < 1e-5


def test_bones_opposite_to_their_rest_direction_give_a_rotation() -> None:
    joints = spinning(3, 0.0)
    for hand in ("left_wrist", "right_wrist"):
        wrist, elbow = map(humanml263.SKELETON.index, (hand, hand.replace("wrist", "elbow")))
        joints[:, wrist] = joints[:, elbow] + torch.tensor((0.0, 0.27, 0.0))  # rest is downwards
    for features in (
        humanml263.from_joints(joints[None], prepare=False),
        humanml263.from_joints(joints[None].requires_grad_(), prepare=False).detach(),
    ):
        six_d = features[..., PARTS["rotations"]].unflatten(-1, (-1, 2, 3))
        assert (six_d.norm(dim=-1) - 1).abs().max() < 1e-5
        assert (six_d[..., 0, :] * six_d[..., 1, :]).sum(-1).abs().max() < 1e-5


def test_gradients_reach_the_joints() -> None:
    joints = moving_bodies.wandering(30).joints[None].requires_grad_()
    features = humanml263.from_joints(joints)
    features.square().sum().backward()
    assert joints.grad is not None
    assert joints.grad.isfinite().all()
    assert joints.grad.abs().sum() > 0
    leaf = features.detach().requires_grad_()
    humanml263.to_joints(leaf).square().sum().backward()
    assert leaf.grad is not None
    assert leaf.grad[..., :67].abs().sum() > 0


@pytest.mark.parametrize(
    ("lengths", "message"),
    [((1, 5), "lengths are"), ((5, 6), "wanted 2 numbers from 2 to the 5 frames there are")],
)
def test_lengths_that_cannot_be_are_refused(lengths: tuple[int, ...], message: str) -> None:
    joints = moving_bodies.wandering(5).joints.expand(2, 5, 22, 3)
    with pytest.raises(ValueError, match=message):
        humanml263.from_joints(joints, torch.tensor(lengths))


def test_a_number_that_is_not_finite_stays_in_its_clip() -> None:
    joints = torch.stack([moving_bodies.wandering(20, seed=seed).joints for seed in range(2)])
    clean = humanml263.from_joints(joints)
    joints[0, 7, 3, 1] = math.nan
    found = humanml263.from_joints(joints)
    assert found[0].isnan().any()
    assert torch.equal(found[1], clean[1])


def test_one_frame_has_no_features() -> None:
    with pytest.raises(ValueError, match="features are steps from frame to frame"):
        humanml263.encode(moving_bodies.wandering(1))


def plain(features: list[list[float]]) -> list[list[list[float]]]:
    """One frame after the other, with sines and cosines."""
    heading = x = z = 0.0
    clip = []
    for number, frame in enumerate(features):
        if number:
            before = features[number - 1]
            heading -= 2 * before[0]
            x += math.cos(heading) * before[1] + math.sin(heading) * before[2]
            z += math.cos(heading) * before[2] - math.sin(heading) * before[1]
        joints = [[x, frame[3], z]]
        for a, b, c in zip(frame[4:67:3], frame[5:67:3], frame[6:67:3], strict=True):
            turned_x = math.cos(heading) * a + math.sin(heading) * c
            turned_z = math.cos(heading) * c - math.sin(heading) * a
            joints.append([x + turned_x, b, z + turned_z])
        clip.append(joints)
    return clip


def test_joints_equal_the_convention_written_out() -> None:
    features = torch.randn(30, 263, generator=torch.Generator().manual_seed(0))
    wanted = torch.tensor(plain(features.tolist()))
    assert torch.allclose(humanml263.decode(features).joints, wanted, atol=1e-5)
    torch_alone = _guo_torch.decode(features[None], following=False)[0]
    assert torch.allclose(torch_alone, wanted, atol=1e-5)
    published = plain_features.decode(features, 22)
    assert torch.allclose(published, wanted, atol=1e-4)


def test_a_constant_turn_walks_a_circle() -> None:
    frames = 200
    features = torch.zeros(1, frames + 1, 263)
    features[..., 0] = math.pi / frames  # half of the angle
    features[..., 2] = 0.05
    path = humanml263.to_joints(features)[0, :, 0]
    assert path[-1].norm() < 1e-4
    assert math.isclose(path.norm(dim=-1).max().item(), frames * 0.05 / math.pi, rel_tol=1e-3)


def test_long_clips_do_not_drift() -> None:
    features = torch.zeros(1, 100_000, 263)
    features[..., 2] = 0.1
    for joints in (
        humanml263.to_joints(features),
        _guo_torch.decode(features, following=False),
    ):
        root = joints[0, -1, 0]
        assert math.isclose(root[2].item(), 9999.9, rel_tol=1e-6)
        assert root[0] == 0
