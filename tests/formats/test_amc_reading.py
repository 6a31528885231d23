"""Acclaim files say where the joints are, whatever their axes, orders and units."""

import math
from pathlib import Path

import acclaim_files
import pytest
import torch
from acclaim_files import BONES, METRES

from moclip import formats, skeletons
from moclip.formats import amc
from moclip.motion import Motion
from moclip.retargeting import canonical

CALLED = {"root": "Hips"} | {bone: joint for bone, (joint, _, _) in BONES.items()}

SMALL_ASF = """# a comment
:version 1.10
:name small
:units
  mass 1.0
  length 1.0
  angle deg
:root
   axis XYZ
   order TX TY TZ RX RY RZ
   position 0 0 0
   orientation 0 0 0
:bonedata
  begin
    id 1
    name thigh
    direction 0 -1 0
    length 40
    axis 0 0 0 XYZ
    dof rx ry rz
    limits (-10 10) (-inf inf)
           (-10, 10)
  end
  begin
    id 2
    name shin
    direction 0 -1 0
    length 45
    axis 0 90 0 XYZ
    dof rx
  end
:hierarchy
  begin
    root thigh
    thigh shin
  end
"""
SMALL_AMC = ":FULLY-SPECIFIED\n:DEGREES\n1\nroot 1 2 3 0 0 0\nthigh 0 0 0\nshin 0\n"


def read_small(asf: str = SMALL_ASF, motion: str = SMALL_AMC) -> Motion:
    return amc.decode(motion.encode(), name="a.amc", asf=asf.encode(), unit="cm")


def real_clips(folder: Path) -> list[Path]:
    return sorted((folder / "cmu_actions").glob("*.bvh"))[::6]


def test_real_clips_in_the_layout_of_the_database_are_where_they_were(shared_data: Path) -> None:
    for path in real_clips(shared_data):
        clip = formats.read(path)
        again = amc.decode(acclaim_files.amc(clip), asf=acclaim_files.asf(clip), fps=clip.fps)
        assert (again.joints - clip.joints).abs().max() < 1e-5
        assert again.rotations is not None
        assert clip.rotations is not None
        assert (again.rotations - clip.rotations).abs().max() < 1e-4
        assert again.skeleton.same_tree(clip.skeleton)
        assert again.skeleton.limbs == clip.skeleton.limbs


def test_positions_are_those_of_a_slow_plain_reader() -> None:
    motion = acclaim_files.walker(4)
    skeleton, data = acclaim_files.asf(motion, longer=True), acclaim_files.amc(motion)
    read = amc.decode(data, asf=skeleton)
    plain = acclaim_files.plain_positions(skeleton, data)
    assert len(plain) == len(read) == 4
    for frame, places in enumerate(plain):
        assert set(places) == set(CALLED)
        for bone, where in places.items():
            assert (read.joint(CALLED[bone])[frame] - torch.tensor(where)).norm() < 1e-5


def test_a_body_of_the_database_is_the_cmu_skeleton_with_its_own_bones() -> None:
    motion = acclaim_files.walker()
    read = amc.decode(acclaim_files.amc(motion), asf=acclaim_files.asf(motion, longer=True))
    assert read.skeleton.same_tree(skeletons.get("cmu"))
    assert read.skeleton.limbs == skeletons.get("cmu").limbs
    assert read.skeleton.name == "cmu"
    neck = read.skeleton.offsets[read.skeleton.index("Neck")]
    assert math.hypot(*neck) == pytest.approx(math.hypot(2.06, 0.04) * METRES)
    for joint, tip in motion.skeleton.ends:
        assert dict(read.skeleton.ends)[joint] == pytest.approx(tip, abs=1e-5)


def test_it_has_120_frames_a_second_unless_someone_knows_better() -> None:
    motion = acclaim_files.walker()
    skeleton, data = acclaim_files.asf(motion), acclaim_files.amc(motion)
    header = ":FULLY-SPECIFIED\n:DEGREES\n:SAMPLES-PER-SECOND 60\n"
    assert amc.decode(data, asf=skeleton).fps == 120.0
    assert amc.decode(data, asf=skeleton, fps=30.0).fps == 30.0
    assert amc.decode(acclaim_files.amc(motion, header=header), asf=skeleton).fps == 60.0


def test_a_bone_turns_about_its_own_axis() -> None:
    """Turned a quarter about y, the shin's x axis is the world's -z: it swings sideways."""
    turned = read_small(motion=SMALL_AMC.replace("shin 0", "shin 90"))
    straight = read_small()
    assert torch.allclose(straight.joint("shin")[0], torch.tensor([0.01, -0.38, 0.03]), atol=1e-6)
    assert torch.allclose(turned.joint("shin"), straight.joint("shin"), atol=1e-6)
    assert torch.allclose(straight.end("shin")[0], torch.tensor([0.01, -0.83, 0.03]), atol=1e-6)
    assert torch.allclose(turned.end("shin")[0], torch.tensor([-0.44, -0.38, 0.03]), atol=1e-6)


def test_turns_follow_each_other_in_the_order_of_the_dof() -> None:
    """About x and then z leaves the thigh ahead; about z and then x, at the side."""
    numbers = SMALL_AMC.replace("thigh 0 0 0", "thigh 90 0 90")
    ahead = read_small(motion=numbers).joint("shin")[0]
    side = read_small(SMALL_ASF.replace("dof rx ry rz", "dof rz ry rx"), numbers).joint("shin")[0]
    assert torch.allclose(ahead, torch.tensor([0.01, 0.02, -0.37]), atol=1e-6)
    assert torch.allclose(side, torch.tensor([0.41, 0.02, 0.03]), atol=1e-6)


