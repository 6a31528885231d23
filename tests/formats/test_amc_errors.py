"""What is wrong with an Acclaim file is told in one sentence, with the file and the line."""

import random
import re
import tracemalloc
from pathlib import Path

import acclaim_files
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_amc_reading import SMALL_AMC, SMALL_ASF

from moclip import files, formats
from moclip.formats import _asf, amc

WALKER = acclaim_files.walker(3)
ASF, AMC = acclaim_files.asf(WALKER), acclaim_files.amc(WALKER)


def refused(motion: str | bytes, asf: str | bytes = SMALL_ASF) -> str:
    data = motion.encode() if isinstance(motion, str) else motion
    skeleton = asf.encode() if isinstance(asf, str) else asf
    with pytest.raises(ValueError, match=r"^a\.amc") as told:
        amc.decode(data, name="a.amc", asf=skeleton)
    assert "\n" not in str(told.value)
    return str(told.value).removeprefix("a.amc")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("shin 0\n", "", ", line 6: frame 1 ends here and has no bone 'shin'"),
        ("thigh 0 0 0", "thigh 0 0", ", line 5: bone 'thigh' has 2 numbers, wanted 3 as in the"),
        ("thigh 0 0 0", "thigh 0 nan 0", ", line 5: 'nan' stands where a finite number should"),
        ("thigh 0 0 0", "thigh 0 1e999 0", ", line 5: '1e999' stands where a finite number"),
        ("thigh 0 0 0", "thigh 0 -1.#IND 0", ", line 6: frame 1 ends here and has no bone 'shin'"),
        ("thigh 0 0 0", "thigh 0 x 0", ", line 5: 'x' stands where a finite number should"),
        ("thigh", "thumb", ", line 5: 'thumb' is no bone with a degree of freedom in the .asf"),
        ("thigh", "shin 1\nthigh", ", line 7: bone 'shin' stands twice in this frame"),
        ("\n1\n", "\n", ", line 3: 'root' stands where the number of a frame should"),
        ("shin 0\n", "shin 0\n3\n", ", line 7: frame 3 stands here, wanted frame 2"),
        ("shin 0\n", "shin 0\n2\n", ", line 8: frame 2 ends here and has no bone 'root'"),
        ("\n1\nroot 1 2 3 0 0 0\nthigh 0 0 0\nshin 0", "", " holds no frames"),
        (":DEGREES", ":SAMPLES-PER-SECOND x", ", line 2: wanted a positive number of samples"),
    ],
)
def test_a_fault_in_the_motion_is_told_with_its_line(old: str, new: str, sentence: str) -> None:
    assert old in SMALL_AMC
    if "#IND" in new:  # what follows # is a comment: the number is cut, and so is the line
        sentence = ", line 5: bone 'thigh' has 2 numbers"
    assert refused(SMALL_AMC.replace(old, new)).startswith(sentence)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("axis 0 90 0 XYZ", "axis 0 90 XYZ", "line 29: 'XYZ' stands where a finite number"),
        ("axis 0 90 0 XYZ", "axis 0 90 0 XYY", "line 29: 'XYY' is no order of axes such as XYZ"),
        ("length 45", "length nan", "line 28: 'nan' stands where a finite number should"),
        ("length 45", "length 4 5", "line 28: 2 numbers, wanted 1"),
        ("dof rx\n", "dof rx rx\n", "line 30: 'rx' among the degrees of freedom; read are, once"),
        ("dof rx\n", "dof l\n", "line 30: 'l' among the degrees of freedom"),
        ("name shin", "name thigh", "line 31: a second bone is named 'thigh'"),
        ("    name shin\n", "", "line 30: a bone has no name"),
        ("thigh shin", "thigh thumb", "line 35: no bone is named 'thumb'"),
        ("thigh shin", "thigh thigh", "line 35: bone 'thigh' hangs on a second one"),
        ("thigh shin", "shin", "line 36: bone 'shin' of line 24 does not hang on the root"),
        ("root thigh", "shin thigh", "line 36: bone 'thigh' of line 14 does not hang on the root"),
        ("   order TX TY TZ RX RY RZ\n", "", "line 11: the root has no 'order' such as TX TY TZ"),
        ("  length 1.0", "  length 0", "line 6: the unit of length is 0, wanted a positive"),
        ("angle deg", "angle grad", "line 7: the unit of angles is 'deg' or 'rad'"),
        (":root\n", ":roots\n", " has no section ':root'"),
        (":hierarchy", ":root", "line 32: a second section ':root'"),
        ("# a comment\n:version", "version", "line 1: this is no Acclaim skeleton"),
    ],
)
def test_a_fault_in_the_skeleton_is_told_with_its_line(old: str, new: str, sentence: str) -> None:
    assert old in SMALL_ASF
    told = refused(SMALL_AMC, SMALL_ASF.replace(old, new))
    assert told.startswith(": its .asf")
    assert told.removeprefix(": its .asf").removeprefix(", ").startswith(sentence)


