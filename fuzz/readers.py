"""What every reader promises for any bytes at all: a motion, or one sentence of ours.

Each target is a function of bytes that raises ``AssertionError`` when the promise is broken; any
other error that comes out is a broken promise as well.
"""

import io
import zipfile
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from moclip import formats
from moclip.formats import _bvh_fast, amass
from moclip.formats import bvh as bvh_format
from moclip.motion import Motion

Target = Callable[[bytes], None]

_OURS = (ValueError, LookupError, OSError)
"""These themselves: a KeyError or a UnicodeDecodeError is Python's, not ours."""
_LONGEST = 1000
"""Letters of a sentence."""
_PARTS = ("poses", "trans", "betas", "gender", "mocap_framerate", "root_orient", "pose_body")
_OUR_PARTS = ("motion.json", "joints.npy", "rotations.npy")


def read(data: bytes, name: str, **options: Any) -> Motion | str:
    """The motion, or why there is none. Raises what must not come out."""
    try:
        return formats.decode(data, name, **options)
    except _OURS as error:
        if type(error) not in _OURS:
            raise
        sentence = str(error)
        assert sentence.startswith(name), f"whose fault? {sentence!r}"
        assert "\n" not in sentence, f"more than a line: {sentence!r}"
        assert len(sentence) < _LONGEST, f"longer than a sentence: {sentence!r}"
        return sentence


def bvh(data: bytes) -> None:
    """Read plainly and, where numba is, by compiled loops, which must say the same."""
    with patch.object(_bvh_fast, "_is_worth_it", lambda: False):
        plain = read(data, "clip.bvh")
    with patch.object(_bvh_fast, "_is_worth_it", _bvh_fast._has_numba):
        compiled = read(data, "clip.bvh")
    if isinstance(plain, str) or isinstance(compiled, str):
        assert plain == compiled, f"{plain!r} and {compiled!r}"
    else:
        assert plain.joints.equal(compiled.joints), "other numbers"
        read(bvh_format.encode(plain), "again.bvh")


def amc(data: bytes) -> None:
    """A motion and its skeleton, parted by a zero byte: either may be broken."""
    motion, _, skeleton = data.partition(b"\0")
    read(motion, "clip.amc", asf=skeleton)


def npy(data: bytes) -> None:
    """Joints and features."""
    read(data, "clip.npy")


def npz(data: bytes) -> None:
    """Our own files and AMASS, told apart by their members."""
    read(data, "clip.npz", **({"body_models": "template"} if amass.recognises(data) else {}))


def members(data: bytes) -> None:
    """A sound zip with broken members, which the bytes of a whole zip seldom become."""
    ours, *parts = data.split(b"\xff\xff")
    names = _OUR_PARTS if ours[:1] < b"\x80" else tuple(f"{part}.npy" for part in _PARTS)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, part in zip(names, parts, strict=False):
            archive.writestr(name, part)
    npz(stream.getvalue())


TARGETS: dict[str, Target] = {"bvh": bvh, "amc": amc, "npy": npy, "npz": npz, "members": members}
