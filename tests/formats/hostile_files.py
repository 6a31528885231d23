"""Sound files spoiled in every way that a disk, a script or an enemy can think of."""

import io
import struct
import zipfile

from hypothesis import strategies as st

NUMBERS = (
    *("nan", "-inf", "1e999", "-1e-999", "1" * 400, "0x10", "1_0", "1,5", "١٢", "²", "--1"),
    *("1e", ".", "-", "1e+", "4294967296", "1000000000", "-1", "1e38", "3.4028236e38", "\x1b[31m"),
)
WORDS = (b"{", b"}", b"JOINT", b"End Site", b"OFFSET", b"CHANNELS", b"MOTION", b":root", b"begin")


@st.composite
def spoiled(draw: st.DrawFn, sound: bytes) -> bytes:
    """One to four changes to a file."""
    data = sound
    for _ in range(draw(st.integers(1, 4))):
        change = draw(st.sampled_from([flipped, cut, moved_line, other_word, inserted]))
        data = change(draw, data) or sound
    return data


def flipped(draw: st.DrawFn, data: bytes) -> bytes:
    spoilt = bytearray(data)
    for _ in range(draw(st.integers(1, 8))):
        spoilt[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(spoilt)


def cut(draw: st.DrawFn, data: bytes) -> bytes:
    start = draw(st.integers(0, len(data)))
    return data[:start] + data[draw(st.integers(start, len(data))) :]


def moved_line(draw: st.DrawFn, data: bytes) -> bytes:
    """Doubled, dropped, or put elsewhere."""
    lines = data.split(b"\n")
    line = lines[draw(st.integers(0, len(lines) - 1))]
    if draw(st.booleans()):
        lines.remove(line)
    if draw(st.booleans()):
        lines.insert(draw(st.integers(0, len(lines))), line)
    return b"\n".join(lines)


def other_word(draw: st.DrawFn, data: bytes) -> bytes:
    words = data.split(b" ")
    new = draw(st.sampled_from(NUMBERS).map(str.encode) | st.sampled_from(WORDS))
    words[draw(st.integers(0, len(words) - 1))] = new
    return b" ".join(words)


def inserted(draw: st.DrawFn, data: bytes) -> bytes:
    at = draw(st.integers(0, len(data)))
    return data[:at] + draw(st.binary(max_size=40)) * draw(st.integers(1, 50)) + data[at:]


def array(shape: str, *, kind: str = "<f4", body: bytes = b"") -> bytes:
    """An ``.npy`` file whose header says anything."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n".encode()
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + body


def text(word: str) -> bytes:
    """An ``.npy`` file of one word."""
    return array("", kind=f"<U{len(word)}", body=word.encode("utf-32-le"))


def packed(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()


def bomb(name: str, *, megabytes: int, claimed: int | None = None) -> bytes:
    """A small zip that unpacks to ``megabytes``, whatever its directory claims."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        for _ in range(megabytes):
            member.write(bytes(2**20))
    data = bytearray(stream.getvalue())
    if claimed is not None:
        at = data.rindex(b"PK\1\2") + 24
        data[at : at + 4] = struct.pack("<I", claimed)
    return bytes(data)


def bvh(*, inside: str = "", frames: str = "1", rows: str = "0 0 0\n", name: str = "a") -> bytes:
    return (
        f"HIERARCHY\nROOT {name}\n{{\nOFFSET 0 0 0\nCHANNELS 3 Xrotation Yrotation Zrotation\n"
        f"{inside}}}\nMOTION\nFrames: {frames}\nFrame Time: 0.05\n{rows}"
    ).encode()


def deep(joints: int) -> str:
    return "".join(f"JOINT j{i} {{ OFFSET 0 1 0\n" for i in range(joints)) + "}" * joints


def asf(bones: int) -> str:
    """Bones in a chain."""
    lines = [":root", "order TX TY TZ RX RY RZ", ":bonedata"]
    for i in range(bones):
        lines += ["begin", f"name b{i}", "direction 0 1 0", "length 1", "axis 0 0 0", "end"]
    lines += [":hierarchy", "root b0", *(f"b{i} b{i + 1}" for i in range(bones - 1))]
    return "\n".join(lines)
