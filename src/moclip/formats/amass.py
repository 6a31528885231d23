"""AMASS (Mahmood et al., ICCV 2019): SMPL, SMPL-H or SMPL-X poses.

An ``.npz`` of ``poses`` (frame, 72, 156 or 165), axis-angle of each joint; ``trans`` (frame, 3) in
metres, z up; ``betas``, ``gender`` and ``mocap_framerate`` (with SMPL-X ``mocap_frame_rate``, and
``root_orient``, ``pose_body`` ... where there are no ``poses``). Nothing is unpickled.
"""

import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float64
from numpy import ndarray
from torch import Tensor

from moclip import geometry, skeletons
from moclip.formats import _amass_take, _body_model, _members
from moclip.formats._amass_take import Take
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

SUFFIXES = (".npz",)

_log = logging.getLogger(__name__)

_UP_FROM_Z = ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0))
"""A quarter turn about x: (x, y, z) becomes (x, z, -y). It is a rotation, so left stays left."""


def recognises(data: bytes) -> bool:
    """A zip with poses or a path in it; our own files call theirs ``joints``."""
    return _members.holds(data, "poses.npy", "root_orient.npy", "trans.npy")


def decode(
    data: bytes,
    *,
    name: str = "file",
    body_models: Path | str | Literal["template"] | None = None,
    gender: str | Mapping[str, str] | None = None,
    betas: int | None = None,
    subsample: float | None = None,
    fps: float | None = None,
    up: Literal["y", "z"] = "z",
) -> Motion:
    """A motion from the bytes of an AMASS file, with the official rotations on the body's bones.

    ``body_models`` is the folder of the official body models as ``.npz`` (or one such file); the
    file's ``gender`` chooses among them unless another is given (``{"neutral": "female"}`` gives
    one for some), and its first ``betas`` (all of them if ``None``) shape the bones. Joints then
    equal those of the official code within 0.01 mm for a path of some metres: they are computed in
    32-bit numbers. Without body models the same rotations turn the bones of our template
    (``"template"`` asks for it; ``None`` is warned of once), and the pelvis stands at ``trans``,
    which official joints lie some 20 cm off, always the same.

    ``subsample`` takes every n-th frame, where n is the frame rate over it rounded down (120 by 20
    is 6); ``fps`` replaces the frame rate in the file.

    Raises ``ValueError`` that begins with ``name``, or names the body model that is wrong.
    """
    take = _amass_take.read(data, name, subsample=subsample, fps=fps)
    skeleton, pelvis = _body(take, body_models, gender, betas)
    turn = torch.tensor(_UP_FROM_Z) if up == "z" else torch.eye(3)
    rotations = geometry.axis_angle_to_matrix(torch.from_numpy(take.poses))
    rotations[:, 0] = turn @ rotations[:, 0]
    path = (torch.from_numpy(take.trans) + pelvis.float()) @ turn.T
    try:
        return Motion.from_rotations(rotations, path, fps=take.fps, skeleton=skeleton)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def fits(motion: Motion) -> bool:
    """Whether :func:`in_layout` can write it: rotations on SMPL's, SMPL-H's or SMPL-X's joints."""
    body = motion.skeleton
    known = body.name in _amass_take.BODIES.values()
    return motion.rotations is not None and known and skeletons.get(body.name).same_tree(body)


def in_layout(motion: Motion) -> bytes:
    """The bytes of an AMASS file with the motion's rotations, for programs that read that layout.

    For a motion on SMPL's, SMPL-H's or SMPL-X's skeleton, as :func:`moclip.rigging.rig` makes it.
    Betas are zero, the body is neutral and the pelvis stands at ``trans``, as :func:`decode` has it
    without body models; official bodies stand a constant lower. Raises ``ValueError`` for any other
    motion.
    """
    if not fits(motion) or motion.rotations is None:
        wanted = ", ".join(_amass_take.BODIES.values())
        raise ValueError(f"AMASS wants rotations on one of: {wanted}; see --to-skeleton")
    turn = torch.tensor(_UP_FROM_Z, dtype=torch.float64)
    rotations = motion.rotations.double().cpu().clone()
    rotations[:, 0] = turn.T @ rotations[:, 0]
    poses = geometry.matrix_to_axis_angle(rotations).flatten(1)
    return _members.pack(
        {
            "poses": poses.numpy(),
            "trans": (motion.joints[:, 0].double().cpu() @ turn).numpy(),
            "betas": np.zeros(16),
            "gender": np.array("neutral"),
            "mocap_framerate": np.array(motion.fps),
        }
    )


def _body(
    take: Take,
    folder: Path | str | None,
    gender: str | Mapping[str, str] | None,
    betas: int | None,
) -> tuple[Skeleton, Float64[Tensor, "3"]]:
    """The skeleton with this body's bones, and where its pelvis stands when ``trans`` is zero."""
    skeleton = skeletons.get(take.body)
    if folder is None or folder == "template":
        if folder is None:
            _warn_of_template(take.body)
        return skeleton, torch.zeros(3, dtype=torch.float64)
    if betas is not None and betas < 0:
        raise ValueError(f"{betas} betas cannot be taken, wanted 0 or more")
    if not isinstance(gender, str):
        gender = (gender or {}).get(take.gender, take.gender)
    path = _body_model.find(Path(folder), take.body, gender)
    joints = _body_model.load(path, take.body).shaped(take.betas[:betas])
    return skeleton.with_offsets(_offsets(joints, skeleton)), torch.from_numpy(joints[0])


def _offsets(
    joints: Float64[ndarray, "joint 3"], skeleton: Skeleton
) -> list[tuple[float, float, float]]:
    bones = joints[1:] - joints[list(skeleton.parents[1:])]
    return [(0.0, 0.0, 0.0), *((x, y, z) for x, y, z in bones.tolist())]


@cache
def _warn_of_template(body: str) -> None:
    """Once, not for each of thousands of files."""
    _log.warning(
        "%s poses are put on a template body, for no body models were given: rotations are exact, "
        "bone lengths are not the performer's; body_models=FOLDER takes the official ones",
        body,
    )
