"""HumanML3D's arrays."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from moclip import formats, skeletons
from moclip.features import kit251
from moclip.formats import npy
from moclip.motion import Motion


def saved(array: np.ndarray, **options: bool) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def joints(frames: int = 4, count: int = 22) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(frames, count, 3)).astype(np.float32)


def test_22_joints_are_humanml3d_at_20_fps() -> None:
    motion = npy.decode(saved(joints()))
    assert (motion.skeleton.name, motion.fps, motion.rotations) == ("humanml3d", 20.0, None)
    assert torch.equal(motion.joints, torch.from_numpy(joints()))


def test_21_joints_are_kit_at_12_5_fps() -> None:
    motion = npy.decode(saved(joints(count=21)), unit="m")
    assert (motion.skeleton.name, motion.fps) == ("kit", 12.5)
    assert torch.equal(motion.joints, torch.from_numpy(joints(count=21)))


def test_kit_in_millimetres_is_told_by_the_body() -> None:
    skeleton = npy.decode(saved(joints(count=21))).skeleton
    rest = torch.zeros(2, 21, 3)
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        rest[:, joint] = rest[:, parent] + torch.tensor(skeleton.offsets[joint])
    assert torch.allclose(npy.decode(saved((1000 * rest).numpy())).joints, rest, atol=1e-5)
    assert torch.allclose(npy.decode(saved(rest.numpy())).joints, rest, atol=1e-5)


def test_the_frame_rate_can_be_given() -> None:
    assert npy.decode(saved(joints()), fps=30.0).fps == 30
    with pytest.raises(ValueError, match=r"a\.npy: fps is -1"):
        npy.decode(saved(joints()), name="a.npy", fps=-1.0)


@pytest.mark.parametrize(
    "array",
    [
        joints().astype(np.float64),
        joints().astype(">f4"),
        joints().astype(np.float16),
        np.asfortranarray(joints()),
        np.arange(4 * 66).reshape(4, 22, 3),
    ],
)
def test_any_layout_of_numbers_is_read(array: np.ndarray) -> None:
    wanted = torch.from_numpy(array.astype(np.float32, order="C"))
    assert torch.equal(npy.decode(saved(array)).joints, wanted)


@pytest.mark.parametrize("clip", ["000000", "012314"])
def test_features_and_joints_of_a_clip_are_the_same_motion(shared_data: Path, clip: str) -> None:
    folder = shared_data / "humanml3d_reference" / "HumanML3D"
    from_features = formats.read(folder / "new_joint_vecs" / f"{clip}.npy")
    from_joints = formats.read(folder / "new_joints" / f"{clip}.npy")
    assert (from_features.joints - from_joints.joints).abs().max() < 1e-5


@pytest.mark.parametrize("clip", ["000000", "012314"])
def test_z_scored_features_are_refused(shared_data: Path, clip: str) -> None:
    folder = shared_data / "humanml3d_reference" / "HumanML3D"
    features = np.load(folder / "new_joint_vecs" / f"{clip}.npy")
    scored = (features - np.load(folder / "Mean.npy")) / np.load(folder / "Std.npy")
    for part in (scored, scored[:40], scored[:10], scored[:1]):
        with pytest.raises(ValueError, match="look z-scored"):
            npy.decode(saved(part.astype(np.float32)), name="a.npy")
        motion = npy.decode(saved(features[: len(part)]))
        assert len(motion) == len(part)


@pytest.mark.parametrize("clip", ["000000", "012314"])
def test_root_and_positions_are_enough(shared_data: Path, clip: str) -> None:
    folder = shared_data / "humanml3d_reference" / "HumanML3D"
    features = np.load(folder / "new_joint_vecs" / f"{clip}.npy")
    whole, part = npy.decode(saved(features)), npy.decode(saved(features[:, :67].copy()))
    assert torch.equal(whole.joints, part.joints)


@pytest.mark.parametrize("width", [251, 64])
def test_kit_features_in_any_unit_become_metres(width: int) -> None:
    body = skeletons.get("kit")
    turns = torch.eye(3).expand(9, len(body), 3, 3)
    path = torch.tensor((0.0, 1.0, 0.1)) * torch.arange(9)[:, None] * torch.tensor((0, 0, 1.0))
    motion = Motion.from_rotations(turns, path, fps=12.5, skeleton=body).grounded()
    for unit in (0.001, 1.0):
        features = kit251.from_joints(motion.joints[None], unit=unit)[0]
        again = npy.decode(saved(features[:, :width].numpy().copy()))
        assert (again.fps, again.skeleton.name) == (12.5, "kit")
        assert (again.joints - motion.joints[:-1]).abs().max() < 1e-5


def test_z_scored_kit_features_are_refused() -> None:
    features = np.random.default_rng(0).normal(size=(50, 251)).astype(np.float32)
    with pytest.raises(ValueError, match=r"these 251 features are no body.*look z-scored"):
        npy.decode(saved(features), name="a.npy")


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "a.npy is empty"),
        (b"HIERARCHY and more", "a.npy is no NumPy array"),
        (saved(joints())[:70], "ends inside its header"),
        (saved(joints())[:-1], "has 1,055 bytes of numbers, its shape (4, 22, 3) wants 1,056"),
        (saved(joints()) + b"\0", "has 1,057 bytes"),
        (saved(joints(count=23)), "has shape (4, 23, 3), wanted (frame, 22, 3), (frame, 21, 3) or"),
        (saved(np.zeros((5, 250))), "has shape (5, 250), wanted"),
        (saved(np.zeros(())), "has shape (), wanted"),
        (saved(joints(frames=0)), "a motion needs at least one frame"),
        (saved(np.zeros((0, 263))), "at least one frame"),
        (saved(joints().astype(complex)), "holds no array of real numbers"),
        (saved(joints().astype(str)), "holds no array of real numbers"),
        (saved(joints() * np.nan), "not finite at frame 0"),
        (saved(joints().astype(np.float64) * 1e300), "not finite at frame 0"),
        (saved(np.full((3, 263), np.inf)), "the features hold a number that is not finite"),
    ],
)
def test_what_is_no_motion_is_told_in_one_sentence(data: bytes, wanted: str) -> None:
    with pytest.raises(ValueError) as error:
        npy.decode(data, name="a.npy")
    assert wanted in str(error.value)
    assert str(error.value).startswith("a.npy")


def test_a_shape_of_terabytes_is_refused_before_anything_is_allocated() -> None:
    data = saved(joints())
    lie = b"(4000000000000, 22, 3), }"
    header = data.replace(b"(4, 22, 3), }" + b" " * (len(lie) - 13), lie)
    assert len(header) == len(data)
    with pytest.raises(ValueError, match="has 1,056 bytes of numbers"):
        npy.decode(header, name="a.npy")


class Trap:
    def __reduce__(self) -> tuple[type[SystemExit], tuple[str]]:
        return SystemExit, ("a pickle was loaded",)


def test_pickles_are_never_loaded() -> None:
    with pytest.raises(ValueError, match="holds Python objects, which are never loaded"):
        npy.decode(saved(np.array([Trap()], dtype=object), allow_pickle=True), name="a.npy")
    with pytest.raises(ValueError, match="no NumPy array"):
        npy.decode(pickle.dumps(Trap()), name="a.npy")


def test_only_bodies_that_the_layout_has_are_written(shared_data: Path) -> None:
    motion = formats.read(shared_data / "deepmimic" / "walk.bvh")
    with pytest.raises(ValueError, match="not of 'deepmimic'; retarget the motion first"):
        npy.encode(motion)
