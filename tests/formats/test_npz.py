"""Our own lossless file."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from moclip import formats, skeletons
from moclip.formats import npz
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

Parts = dict[str, bytes]


def motion(dtype: torch.dtype = torch.float32, *, turned: bool = True) -> Motion:
    generator = torch.Generator().manual_seed(0)
    joints = torch.randn(7, 13, 3, generator=generator, dtype=dtype)
    rotations = torch.randn(7, 13, 3, 3, generator=generator, dtype=dtype) if turned else None
    return Motion(joints, 1 / 3, skeletons.get("deepmimic"), rotations)


def zipped(parts: Parts, compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()


def unzipped(data: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("turned", [True, False])
def test_nothing_is_lost(dtype: torch.dtype, turned: bool) -> None:
    wanted = motion(dtype, turned=turned)
    again = npz.decode(npz.encode(wanted))
    assert again.joints.dtype == dtype
    assert torch.equal(again.joints, wanted.joints)
    assert (again.fps, again.skeleton) == (wanted.fps, wanted.skeleton)
    if wanted.rotations is None or again.rotations is None:
        assert again.rotations is wanted.rotations
    else:
        assert torch.equal(again.rotations, wanted.rotations)


def test_names_of_any_letters_come_back() -> None:
    body = Skeleton('a"\\\n', ("膝", ""), (-1, 0), ((0.1, 0.2, 0.3), (1e-300, 0.0, -0.0)))
    wanted = Motion(torch.zeros(1, 2, 3), 29.97, body)
    assert npz.decode(npz.encode(wanted)).skeleton == body


def test_the_same_motion_gives_the_same_bytes() -> None:
    data = npz.encode(motion())
    assert npz.encode(motion()) == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


def test_numpy_opens_it_without_pickle() -> None:
    with np.load(io.BytesIO(npz.encode(motion())), allow_pickle=False) as arrays:
        assert np.array_equal(arrays["joints"], motion().joints.numpy())


def test_a_file_that_was_zipped_again_is_read() -> None:
    data = zipped(unzipped(npz.encode(motion())), zipfile.ZIP_DEFLATED)
    assert torch.equal(npz.decode(data).joints, motion().joints)


def edited(**changes: object) -> Callable[[Parts], Parts]:
    def edit(parts: Parts) -> Parts:
        header = json.loads(parts["motion.json"]) | changes
        return parts | {"motion.json": json.dumps(header).encode()}

    return edit


def skeleton(**changes: object) -> Callable[[Parts], Parts]:
    def edit(parts: Parts) -> Parts:
        header = json.loads(parts["motion.json"])
        return edited(skeleton=header["skeleton"] | changes)(parts)

    return edit


def with_part(name: str, data: bytes) -> Callable[[Parts], Parts]:
    return lambda parts: parts | {name: data}


def array(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda parts: {}, "is no motion of ours: it has no motion.json"),
        (lambda parts: {"motion.json": parts["motion.json"]}, "it has no joints.npy"),
        (with_part("../evil.npy", b""), "it holds '../evil.npy', wanted motion.json, joints.npy"),
        (edited(version=2), "version 2 is not known, only 1"),
        (edited(colour="red"), "colour: Extra inputs are not permitted"),
        (edited(fps="fast"), "fps: Input should be a valid number"),
        (edited(fps=0), "fps is 0.0, wanted a positive number"),
        (edited(fps=float("nan")), "fps is nan"),
        (edited(skeleton=None), "skeleton: Input should be"),
        (skeleton(parents=[-1] * 13), "must come after its parent"),
        (skeleton(joint_names=["a"] * 13), "has two joints named a"),
        (skeleton(limbs=[["arm", ["elbow"]]]), "has no joint 'elbow'"),
        (skeleton(offsets=[[float("nan")] * 3] * 13), "an offset that is not finite"),
        (with_part("motion.json", b"{"), "motion.json: Invalid JSON"),
        (with_part("motion.json", b"[" * 100_000), "motion.json: Invalid JSON"),
        (with_part("joints.npy", b"what"), "a.npz: joints.npy is no NumPy array"),
        (
            with_part("joints.npy", array(np.zeros((7, 12, 3)))),
            "joints.npy has shape (7, 12, 3), wanted (frame, 13, 3)",
        ),
        (
            with_part("joints.npy", array(np.zeros(7))),
            "joints.npy has shape (7,), wanted (frame, 13, 3)",
        ),
        (
            with_part("rotations.npy", array(np.zeros((6, 13, 3, 3)))),
            "holds rotations of 6 frames and joints of 7",
        ),
        (with_part("joints.npy", array(np.zeros((7, 13, 3), int))), "holds int64 numbers"),
        (with_part("rotations.npy", array(np.zeros((7, 13, 3)))), "wanted (frame, 13, 3, 3)"),
        (with_part("joints.npy", array(np.full((7, 13, 3), np.nan))), "not finite at frame 0"),
    ],
)
def test_foreign_and_damaged_files_are_told_in_one_sentence(
    change: Callable[[Parts], Parts], wanted: str
) -> None:
    data = zipped(change(unzipped(npz.encode(motion()))))
    with pytest.raises(ValueError) as error:
        npz.decode(data, name="a.npz")
    assert wanted in str(error.value)
    assert str(error.value).startswith("a.npz")
    assert "\n" not in str(error.value)


def test_an_entry_that_stands_twice_is_refused() -> None:
    stream = io.BytesIO(npz.encode(motion()))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("joints.npy", b"another")
    with pytest.raises(ValueError, match=r"it holds 'joints\.npy'"):
        npz.decode(stream.getvalue(), name="a.npz")


def test_a_flipped_bit_is_noticed() -> None:
    data = bytearray(npz.encode(motion()))
    data[len(data) // 2] ^= 1
    with pytest.raises(ValueError, match=r"a\.npz is no zip that can be read: Bad CRC"):
        npz.decode(bytes(data), name="a.npz")


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("joints.npy", b"\0" * 1000)
    size = (1000).to_bytes(4, "little")
    data = stream.getvalue().replace(size, (2**31).to_bytes(4, "little"))
    with pytest.raises(ValueError, match="would unpack to 2,147,483,648 bytes, more than the"):
        npz.decode(data, name="a.npz")


def test_read_and_write_go_by_the_suffix(tmp_path: Path) -> None:
    formats.write(motion(), tmp_path / "a.NPZ")
    assert torch.equal(formats.read(str(tmp_path / "a.NPZ")).joints, motion().joints)
    with pytest.raises(ValueError, match=r"a\.fbx: no format '\.fbx'; there are: .*\.npz"):
        formats.write(motion(), tmp_path / "a.fbx")
    with pytest.raises(ValueError, match=r"no format ''"):
        formats.read(tmp_path / "a")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        formats.read(tmp_path / "b.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["a.NPZ"]
