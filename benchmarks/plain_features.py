"""Joints -> features and back as HumanML3D's published scripts do it, written plainly in NumPy.

One clip at a time; in it one bone of one chain after the other, each over all frames, in
quaternions (Guo et al., CVPR 2022: put on one skeleton, on the floor, facing +z; inverse
kinematics twice, once unsmoothed for the bones and once smoothed for the features). Quaternions
pass through torch and back at every step, as published, or stay in NumPy, which is faster.
It reproduces their choices, odd ones included; ``moclip.features._guo`` names those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from benchmarks import _published_quaternions

UP, AHEAD = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Body:
    """What differs between HumanML3D's and KIT-ML's people; joints are numbers, as published."""

    directions: ndarray
    """Unit vector of each bone from its parent, in the rest pose."""
    chains: Sequence[Sequence[int]]
    face: tuple[int, int, int, int]
    """Right hip, left hip, right shoulder, left shoulder."""
    shins: tuple[int, int]
    """The two joints whose bones measure a leg."""
    left_feet: tuple[int, int]
    right_feet: tuple[int, int]
    threshold: float
    """A foot that moves less in a frame, squared, touches the floor."""


def _directions(signs: str) -> ndarray:
    table = {"0": (0, 0, 0), "x": (1, 0, 0), "X": (-1, 0, 0), "y": (0, 1, 0), "Y": (0, -1, 0)}
    return np.array([(table | {"z": (0, 0, 1)})[sign] for sign in signs], dtype=float)


HUMANML3D = Body(
    directions=_directions("0xXyYYyYYyzzyxXzYYYYYY"),
    chains=(
        (0, 2, 5, 8, 11),
        (0, 1, 4, 7, 10),
        (0, 3, 6, 9, 12, 15),
        (9, 14, 17, 19, 21),
        (9, 13, 16, 18, 20),
    ),
    face=(2, 1, 17, 16),
    shins=(5, 8),
    left_feet=(7, 10),
    right_feet=(8, 11),
    threshold=0.002,
)
KIT = Body(
    directions=_directions("0yyyyxYYXYYxYYzzXYYzz"),
    chains=(
        (0, 11, 12, 13, 14, 15),
        (0, 16, 17, 18, 19, 20),
        (0, 1, 2, 3, 4),
        (3, 5, 6, 7),
        (3, 8, 9, 10),
    ),
    face=(11, 16, 5, 8),
    shins=(17, 18),
    left_feet=(19, 20),
    right_feet=(14, 15),
    threshold=0.05,
)


def smoothed(values: ndarray, deviation: float = 20.0) -> ndarray:
    """Gaussian over frames, cut at four deviations; the ends stand for what lies beyond them."""
    reach = int(4 * deviation + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    columns = [np.convolve(c, weights / weights.sum(), mode="valid") for c in padded.T]
    return np.stack(columns, axis=-1)


def inverse_kinematics(
    joints: ndarray, body: Body, quaternions: ModuleType, *, smooth: bool
) -> ndarray:
    """Quaternions of root and bones; hips are taken the wrong way round, as published."""
    left_hip, right_hip, right_shoulder, left_shoulder = body.face
    across = joints[:, right_hip] - joints[:, left_hip]
    across = _unit(across + joints[:, right_shoulder] - joints[:, left_shoulder])
    forward = np.cross(UP[None], across)
    if smooth:
        forward = smoothed(forward)
    root = quaternions.between(_unit(forward), np.repeat(AHEAD[None], len(joints), axis=0))
    root[0] = (1, 0, 0, 0)
    turns = np.zeros((*joints.shape[:-1], 4))
    turns[:, 0] = root
    for chain in body.chains:
        above = root
        for parent, joint in pairwise(chain):
            rest = np.repeat(body.directions[joint][None], len(joints), axis=0)
            bone = quaternions.between(rest, _unit(joints[:, joint] - joints[:, parent]))
            turns[:, joint] = quaternions.multiply(quaternions.inverse(above), bone)
            above = quaternions.multiply(above, turns[:, joint])
    return turns


def forward_kinematics(
    turns: ndarray, root: ndarray, offsets: ndarray, body: Body, quaternions: ModuleType
) -> ndarray:
    """Joints from quaternions; each chain starts from the root's turn, as published."""
    joints = np.zeros((*turns.shape[:-1], 3))
    joints[:, 0] = root
    for chain in body.chains:
        above = turns[:, 0]
        for parent, joint in pairwise(chain):
            above = quaternions.multiply(above, turns[:, joint])
            offset = np.repeat(offsets[joint][None], len(turns), axis=0)
            joints[:, joint] = quaternions.rotate(above, offset) + joints[:, parent]
    return joints


