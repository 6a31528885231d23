"""Every way a BVH file can be broken is told in one sentence, with its line."""

import time

import pytest
from bvh_files import HEADER, ROWS, bvh

from moclip.formats import _bvh_fast
from moclip.formats import bvh as bvh_format


@pytest.fixture(autouse=True, params=[False, True], ids=["plain", "compiled"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        pytest.importorskip("numba")
    monkeypatch.setattr(_bvh_fast, "_is_worth_it", lambda: request.param)


BROKEN = {
    "empty": (b"", "walk.bvh is empty"),
    "blank": (b" \n\n ", "walk.bvh is empty"),
    "another file": (b"caption,file\na,b\n", "no BVH: it must begin with HIERARCHY"),
    "binary": (b"HIERARCHY\n\0\1\2", "is no text: byte 10 is zero"),
    "utf-16": (bvh().decode().encode("utf-16"), "is UTF-16 text, wanted UTF-8"),
    "utf-16 without mark": (bvh().decode().encode("utf-16-be"), "is no text"),
    "latin-1": (bvh().replace(b"knee", "Füße".encode("latin-1")), "line 6: this is no UTF-8 text"),
    "no MOTION": (HEADER.encode(), "has no MOTION section"),
    "no ROOT": (bvh(header="HIERARCHY\nJOINT a\n{\n}\n"), "line 2: 'JOINT' stands where 'ROOT'"),
    "nameless": (bvh(header="HIERARCHY\nROOT\n{\n}\n"), "line 2: a joint has no name"),
    "no brace": (
        bvh(header=HEADER.replace("hips\n{", "hips\n")),
        "line 4: 'OFFSET' stands where '{'",
    ),
    "brace missing": (bvh(header=HEADER[:-2]), "line 14: the hierarchy ends where"),
    "brace too many": (bvh(header=HEADER + "}\n"), "line 16: something follows the last brace"),
    "two roots": (bvh(header=HEADER + HEADER[10:]), "line 16: something follows the last brace"),
    "unknown word": (
        bvh(header=HEADER.replace("JOINT", "JIONT")),
        "line 6: 'JIONT' stands where 'OFFSET' or 'CHANNELS' or 'JOINT'",
    ),
    "same name twice": (
        bvh(header=HEADER.replace("knee", "hips")),
        "line 6: a second joint is named 'hips', the first stands on line 2",
    ),
    "offset of words": (
        bvh(header=HEADER.replace("0 -40 5", "0 -4o 5")),
        "line 8: '-4o' stands where a number should",
    ),
    "offset too short": (
        bvh(header=HEADER.replace("0 -40 5", "0 -40")),
        "line 9: 'CHANNELS' stands where a number should",
    ),
    "offset not finite": (
        bvh(header=HEADER.replace("0 -40 5", "0 nan 5")),
        "line 8: an offset is nan, wanted a finite number",
    ),
    "channels mis-counted": (
        bvh(header=HEADER.replace("CHANNELS 3", "CHANNELS 4")),
        "line 9: CHANNELS promises 4 channels and names 3",
    ),
    "unknown channel": (
        bvh(header=HEADER.replace("3 Yrotation", "3 Wrotation")),
        "line 9: no channel named 'Wrotation'; there are: Xposition",
    ),
    "channel twice": (
        bvh(header=HEADER.replace("3 Yrotation", "3 Zrotation")),
        "line 9: a channel is named twice",
    ),
    "channels in superscript": (
        bvh(header=HEADER.replace("CHANNELS 3", "CHANNELS ³")),
        "line 9: CHANNELS promises ³ channels and names 3",
    ),
    "no channels": (
        bvh(header="HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\n}\n"),
        "line 9: 9 numbers, wanted 0",
    ),
    "no Frames": (
        f"{HEADER}MOTION\nFrame Time: 1\n".encode(),
        "line 16: MOTION wants 'Frames: COUNT' and 'Frame Time",
    ),
    "Frames is a word": (
        bvh(frames="many"),
        "line 17: 'many' frames are promised, the file holds 3",
    ),
    "Frames has thousands of digits": (
        bvh(frames="9" * 5000),
        f"line 17: '{'9' * 40}' frames are promised, the file holds 3",
    ),
    "too few frames": (bvh(frames="5"), "line 17: 5 frames are promised, the file holds 3"),
    "too many frames": (bvh(frames="2"), "line 17: 2 frames are promised, the file holds 3"),
    "no frames": (bvh([]), "line 17: the file holds no frames"),
    "frame time zero": (bvh(time="0"), "line 18: the frame time is 0, wanted a positive number"),
    "frame time negative": (bvh(time="-0.1"), "line 18: the frame time is -0.1, wanted"),
    "frame time a word": (bvh(time="fast"), "line 18: the frame time is fast, wanted"),
    "frame time nan": (bvh(time="nan"), "line 18: the frame time is nan, wanted"),
    "cut off": (bvh()[:-12], "line 21: 5 numbers, wanted 9, and the file ends here"),
    "a number missing": (bvh([ROWS[0], ROWS[1][2:], ROWS[2]]), "line 20: 8 numbers, wanted 9"),
    "a number too many": (bvh([ROWS[0] + " 1", *ROWS]), "line 19: 10 numbers, wanted 9"),
    "numbers slipped to the next line": (
        bvh([ROWS[0] + " 1", ROWS[1][2:]]),
        "line 19: 10 numbers, wanted 9",
    ),
    "NaN": (bvh([ROWS[0], ROWS[1].replace("50", "NaN")]), "line 20: 'NaN' stands where a finite"),
    "infinite": (bvh([ROWS[0].replace("90", "1e999")]), "line 19: '1e999' stands where a finite"),
    "comma for point": (
        bvh([ROWS[0], "", ROWS[1].replace("50", "5,0")], frames="2"),
        "line 21: '5,0' stands",
    ),
    "too large for a metre": (bvh([ROWS[0].replace("90", "1e80")]), "not finite at frame 0"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_is_told_in_one_sentence(fault: str) -> None:
    data, wanted = BROKEN[fault]
    with pytest.raises(ValueError) as error:
        bvh_format.decode(data, name="walk.bvh")
    message = str(error.value)
    assert wanted in message
    assert message.startswith("walk.bvh")
    assert "\n" not in message


def test_a_promise_of_a_billion_frames_takes_neither_time_nor_memory() -> None:
    start = time.perf_counter()
    with pytest.raises(ValueError, match="1,000,000,000 frames are promised, the file holds 3"):
        bvh_format.decode(bvh(frames=str(10**9)), name="walk.bvh")
    assert time.perf_counter() - start < 1


def test_joints_without_channels_cannot_ask_for_endless_memory() -> None:
    joints = "".join(f"JOINT j{i} {{ OFFSET 0 0 0 }}\n" for i in range(2000))
    header = HEADER.rstrip()[:-1] + joints + "}\n"
    with pytest.raises(ValueError, match="60,000 frames of 2,002 joints are too many"):
        bvh_format.decode(bvh([ROWS[0]] * 60_000, header=header), name="walk.bvh")


def test_a_hundred_thousand_joints_are_refused_at_once() -> None:
    start = time.perf_counter()
    inner = "".join(f"JOINT j{i} {{ OFFSET 0 0 0\n" for i in range(100_000))
    header = HEADER.rstrip()[:-1] + inner + "}" * 100_001 + "\n"
    with pytest.raises(ValueError, match="line 10013: a body of more than 10,000 joints"):
        bvh_format.decode(bvh(header=header), name="walk.bvh")
    with pytest.raises(ValueError, match=r"a hierarchy of .* bytes is too long"):
        bvh_format.decode(bvh(header=HEADER + " " * 5_000_000 + "\n"), name="walk.bvh")
    assert time.perf_counter() - start < 10


def test_few_bytes_cannot_ask_for_much_memory() -> None:
    joints = "".join(f"JOINT j{i} {{ OFFSET 0 0 0 }}\n" for i in range(400))
    header = HEADER.rstrip()[:-1] + joints + "}\n"
    with pytest.raises(ValueError, match="600 frames of 402 joints are too many"):
        bvh_format.decode(bvh([ROWS[0]] * 600, header=header), name="walk.bvh")
    assert len(bvh_format.decode(bvh([ROWS[0]] * 500, header=header), name="walk.bvh")) == 500


def test_thousands_of_joints_inside_each_other_are_read() -> None:
    inner = "".join(f"JOINT j{i} {{ OFFSET 0 0 0\n" for i in range(3000))
    header = HEADER.rstrip()[:-1] + inner + "}" * 3001 + "\n"
    assert len(bvh_format.decode(bvh(header=header), name="walk.bvh").skeleton) == 3002
