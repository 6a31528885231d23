"""Motions as what the auto-encoder reads and writes: `rot6d` features on HumanML3D's skeleton.

3 + 6 x 22 numbers a frame: the root's path in metres, which begins above the origin, and the local
rotation of every joint. The root's rotation is the heading and all of its tilt, relative to facing
+z in the first frame. Nothing is left out, so what is decoded has a path, a heading and rotations.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from moclip import geometry, skeletons
from moclip.features import rot6d
from moclip.motion import Motion
from moclip.planting import LEGS, planted
from moclip.posing import pose
from moclip.skeletons.base import Skeleton

FPS = 20.0
BODY = skeletons.get("humanml3d")
CHANNELS = 3 + 6 * len(BODY)
FEET = [BODY.index(joint) for leg in LEGS for joint in (leg.ankle, leg.foot)]


def posed(motion: Motion) -> Motion:
    """A canonical motion with rotations; its bones are found anew, so that these turn them."""
    skeleton, rotations = pose(motion)
    return replace(motion, skeleton=skeleton, rotations=rotations.to(motion.joints))


@dataclass(frozen=True, eq=False)
class Frames:
    """Posed motions, padded to the longest."""

    features: Float[Tensor, "clip frame channel"]
    joints: Float[Tensor, "clip frame joint 3"]
    """Where the file has them; the bones of a clip may differ from the model's."""
    mask: Bool[Tensor, "clip frame"]

    @classmethod
    def of(cls, motions: Sequence[Motion]) -> "Frames":
        """Raises ``ValueError`` for motions without rotations; see :func:`posed`."""
        longest = max(map(len, motions))
        first = motions[0].joints
        features = first.new_zeros(len(motions), longest, CHANNELS)
        joints = first.new_zeros(len(motions), longest, len(BODY), 3)
        for row, motion in enumerate(motions):
            features[row, : len(motion)] = rot6d.encode(motion)
            joints[row, : len(motion)] = motion.joints
        lengths = torch.tensor([len(motion) for motion in motions], device=first.device)
        mask = torch.arange(longest, device=first.device) < lengths[:, None]
        return cls(features, joints, mask)

    @property
    def lengths(self) -> Tensor:
        return self.mask.sum(dim=1)

    def to(self, device: torch.device) -> "Frames":
        return Frames(self.features.to(device), self.joints.to(device), self.mask.to(device))


@dataclass(frozen=True, eq=False)
class Body:
    """Features as rotations, and the joints they bring about on given bones."""

    rotations: Float[Tensor, "clip frame joint 3 3"]
    joints: Float[Tensor, "clip frame joint 3"]
    stance: Float[Tensor, "clip frame foot"]
    """How surely each of :data:`FEET` stands; above 0 it does rather than not."""

    @classmethod
    def of(
        cls,
        features: Float[Tensor, "clip frame channel"],
        stance: Float[Tensor, "clip frame foot"],
        offsets: Float[Tensor, "joint 3"],
    ) -> "Body":
        rotations, root = rot6d.to_rotations(features)
        joints, _ = geometry.forward_kinematics(rotations, root, offsets, BODY.parents)
        return cls(rotations, joints, stance)

    def motions(
        self, lengths: Sequence[int], skeleton: Skeleton, *, plant: bool = True
    ) -> list[Motion]:
        """Each clip without its padding, its standing feet held unless they are to glide."""
        made = [
            Motion(joints[:n], FPS, skeleton, rotations[:n])
            for joints, rotations, n in zip(self.joints, self.rotations, lengths, strict=True)
        ]
        if not plant:
            return made
        stands = (self.stance > 0).unflatten(-1, (len(LEGS), -1))
        return [
            planted(motion, held[: len(motion)]) for motion, held in zip(made, stands, strict=True)
        ]


def steps(features: Float[Tensor, "clip frame channel"]) -> Float[Tensor, "clip frame channel"]:
    """The path over the floor as velocities, in metres a second; the first frame has none.

    A network that tells places makes a body tremble that stands a long way off.
    """
    x, height, z = features[..., :3].unbind(-1)
    moved = [F.pad(axis.diff(dim=1) * FPS, (1, 0)) for axis in (x, z)]
    return torch.cat((torch.stack((moved[0], height, moved[1]), dim=-1), features[..., 3:]), dim=-1)


def path(features: Float[Tensor, "clip frame channel"]) -> Float[Tensor, "clip frame channel"]:
    """Velocities as a path from the origin: the inverse of :func:`steps`."""
    x, height, z = features[..., :3].unbind(-1)
    x, z = (F.pad(axis[:, 1:].cumsum(dim=1) / FPS, (1, 0)) for axis in (x, z))
    return torch.cat((torch.stack((x, height, z), dim=-1), features[..., 3:]), dim=-1)


def offsets_of(motions: Sequence[Motion]) -> Float[Tensor, "joint 3"]:
    """The mean body of posed motions."""
    return torch.tensor([motion.skeleton.offsets for motion in motions]).mean(dim=0)