def on_one_skeleton(
    joints: ndarray, lengths: ndarray, body: Body, quaternions: ModuleType
) -> ndarray:
    """Bones get the given ``lengths``, the path grows with the legs; both from the first frame."""
    own = np.zeros(len(lengths))
    for chain in body.chains:
        for parent, joint in pairwise(chain):
            own[joint] = np.sqrt(((joints[0, joint] - joints[0, parent]) ** 2).sum())
    growth = sum(lengths[j] for j in body.shins) / sum(own[j] for j in body.shins)
    turns = inverse_kinematics(joints, body, quaternions, smooth=False)
    offsets = body.directions * lengths[:, None]
    return forward_kinematics(turns, joints[:, 0] * growth, offsets, body, quaternions)


def facing_ahead(joints: ndarray, body: Body, quaternions: ModuleType) -> ndarray:
    """On the floor, above the origin, facing +z in the first frame."""
    joints = joints - joints.min(axis=0).min(axis=0) * UP
    first = joints[0]
    joints = joints - first[0] * np.array([1.0, 0.0, 1.0])
    right_hip, left_hip, right_shoulder, left_shoulder = body.face
    across = first[right_hip] - first[left_hip] + first[right_shoulder] - first[left_shoulder]
    turn = quaternions.between(_unit(np.cross(UP[None], _unit(across))), AHEAD[None])
    return quaternions.rotate(np.ones((*joints.shape[:-1], 4)) * turn, joints)


def encode(
    joints: ndarray,
    lengths: ndarray | None,
    body: Body,
    quaternions: ModuleType = _published_quaternions,
) -> ndarray:
    """Features of one clip, a frame fewer than its joints.

    ``lengths`` of the bones by joint; ``None`` takes the clip as it stands, floor and all.
    """
    if lengths is not None:
        joints = on_one_skeleton(joints, lengths, body, quaternions)
        joints = facing_ahead(joints, body, quaternions)
    left, right = _contacts(joints, body.left_feet, body), _contacts(joints, body.right_feet, body)
    turns = inverse_kinematics(joints, body, quaternions, smooth=True)
    root = turns[:, 0]
    step = quaternions.rotate(root[1:], joints[1:, 0] - joints[:-1, 0])
    turn = np.arcsin(quaternions.multiply(root[1:], quaternions.inverse(root[:-1]))[:, 2:3])
    every = np.repeat(root[:, None], joints.shape[1], axis=1)
    local = quaternions.rotate(every, joints - joints[:, :1] * np.array([1.0, 0.0, 1.0]))
    velocity = quaternions.rotate(every[:-1], joints[1:] - joints[:-1])
    count = len(joints) - 1
    return np.concatenate(
        (
            turn,
            step[:, [0, 2]],
            local[:-1, 0, 1:2],
            local[:-1, 1:].reshape(count, -1),
            quaternions.six_d(turns)[:-1, 1:].reshape(count, -1),
            velocity.reshape(count, -1),
            left,
            right,
        ),
        axis=-1,
    )


def decode(features: Tensor, joint_count: int) -> Tensor:
    """Joints of clips ``(*clip, frame, dim)``; this one is published in torch."""
    half = torch.zeros_like(features[..., 0])
    half[..., 1:] = features[..., :-1, 0]
    half = torch.cumsum(half, dim=-1)
    root = torch.zeros((*features.shape[:-1], 4))
    root[..., 0], root[..., 2] = torch.cos(half), torch.sin(half)
    path = torch.zeros((*features.shape[:-1], 3))
    path[..., 1:, [0, 2]] = features[..., :-1, 1:3]
    back = root * torch.tensor([1.0, -1.0, -1.0, -1.0])
    path = torch.cumsum(_rotate(back, path), dim=-2)
    path[..., 1] = features[..., 3]
    local = features[..., 4 : 3 * joint_count + 1]
    local = local.view((*local.shape[:-1], joint_count - 1, 3))
    others = _rotate(back[..., None, :].expand((*local.shape[:-1], 4)), local)
    others[..., 0] += path[..., 0:1]
    others[..., 2] += path[..., 2:3]
    return torch.cat((path.unsqueeze(-2), others), dim=-2)


def _rotate(q: Tensor, v: Tensor) -> Tensor:
    flat, vectors = q.contiguous().view(-1, 4), v.contiguous().view(-1, 3)
    across = torch.cross(flat[:, 1:], vectors, dim=1)
    twice = torch.cross(flat[:, 1:], across, dim=1)
    return (vectors + 2 * (flat[:, :1] * across + twice)).view(v.shape)


def _contacts(joints: ndarray, feet: Sequence[int], body: Body) -> ndarray:
    moved = ((joints[1:, list(feet)] - joints[:-1, list(feet)]) ** 2).sum(-1)
    return (moved < body.threshold).astype(float)


def _unit(v: ndarray) -> ndarray:
    return v / np.sqrt((v**2).sum(-1, keepdims=True))
