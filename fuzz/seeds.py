"""Small sound files to begin with: three frames of real motion in every format."""

import io
import zipfile
from dataclasses import replace

import numpy as np

from moclip import datasets, skeletons
from moclip.formats import bvh, npy, npz
from moclip.motion import Motion

_BVH = b"""HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Knee
  {
    OFFSET 0 -40 5
    CHANNELS 1 Yrotation
    End Site
    {
      OFFSET 0 -45 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.05
0 90 0 -1.5e-7 .5 10. 1e2
1\t90.25 0 0 0 -0 +7
"""
_ASF = b""":version 1.10
:units
  length 0.45
  angle deg
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 0 0 0
  orientation 0 0 0
:bonedata
  begin
    id 1
    name thigh
    direction 0 -1 0
    length 7.5
    axis 0 0 20 XYZ
    dof rx ry rz
    limits (-160.0 20.0)
  end
  begin
    id 2
    name shin
    direction 0 -1 0.1
    length 7.2
    axis 0 0 20 XYZ
    dof rx
  end
:hierarchy
  begin
    root thigh
    thigh shin
  end
"""
_AMC = b""":FULLY-SPECIFIED
:DEGREES
1
root 0 17 0 1 2 3
thigh 10 -5 0.25
shin 30
2
root 0.5 17 0 1e0 2 3
thigh 11 -5 0.5
shin 31
"""


def of(target: str) -> list[bytes]:
    """Seeds of a target of :mod:`fuzz.readers`."""
    motion = _motion()
    kit = Motion(motion.joints[:, :21], 12.5, skeletons.get("kit"))
    features = np.zeros((3, 263), np.float32)
    ours = npz.encode(motion)
    return {
        "bvh": [_BVH, bvh.encode(motion)],
        "amc": [_AMC + b"\0" + _ASF],
        "npy": [npy.encode(motion), npy.encode(kit), _npy(features), _npy(features[:, :251])],
        "npz": [ours, _zip(recording(72)), _zip(recording(156))],
        "members": [b"\0" + _parts(ours), b"\x80" + _parts(_zip(recording(72)))],
    }[target]


def _motion() -> Motion:
    motion = datasets.load("bundled", "test")[0].motion
    return replace(motion, joints=motion.joints[:3])


def recording(width: int) -> dict[str, bytes]:
    """The members of an AMASS file."""
    poses = np.linspace(-1, 1, 2 * width).reshape(2, width)
    arrays = {
        "poses": poses,
        "trans": np.zeros((2, 3)),
        "betas": np.zeros(16),
        "gender": np.array("male"),
        "mocap_framerate": np.array(120.0),
    }
    return {f"{key}.npy": _npy(array) for key, array in arrays.items()}


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _zip(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name)  # the same bytes at any time of day
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _parts(data: bytes) -> bytes:
    """The members as the target ``members`` takes them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"".join(b"\xff\xff" + archive.read(name) for name in archive.namelist())
