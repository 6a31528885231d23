"""Motions as the report's player takes them: whole numbers of a small unit, in base64."""

import base64
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from moclip import retargeting, skeletons
from moclip.motion import Motion

_LARGEST = 32767
_MILLIMETRE = 1e-3
_BODY = skeletons.get("humanml3d")


def body() -> dict[str, Any]:
    """The tree that all motions of a page share."""
    sides = {"left": "left", "right": "right"}
    return {
        "parents": list(_BODY.parents),
        "sides": [sides.get(name.split("_")[0], "spine") for name in _BODY.joint_names],
        "head": _BODY.index("head"),
    }


def packed(motion: Motion, *, fps: float = 20.0) -> dict[str, Any]:
    """Joints of HumanML3D's body, little-endian int16, a millimetre each.

    A path longer than 32 m takes a larger unit. The body stands on the floor and starts at the
    origin.
    """
    shown = motion
    if not retargeting.is_canonical(motion, fps=fps):
        shown = retargeting.canonical(motion, fps=fps)
    unit = max(_MILLIMETRE, float(shown.joints.abs().max()) / _LARGEST)
    numbers = (shown.joints / unit).round().clamp(-_LARGEST, _LARGEST).cpu().numpy().astype("<i2")
    return {"fps": fps, "unit": unit, "joints": base64.b64encode(numbers.tobytes()).decode()}


def unpacked(motion: dict[str, Any]) -> Float[Tensor, "frame joint 3"]:
    """The inverse of :func:`packed`, in metres."""
    data = bytearray(base64.b64decode(motion["joints"]))
    numbers = torch.frombuffer(data, dtype=torch.int16).float()
    return numbers.view(-1, len(_BODY), 3) * motion["unit"]
