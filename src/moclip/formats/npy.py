"""HumanML3D's and KIT-ML's array files: joints or features, told apart by their shape.

==================  =====================  =====================
what                HumanML3D, 20 fps      KIT-ML, 12.5 fps
==================  =====================  =====================
joints              (frame, 22, 3)         (frame, 21, 3)
features            (frame, 263)           (frame, 251)
root and positions  (frame, 67)            (frame, 64)
==================  =====================  =====================

The last are the features without rotations, velocities and contacts, from which joints are made.
The files hold no frame rate and no skeleton, so these are taken unless the caller knows better.
Joints of a user's own skeleton are read when it is given.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from moclip import skeletons
from moclip.features import humanml263, kit251
from moclip.formats import _units
from moclip.formats._arrays import from_npy, to_npy
from moclip.motion import Motion
from moclip.skeletons import UserSkeleton

SUFFIXES = (".npy",)

_BODIES = {22: ("humanml3d", 20.0, "m"), 21: ("kit", 12.5, None)}
"""By the number of joints: skeleton, frames per second, unit (``None``: the body's size tells)."""
_FEATURES = {263: 22, 67: 22, 251: 21, 64: 21}
"""By the numbers in a frame: joints."""
_TALL = (1.5, 8.0)
"""Metres: a body's bones put end to end; HumanML3D's are 4.4 m."""


def decode(
    data: bytes,
    *,
    name: str = "file",
    fps: float | None = None,
    unit: str | float | None = None,
    skeleton: UserSkeleton | None = None,
) -> Motion:
    """A motion from the bytes of an ``.npy`` file.

    ``unit`` is what joints or features count in: metres for HumanML3D, for any other body whichever
    makes it human. ``skeleton`` is the user's own, whose joints the file then holds; it tells
    ``fps`` where that is not given.

    Raises ``ValueError`` for other shapes, for anything but numbers, and for z-scored features,
    whose mean and deviation are not in the file.
    """
    array = from_npy(data, name)
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is told by Motion
        numbers = torch.from_numpy(array.astype(np.float32, order="C"))
    try:
        if skeleton is not None:
            return _of_user(numbers, fps, unit, skeleton)
        if array.ndim == 2 and array.shape[1] in _FEATURES:
            return _from_features(numbers, fps, unit)
        if array.ndim == 3 and array.shape[1] in _BODIES and array.shape[2] == 3:
            return _from_joints(numbers, fps, unit)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    wanted = "(frame, 22, 3), (frame, 21, 3) or (frame, 263 or 67 or 251 or 64)"
    raise ValueError(f"{name} has shape {array.shape}, wanted {wanted}")


def encode(motion: Motion) -> bytes:
    """The joints in metres, as 32-bit floats; frame rate and rotations are not kept.

    Raises ``ValueError`` for skeletons other than HumanML3D's and KIT-ML's.
    """
    known = _BODIES.get(len(motion.skeleton))
    if known is None or not skeletons.get(known[0]).same_tree(motion.skeleton):
        raise ValueError(
            f"an .npy file holds joints of 'humanml3d' or 'kit', not of '{motion.skeleton.name}'; "
            "retarget the motion first, or write .npz or .bvh"
        )
    return to_npy(_plain(motion.joints))


def _plain(joints: Float[Tensor, "frame joint 3"]) -> ndarray:
    return np.ascontiguousarray(joints.detach().cpu().float().numpy(), dtype="<f4")


def _from_joints(
    joints: Float[Tensor, "frame joint 3"], fps: float | None, unit: str | float | None
) -> Motion:
    body, usual_fps, usual_unit = _BODIES[joints.shape[1]]
    motion = Motion(joints, usual_fps if fps is None else fps, skeletons.get(body))
    return _in_metres(motion, usual_unit if unit is None else unit)


def _of_user(
    numbers: Tensor, fps: float | None, unit: str | float | None, user: UserSkeleton
) -> Motion:
    fps = user.fps if fps is None else fps
    if fps is None:
        raise ValueError(f"joints of '{user.skeleton.name}' come without a frame rate: give fps")
    wanted = (len(user.skeleton), 3)
    if numbers.ndim != 3 or tuple(numbers.shape[1:]) != wanted:
        shape = tuple(numbers.shape)
        raise ValueError(
            f"shape {shape} came, wanted (frame, {wanted[0]}, 3) for '{user.skeleton.name}'"
        )
    return _in_metres(Motion(numbers[:, list(user.order)], fps, user.skeleton), unit)


def _in_metres(motion: Motion, unit: str | float | None) -> Motion:
    lengths = [0.0, *motion.bone_lengths()[0].tolist()]
    scale = _units.metres(unit, motion.skeleton.parents, lengths)
    return Motion(motion.joints * scale, motion.fps, motion.skeleton)


def _from_features(
    features: Float[Tensor, "frame dim"], fps: float | None, unit: str | float | None
) -> Motion:
    if not features.isfinite().all():
        raise ValueError("the features hold a number that is not finite")
    motion = _from_joints(_positions(features), fps, unit)
    lengths = motion.bone_lengths()
    varies = (lengths.std(dim=0, correction=0) / lengths.mean(dim=0)).median().item()
    tall = lengths.sum(dim=1).median().item()
    if not varies < 0.1 or not _TALL[0] < tall < _TALL[1] or math.isnan(tall):
        raise ValueError(
            f"these {features.shape[1]} features are no body (its bones sum to {tall:.1f} m and "
            f"change by {varies:.0%} over time): they look z-scored, wanted them times Std plus "
            "Mean"
        )
    return motion


def _positions(features: Float[Tensor, "frame dim"]) -> Float[Tensor, "frame joint 3"]:
    """Joints in the unit of the features; rotations, velocities and contacts are not needed."""
    if not len(features):
        raise ValueError("a motion needs at least one frame")
    if _FEATURES[features.shape[1]] == 22:
        return humanml263.to_joints(F.pad(features, (0, 263 - features.shape[1]))[None])[0]
    return kit251.to_joints(F.pad(features, (0, 251 - features.shape[1]))[None], unit=1.0)[0]
