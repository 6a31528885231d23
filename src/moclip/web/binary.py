"""A motion as bytes for the page: a header of 16 bytes, then the joints.

Little-endian: ``MOJ1``, frames and joints as unsigned 32-bit numbers, frames per second as a 32-bit
float, then 32-bit floats (frame, joint, xyz) in metres.
"""

import struct

from moclip.motion import Motion

MAGIC = b"MOJ1"
_HEADER = struct.Struct("<4sIIf")


def encode(motion: Motion) -> bytes:
    """See the module."""
    head = _HEADER.pack(MAGIC, len(motion), len(motion.skeleton), motion.fps)
    return head + motion.joints.float().contiguous().numpy().astype("<f4").tobytes()


def headers(motion: Motion) -> dict[str, str]:
    """The same as HTTP headers."""
    return {
        "X-Moclip-Frames": str(len(motion)),
        "X-Moclip-Joints": str(len(motion.skeleton)),
        "X-Moclip-Fps": f"{motion.fps:g}",
    }