def test_a_motion_without_its_skeleton_says_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "01_02.amc").write_text(SMALL_AMC)
    for other in ("02.asf", "03.asf"):
        (tmp_path / other).write_text(SMALL_ASF)
    with pytest.raises(ValueError, match=r"01_02\.amc needs the \.asf file .* or give asf=PATH"):
        formats.read(tmp_path / "01_02.amc")


def test_a_skeleton_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"there is no file .*gone"):
        amc.decode(AMC, asf=tmp_path / "gone.asf")


def test_the_skeletons_own_name_stands_in_its_faults(tmp_path: Path) -> None:
    (tmp_path / "01_02.amc").write_text(SMALL_AMC)
    (tmp_path / "01.asf").write_text(SMALL_ASF.replace("length 45", "length ?"))
    with pytest.raises(ValueError, match=r"^01\.asf, line 28: '\?' stands where"):
        formats.read(tmp_path / "01_02.amc")


def test_what_is_no_text_is_refused() -> None:
    assert refused(b"\x00\x01" * 50) == " is no text: byte 0 is zero"
    assert refused(b":DEGREES\n1\nroot \xff\xfe") == ", line 3: this is no UTF-8 text"
    assert refused(b" \n") == " is empty"
    assert refused(SMALL_AMC, b"\n") == ": its .asf is empty"


def test_too_large_a_file_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amc, "LARGEST", 100)
    assert "bytes, more than the 100 that are read" in refused(AMC, ASF)
    (tmp_path / "a.asf").write_bytes(b" " * (_asf.LARGEST + 1))
    with pytest.raises(ValueError, match=r"more than the .* that are read"):
        amc.decode(SMALL_AMC.encode(), asf=tmp_path / "a.asf")
    assert amc.LARGEST < files.LARGEST


def test_bones_without_freedom_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    bones = "".join(f"begin\nname b{i}\ndirection 0 1 0\nlength 1\nend\n" for i in range(900))
    tree = "".join(f"root b{i}\n" for i in range(900))
    asf = f":version 1\n:root\norder rx\n:bonedata\n{bones}:hierarchy\nbegin\n{tree}end\n"
    motion = "".join(f"{i}\nroot 0\n" for i in range(1, 30_001))
    tracemalloc.start()
    told = refused(motion, asf)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert told == ": 30,000 frames of 901 bones are too many"
    assert peak < 100 * len(motion)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9, 0.99])
def test_a_file_cut_short_is_refused(share: float) -> None:
    assert refused(AMC[: int(share * len(AMC))], ASF)
    assert refused(AMC, ASF[: int(share * len(ASF))])


WORDS = (
    b"nan",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b":root",
    b"begin",
    b"\n",
    b"\0",
    b"\xff",
)


def damaged(data: bytes, dice: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        start = dice.randrange(len(out) or 1)
        end = start + dice.choice((0, 1, 3, 30))
        if dice.randrange(2):
            out[start:end] = dice.choice(WORDS)
        else:
            out[start:start] = out[start:end]
    return bytes(out)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_damaged_files_are_refused_or_read(seed: int) -> None:
    dice = random.Random(seed)
    which = dice.randrange(3)
    motion = damaged(AMC, dice) if which != 1 else AMC
    asf = damaged(ASF, dice) if which else ASF
    problem = ""
    try:
        read = amc.decode(motion, name="a.amc", asf=asf)
        assert read.joints.isfinite().all()
        assert len(read) in (3, 2, 4)
    except ValueError as error:
        problem = str(error)
    assert not problem or problem.startswith("a.amc")
    assert not re.search(r"[\n\0]", problem)


def test_the_quick_reader_and_the_slow_one_agree() -> None:
    """A blank comment in the last line sends a whole file through the slow reader."""
    quick = amc.decode(AMC, asf=ASF)
    slow = amc.decode(AMC + b"# the end\n", asf=ASF)
    assert quick.joints.equal(slow.joints)
