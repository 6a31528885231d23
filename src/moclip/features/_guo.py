"""The features of Guo et al. (CVPR 2022), for HumanML3D's and KIT-ML's bodies alike.

A frame holds, in this order, for J joints (``motion_representation`` of EricGuo5513/HumanML3D):

====================  ==========  ==================================================================
turn                  1           of the heading to the next frame, as half its angle in radians
step                  2           of the root to the next frame along x and z, seen from the heading
                                  **there**
height                1           of the root
positions             3 (J - 1)   of the other joints, seen from the heading, below the root y = 0
rotations             6 (J - 1)   of the bones, six-dimensional, solved from positions
velocities            3 J         of all joints to the next frame, in metres a frame, seen from the
                                  heading **here**
contacts              4           1 where a foot moves less than a threshold: left two, right two
====================  ==========  ==================================================================

So ``frame`` joints give ``frame - 1`` features.

Exact are turn, step, height, positions and velocities: joints come back from them to rounding. The
heading is smoothed over 4 s to either side, so the last frames' depend a little on what follows:
joints that were recovered from features lack the frame after the last, and encoding them again
turns the last frames by some milliradians, unless ``following`` gives that frame too.

**Approximate are the rotations.** They turn each bone the shortest way from its rest direction, so
a twist about the bone is lost; arms are solved relative to the root instead of the chest; the
root's own turn enters the first bone of each chain the wrong way round. They do not drive a rig
faithfully; ``rot6d`` does.

Three odd choices of the published script, kept where features would differ otherwise: hips are
exchanged where the heading is told (not where the first frame is turned to +z), so hips work
against shoulders there; the first frame's heading is +z whatever the smoothing says; contacts do
not ask for the foot's height. One is not kept unless ``as_published``: when the heading passes the
direction opposite to the first one, the published turn has the wrong sign.
"""

import logging
from collections.abc import Callable
from functools import cache
from types import ModuleType

import torch
from jaxtyping import Float, Int
from torch import Tensor

from moclip.features import _guo_torch
from moclip.features._guo_body import Body, Settings, smoothing
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

_log = logging.getLogger(__name__)


def encode_motion(
    motion: Motion, body: Body, fps: float, from_joints: Callable[[Tensor], Tensor]
) -> Float[Tensor, "steps dim"]:
    """Features of one motion, after a look at its skeleton and frame rate."""
    if not motion.skeleton.same_tree(body.skeleton):
        name, wanted = motion.skeleton.name, body.skeleton.name
        raise ValueError(f"skeleton '{name}' came, these features are of '{wanted}'; retarget it")
    if motion.fps != fps:
        raise ValueError(f"{motion.fps:g} fps came, these features are of {fps:g} fps; resample it")
    features = from_joints(motion.joints[None])[0]
    bad = (~features.isfinite()).any(dim=1).nonzero()
    if len(bad):
        raise ValueError(
            f"these joints are no body: features of frame {int(bad[0])} are not finite numbers, as "
            "where hips and shoulders stand in one place"
        )
    return features


def decode_motion(
    features: Float[Tensor, "frame dim"],
    to_joints: Callable[[Tensor], Tensor],
    *,
    skeleton: Skeleton,
    fps: float,
) -> Motion:
    """One motion, from the tensors of many."""
    return Motion(to_joints(features[None])[0], fps, skeleton)


def encode(
    joints: Float[Tensor, "clip frame joint 3"],
    counts: Int[Tensor, " clip"] | None,
    body: Body,
    settings: Settings,
) -> Float[Tensor, "clip steps dim"]:
    """Features in single precision, one frame fewer than joints; zero after a clip's own.

    ``counts`` are the real frames of each clip, ``None`` when all are. Compiled by numba where it
    is installed, on the CPU and without gradients; else in torch.
    """
    counts = torch.full((len(joints),), joints.shape[1]) if counts is None else counts
    _check(joints, counts, body)
    if not len(joints):
        return joints.new_zeros(0, joints.shape[1] - 1, body.dim)
    loops = _compiled() if _is_plain(joints) else None
    work = _guo_torch.encode if loops is None else loops.encode
    return work(joints.float(), counts, body, settings, smoothing())


def decode(
    features: Float[Tensor, "clip frame dim"], body: Body, *, following: bool = False
) -> Float[Tensor, "clip frame_ joint 3"]:
    """Joints from the exact channels; ``following`` adds the frame that the last one steps to.

    Headings and steps are summed in double precision.
    """
    if features.shape[2] != body.dim:
        raise ValueError(f"features have {features.shape[2]} numbers a frame, wanted {body.dim}")
    if not features.shape[1]:
        raise ValueError(f"features have shape {tuple(features.shape)}, wanted at least one frame")
    loops = _compiled() if features.dtype == torch.float32 and _is_plain(features) else None
    work = _guo_torch.decode if loops is None else loops.decode
    return work(features, following=following)


def _is_plain(tensor: Tensor) -> bool:
    return tensor.device.type == "cpu" and not tensor.requires_grad


@cache
def _compiled() -> ModuleType | None:
    """The loops of numba, where it is installed, fits this NumPy and has room for its cache."""
    try:
        from moclip.features import _guo_compiled
    except (ImportError, RuntimeError) as error:
        _log.info("features are made in torch, without numba: %s", error)
        return None
    return _guo_compiled


def _check(joints: Tensor, counts: Tensor, body: Body) -> None:
    if joints.shape[2] != len(body.skeleton):
        name, wanted = body.skeleton.name, len(body.skeleton)
        raise ValueError(f"motion has {joints.shape[2]} joints, skeleton '{name}' has {wanted}")
    fits = len(counts) == len(joints)
    if not fits or (len(counts) and not 2 <= counts.min() <= counts.max() <= joints.shape[1]):
        raise ValueError(
            f"lengths are {counts.tolist()[:8]}, wanted {len(joints)} numbers from 2 to the "
            f"{joints.shape[1]} frames there are: features are steps from frame to frame"
        )