def test_the_roots_numbers_may_come_in_another_order() -> None:
    asf = SMALL_ASF.replace("TX TY TZ RX RY RZ", "RZ RY RX TZ TY TX")
    plain = read_small(motion=SMALL_AMC.replace("1 2 3 0 0 0", "1 2 3 10 0 0"))
    other = read_small(asf, SMALL_AMC.replace("1 2 3 0 0 0", "0 0 10 3 2 1"))
    assert torch.allclose(other.joints, plain.joints, atol=1e-6)


def test_the_root_is_moved_by_its_position() -> None:
    moved = read_small(SMALL_ASF.replace("position 0 0 0", "position 100 0 -50"))
    shift = torch.tensor([1.0, 0.0, -0.5])
    assert torch.allclose(moved.joints, read_small().joints + shift, atol=1e-6)


def test_angles_may_be_radians() -> None:
    wanted = read_small(motion=SMALL_AMC.replace("shin 0", "shin 90"))
    motion = SMALL_AMC.replace("shin 0", f"shin {math.pi / 2}").replace(":DEGREES", ":RADIANS")
    assert torch.allclose(read_small(motion=motion).joints, wanted.joints, atol=1e-6)
    asf = SMALL_ASF.replace("angle deg", "angle rad").replace("0 90 0", f"0 {math.pi / 2} 0")
    silent = motion.replace(":RADIANS\n", "")
    for text in (motion, silent):
        assert torch.allclose(read_small(asf, text).end("shin"), wanted.end("shin"), atol=1e-6)


def test_lengths_that_are_not_the_databases_make_a_person() -> None:
    motion = acclaim_files.walker()
    data = acclaim_files.asf(motion)
    for unit, metres in (("m", 1.0), ("cm", 0.01), ("inch", 0.0254)):
        lines = []
        for line in data.decode().replace("length 0.45", "length 1.0").split("\n"):
            word, _, number = line.strip().partition(" ")
            is_bone = word == "length" and line.startswith("     ")
            lines.append(f"length {float(number) * METRES / metres}" if is_bone else line)
        read = amc.decode(acclaim_files.amc(motion), asf="\n".join(lines).encode())
        assert read.skeleton.offsets[3] == pytest.approx(motion.skeleton.offsets[3], abs=1e-4), unit


def test_commas_windows_lines_and_blank_ones_make_no_difference() -> None:
    motion = SMALL_AMC.replace("thigh", "\n# a comment\n thigh ").replace("\n", "\r\n")
    asf = SMALL_ASF.replace("0 -1 0", "0,-1,0").replace("\n", "\r\n")
    assert torch.equal(read_small(asf, motion).joints, read_small().joints)


def test_bones_may_change_places_from_frame_to_frame() -> None:
    second = "2\nthigh 10 20 30\nshin 5\nroot 1 2 3 0 0 0\n"
    usual = "2\nroot 1 2 3 0 0 0\nthigh 10 20 30\nshin 5\n"
    mixed, plain = (read_small(motion=SMALL_AMC + frame) for frame in (second, usual))
    assert torch.equal(mixed.joints, plain.joints)


def test_frames_may_begin_with_any_number() -> None:
    assert len(read_small(motion=SMALL_AMC.replace("\n1\n", "\n17\n"))) == 1


@pytest.mark.parametrize("skeleton", ["01_02.asf", "01.asf", "someone.asf", "01.ASF"])
def test_the_skeleton_is_found_beside_the_motion(tmp_path: Path, skeleton: str) -> None:
    motion = acclaim_files.walker()
    (tmp_path / "01_02.amc").write_bytes(acclaim_files.amc(motion))
    (tmp_path / skeleton).write_bytes(acclaim_files.asf(motion))
    read = formats.read(tmp_path / "01_02.amc")
    assert (read.joints - motion.joints).abs().max() < 1e-5


def test_of_several_skeletons_the_subjects_own_is_taken(tmp_path: Path) -> None:
    motion = acclaim_files.walker()
    (tmp_path / "10_02.amc").write_bytes(acclaim_files.amc(motion))
    (tmp_path / "10.asf").write_bytes(acclaim_files.asf(motion))
    for other in ("1.asf", "10_0.asf", "02.asf"):
        (tmp_path / other).write_bytes(b"not this one")
    assert amc.beside(tmp_path / "10_02.amc") == {"asf": tmp_path / "10.asf"}
    assert len(formats.read(tmp_path / "10_02.amc")) == len(motion)


def test_another_skeleton_can_be_given(tmp_path: Path) -> None:
    motion = acclaim_files.walker()
    (tmp_path / "a.amc").write_bytes(acclaim_files.amc(motion))
    (tmp_path / "a.asf").write_bytes(acclaim_files.asf(motion))
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "b.asf").write_bytes(acclaim_files.asf(motion, longer=True))
    near, far = (
        formats.read(tmp_path / "a.amc", **options)
        for options in ({}, {"asf": tmp_path / "far" / "b.asf"})
    )
    assert math.hypot(*near.skeleton.offsets[near.skeleton.index("Neck")]) < 1e-6
    assert math.hypot(*far.skeleton.offsets[far.skeleton.index("Neck")]) > 0.1


def test_its_body_is_brought_onto_humanml3ds_joints() -> None:
    motion = acclaim_files.walker(60)
    skeleton = acclaim_files.asf(motion, longer=True)
    seen = canonical(amc.decode(acclaim_files.amc(motion), asf=skeleton))
    lengths = seen.bone_lengths()
    assert (lengths.amax(dim=0) - lengths.amin(dim=0)).max() < 1e-3
    assert len(seen) == 10
    arm = seen.skeleton.index("left_wrist") - 1
    assert lengths[0, arm] == pytest.approx(0.1894 + 1.68 * METRES, abs=2e-3)
