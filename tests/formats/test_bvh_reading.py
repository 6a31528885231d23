"""What BVH files say, compared with a reader that does one joint after the other."""

from itertools import permutations
from pathlib import Path

import pytest
import torch
from bvh_files import HEADER, ROWS, bvh, plain_positions

from moclip import formats
from moclip.formats import _bvh_fast
from moclip.formats import bvh as bvh_format
from moclip.motion import Motion


@pytest.fixture(autouse=True, params=[False, True], ids=["plain", "compiled"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        pytest.importorskip("numba")
    monkeypatch.setattr(_bvh_fast, "_is_worth_it", lambda: request.param)


def read(data: bytes, unit: str | float | None = "cm") -> Motion:
    return bvh_format.decode(data, name="walk.bvh", unit=unit)


def assert_plain_reader_agrees(data: bytes, metres: float = 0.01) -> None:
    motion = read(data, metres)
    clip = plain_positions(data)
    assert len(motion) == len(clip)
    for joint in clip[0]:
        wanted = torch.tensor([places[joint] for places in clip]) * metres
        assert torch.allclose(motion.joint(joint), wanted, atol=1e-5)


@pytest.mark.parametrize("order", ["".join(axes) for axes in permutations("XYZ")])
def test_any_order_of_rotations(order: str) -> None:
    channels = " ".join(f"{axis}rotation" for axis in order)
    assert_plain_reader_agrees(
        bvh(header=HEADER.replace("Zrotation Xrotation Yrotation", channels))
    )


def test_positions_and_rotations_in_any_mixture() -> None:
    mixed = "6 Zrotation Yposition Xrotation Zposition Yrotation Xposition"
    header = HEADER.replace("6 Xposition Yposition Zposition Zrotation Xrotation Yrotation", mixed)
    assert_plain_reader_agrees(bvh(header=header))


def test_position_channels_replace_the_offset_axis_by_axis() -> None:
    header = HEADER.replace("3 Yrotation Zrotation Xrotation", "2 Zposition Xrotation")
    data = bvh(["0 90 0 0 0 0 7 0", "0 90 0 0 0 0 -7 30"], header=header)
    assert_plain_reader_agrees(data)
    assert torch.allclose(read(data).joint("knee")[0], torch.tensor([0.0, 0.5, 0.07]))


@pytest.mark.parametrize("channels", ["0", "1 Yrotation", "2 Xrotation Zrotation"])
def test_joints_may_turn_about_fewer_axes(channels: str) -> None:
    header = HEADER.replace("3 Yrotation Zrotation Xrotation", channels)
    count = 6 + int(channels[0])
    assert_plain_reader_agrees(bvh([" ".join(row.split()[:count]) for row in ROWS], header=header))


@pytest.mark.parametrize(
    "file",
    ["deepmimic/cartwheel.bvh", "deepmimic/backflip.bvh", "cmu_actions/running_01.bvh"],
)
def test_real_files(shared_data: Path, file: str) -> None:
    assert_plain_reader_agrees((shared_data / file).read_bytes())


def test_end_sites_are_kept() -> None:
    motion = read(bvh())
    assert motion.skeleton.ends == (("knee", (0.0, -0.45, 0.0)),)
    assert torch.allclose(motion.end("knee")[0], torch.tensor([0.0, 0.05, 0.05]), atol=1e-6)


def test_an_unknown_tree_is_named_after_its_file_and_has_no_limbs() -> None:
    skeleton = read(bvh()).skeleton
    assert (skeleton.name, skeleton.limbs) == ("walk", ())
    assert skeleton.joint_names == ("hips", "knee")
    assert skeleton.offsets[1] == pytest.approx((0, -0.4, 0.05))


@pytest.mark.parametrize(
    ("time", "fps"),
    [("0.05", 20), ("0.0333333", 30), (".01667", 60), ("0.0333667", 29.97000002997), ("2", 0.5)],
)
def test_rounded_frame_times_give_whole_rates(time: str, fps: float) -> None:
    assert read(bvh(time=time)).fps == fps


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: text.replace(b"\n", b" \t\n"),
        lambda text: text.replace(b"\n", b"\n\n"),
        lambda text: text.replace(b" ", b"\t"),
        lambda text: text.replace(b"Frames: ", b"Frames:\t"),
        lambda text: text.replace(b"Frames: ", b"FRAMES :"),
        lambda text: text.replace(b"position", b"POSITION").replace(b"rotation", b"ROTATION"),
        lambda text: text.replace(b"hips\n{", b"hips {"),
        lambda text: text.replace(b"}", b" } ").replace(b"\n", b" \n "),
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: b"\n\n" + text.rstrip(),
    ],
)
def test_spelling_makes_no_difference(change: "object") -> None:
    assert callable(change)
    assert torch.equal(read(change(bvh())).joints, read(bvh()).joints)


def test_joint_names_may_hold_spaces_and_any_letters() -> None:
    header = HEADER.replace("hips", "Bip01 L Thigh").replace("knee", "膝")
    assert read(bvh(header=header)).skeleton.joint_names == ("Bip01 L Thigh", "膝")


def test_branches_in_another_order_are_still_the_known_body(shared_data: Path) -> None:
    path = shared_data / "deepmimic" / "walk.bvh"
    motion = formats.read(path)
    lines = path.read_text().splitlines()
    start, end = lines.index("\t\tJOINT RightArm"), lines.index("\t\tJOINT LeftArm")
    right = lines[start:end]
    left = lines[end : end + len(right)]
    lines[start : end + len(right)] = left + right
    swapped = []
    for line in lines:
        numbers = line.split()
        if len(numbers) == 42 and not line.startswith("\t"):
            numbers[12:24] = numbers[18:24] + numbers[12:18]
        swapped.append(" ".join(numbers))
    again = bvh_format.decode("\n".join(swapped).encode(), name="x.bvh")
    assert again.skeleton == motion.skeleton
    assert torch.equal(again.joints, motion.joints)


@pytest.mark.parametrize("unit", ["m", "cm", "mm", "inch"])
def test_the_unit_is_told_by_the_body(shared_data: Path, unit: str) -> None:
    path = shared_data / "deepmimic" / "walk.bvh"
    wanted = formats.read(path)
    scale = {"m": 0.01, "cm": 1.0, "mm": 10.0, "inch": 1 / 2.54}[unit]
    lines = path.read_text().splitlines()
    for i, line in enumerate(lines):
        words = line.split()
        if words[0] == "OFFSET":
            lines[i] = "OFFSET " + " ".join(str(float(word) * scale) for word in words[1:])
        elif len(words) == 42:
            words[:3] = [str(float(word) * scale) for word in words[:3]]
            lines[i] = " ".join(words)
    text = "\n".join(lines).encode()
    assert torch.allclose(bvh_format.decode(text, name="x.bvh").joints, wanted.joints, atol=1e-5)
    told = bvh_format.decode(text, name="x.bvh", unit=unit)
    assert torch.allclose(told.joints, wanted.joints, atol=1e-5)


@pytest.mark.parametrize(
    ("file", "body"),
    [("cmu_actions/walking_01.bvh", "cmu"), ("deepmimic/walk.bvh", "deepmimic")],
)
def test_known_bodies_keep_their_own_bones(shared_data: Path, file: str, body: str) -> None:
    motion = formats.read(shared_data / file)
    assert motion.skeleton.name == body
    offsets = torch.tensor(motion.skeleton.offsets)[1:].norm(dim=-1)
    assert (motion.bone_lengths() - offsets).abs().max() < 1e-5
