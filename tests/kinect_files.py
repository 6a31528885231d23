"""Bodies as the first Kinect sees them, and the text files of them that MSR-Action3D has."""

from collections.abc import Iterable

import torch
from torch import Tensor

from moclip import skeletons
from moclip.motion import Motion

ON_HUMANML3D = {
    "hip_center": ("pelvis", "pelvis", 0.0),
    "spine": ("pelvis", "spine1", 0.5),
    "shoulder_center": ("neck", "neck", 0.0),
    "head": ("neck", "head", 1.7),
    "left_shoulder": ("left_shoulder", "left_shoulder", 0.0),
    "left_elbow": ("left_elbow", "left_elbow", 0.0),
    "left_wrist": ("left_wrist", "left_wrist", 0.0),
    "left_hand": ("left_elbow", "left_wrist", 1.3),
    "right_shoulder": ("right_shoulder", "right_shoulder", 0.0),
    "right_elbow": ("right_elbow", "right_elbow", 0.0),
    "right_wrist": ("right_wrist", "right_wrist", 0.0),
    "right_hand": ("right_elbow", "right_wrist", 1.3),
    "left_hip": ("left_hip", "left_hip", 0.0),
    "left_knee": ("left_knee", "left_knee", 0.0),
    "left_ankle": ("left_ankle", "left_ankle", 0.0),
    "left_foot": ("left_foot", "left_foot", 0.0),
    "right_hip": ("right_hip", "right_hip", 0.0),
    "right_knee": ("right_knee", "right_knee", 0.0),
    "right_ankle": ("right_ankle", "right_ankle", 0.0),
    "right_foot": ("right_foot", "right_foot", 0.0),
}
"""Each Kinect joint lies on the line through two joints of HumanML3D."""
FILE_ORDER = (
    "right_shoulder",
    "left_shoulder",
    "shoulder_center",
    "spine",
    "right_hip",
    "left_hip",
    "hip_center",
    "right_elbow",
    "left_elbow",
    "right_wrist",
    "left_wrist",
    "right_hand",
    "left_hand",
    "right_knee",
    "left_knee",
    "right_ankle",
    "left_ankle",
    "right_foot",
    "left_foot",
    "head",
)


def before_the_sensor(motion: Motion) -> Motion:
    """Kinect joints of a canonical motion that begins 2.6 m from the sensor, which is 1 m high."""
    body = skeletons.get("msr_action3d")
    sources = (ON_HUMANML3D[joint] for joint in body.joint_names)
    joints = [motion.joint(a) * (1 - at) + motion.joint(b) * at for a, b, at in sources]
    return Motion(torch.stack(joints, dim=1) + torch.tensor((0.0, -1.0, -2.6)), 15.0, body)


def world(motion: Motion, metres: float = 1.0) -> Tensor:
    """``x y z confidence`` a joint in the file's order: z away from the sensor, x to its left."""
    points = torch.stack([motion.joint(joint) for joint in FILE_ORDER], dim=1)
    points = points * torch.tensor((-1.0, 1.0, -1.0)) / metres
    return torch.cat((points, torch.ones_like(points[..., :1])), dim=-1)


def screen(motion: Motion, metres: float = 0.001) -> Tensor:
    """``u v depth confidence``, by the camera of the Kinect."""
    x, y, z, sure = world(motion).unbind(-1)
    return torch.stack((160 + 285.63 * x / z, 120 - 285.63 * y / z, z / metres, sure), dim=-1)


def text(frames: Iterable[Tensor]) -> bytes:
    return b"".join(lines(frame) for frame in frames)


def lines(frame: Tensor) -> bytes:
    return "".join(" ".join(f"{x:.7e}" for x in row) + "\n" for row in frame.tolist()).encode()
