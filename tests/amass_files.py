"""AMASS files and body models in the exact official layout, and joints by slow plain arithmetic."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from moclip import skeletons

WIDTHS = {"smpl": 72, "smplh": 156, "smplx": 165}
DIRECTIONS = {"smpl": 10, "smplh": 16, "smplx": 400}
"""Columns of ``shapedirs`` in the official files."""


def rest_joints(body: str) -> ndarray:
    """Joints of our template at rest, the pelvis where SMPL has it below its origin."""
    skeleton = skeletons.get(body)
    joints = np.zeros((len(skeleton), 3))
    joints[0] = (-0.002, -0.223, 0.028)
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        joints[joint] = joints[parent] + skeleton.offsets[joint]
    return joints


def body_model(body: str, seed: int = 0, *, blurred: bool = True) -> dict[str, Any]:
    """Few vertices, whose mean by the regressor is near the joint; with the rest of the keys.

    Unless ``blurred``, the joints of the average body are those of our template.
    """
    draw = np.random.default_rng(seed)
    joints = rest_joints(body)
    count, more = len(joints), 30
    vertices = np.concatenate((joints, draw.normal(size=(more, 3))))
    regressor = np.eye(count, count + more)
    if blurred:
        regressor += 0.02 * draw.random((count, count + more))
        regressor /= regressor.sum(axis=1, keepdims=True)
    above = np.array(skeletons.get(body).parents, dtype=np.int64).astype(np.uint32)
    shapes = 0.02 * draw.normal(size=(count + more, 3, DIRECTIONS[body]))
    return {
        "v_template": vertices,
        "shapedirs": shapes,
        "J_regressor": regressor,
        "kintree_table": np.stack((above, np.arange(count, dtype=np.uint32))),
        "weights": np.ones((count + more, count)),
        "posedirs": np.zeros((count + more, 3, 9)),
        "f": np.zeros((5, 3), dtype=np.uint32),
        "pose_training_info": np.array({"an": "object"}, dtype=object),
    }


def write_body_models(folder: Path, body: str) -> Path:
    """One of each gender, all different, as AMASS hands them out."""
    for seed, gender in enumerate(("male", "female", "neutral")):
        path = folder / body / gender / "model.npz"
        path.parent.mkdir(parents=True)
        np.savez(path, **body_model(body, seed))
    return folder


def recording(body: str = "smplh", frames: int = 8, seed: int = 0) -> dict[str, Any]:
    """All joints turn, up to about a half turn, and the body wanders."""
    draw = np.random.default_rng(seed)
    return {
        "poses": draw.normal(size=(frames, WIDTHS[body])),
        "trans": draw.normal(size=(frames, 3)).cumsum(axis=0),
        "betas": draw.normal(size=16),
        "gender": np.array("female"),
        "mocap_framerate": np.array(120.0),
        "dmpls": np.zeros((frames, 8)),
    }


def packed(arrays: Mapping[str, Any], *, compressed: bool = False) -> bytes:
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, **arrays)
    return stream.getvalue()


def with_header(arrays: Mapping[str, Any], key: str, shape: str) -> bytes:
    """An archive in which the header of one array promises another shape."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed(arrays))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == f"{key}.npy":
                size = int.from_bytes(data[8:10], "little")
                header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
                data = data[:10] + header.ljust(size - 1).encode() + b"\n" + data[10 + size :]
            new.writestr(name, data)
    return out.getvalue()


def plain_joints(
    recorded: Mapping[str, Any], model: Mapping[str, Any], *, betas: int | None = None
) -> ndarray:
    """Joints in 64-bit numbers, one at a time, as the papers write it; y up."""
    poses = np.asarray(recorded["poses"], dtype=np.float64)
    poses = poses.reshape(len(poses), -1, 3)
    shape = np.asarray(recorded["betas"])[:betas][: model["shapedirs"].shape[2]]
    vertices = model["v_template"].copy()
    for number, beta in enumerate(shape):
        vertices += beta * model["shapedirs"][:, :, number]
    rest = model["J_regressor"] @ vertices
    parents = model["kintree_table"][0].astype(np.int32)
    out = np.zeros((len(poses), len(rest), 3))
    for frame, pose in enumerate(poses):
        turned: list[ndarray] = []
        for joint, parent in enumerate(parents):
            own = rodrigues(pose[joint])
            if parent < 0:
                turned.append(own)
                out[frame, 0] = rest[0] + recorded["trans"][frame]
            else:
                turned.append(turned[parent] @ own)
                bone = rest[joint] - rest[parent]
                out[frame, joint] = out[frame, parent] + turned[parent] @ bone
    x, y, z = np.moveaxis(out, -1, 0)
    return np.stack((x, z, -y), axis=-1)


def rodrigues(axis_angle: ndarray) -> ndarray:
    """The rotation about a vector by its length."""
    angle = np.linalg.norm(axis_angle)
    if angle == 0:
        return np.eye(3)
    x, y, z = axis_angle / angle
    cross = np.array(((0, -z, y), (z, 0, -x), (-y, x, 0)))
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
