"""Where the joints of an SMPL, SMPL-H or SMPL-X body are at rest; skin and pose are not computed.

A body model is the official ``.npz``: ``v_template`` (vertex, 3), ``shapedirs`` (vertex, 3, beta),
``J_regressor`` (joint, vertex), ``kintree_table`` (2, joint). Everything else in it stays unread,
so objects that the official files carry along are never unpickled.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from moclip import files, skeletons
from moclip.formats import _members
from moclip.formats._arrays import from_npy

_WANTED = ("v_template", "shapedirs", "J_regressor", "kintree_table")


@dataclass(frozen=True, eq=False)
class BodyModel:
    """Joints at rest as they follow from the shape, in metres, y up."""

    joints: Float64[ndarray, "joint 3"]
    """Of the average body."""
    per_beta: Float64[ndarray, "joint 3 beta"]

    def shaped(self, betas: Float64[ndarray, " beta"]) -> Float64[ndarray, "joint 3"]:
        """Joints of one body.

        ``betas`` beyond those of the model are left out, as the official code does: they come in
        the order of how much they change.
        """
        count = min(len(betas), self.per_beta.shape[2])
        with np.errstate(over="ignore", invalid="ignore"):  # what is too large is told by Motion
            return self.joints + self.per_beta[..., :count] @ betas[:count]


def find(folder: Path, body: str, gender: str) -> Path:
    """The file of this body in one of the official layouts; ``folder`` may be the file itself.

    Raises ``ValueError`` saying which names were looked for.
    """
    if folder.is_file():
        return folder
    upper = f"{body}_{gender}".upper()
    names = (
        f"{body}/{gender}/model.npz",
        f"{body}/{upper}.npz",
        f"{upper}.npz",
        f"{gender}/model.npz",
    )
    for name in names:
        if (folder / name).is_file():
            return folder / name
    pickled = any(folder.rglob(f"{upper}.pkl")) if folder.is_dir() else False
    hint = f"; {upper}.pkl is a pickle, which is never loaded" if pickled else ""
    raise ValueError(
        f"there is no {gender} {body} body model in {folder}; wanted {', '.join(names[:3])}{hint}"
    )


def load(path: Path, body: str) -> BodyModel:
    """A body model, kept in memory from one file to the next.

    Raises ``ValueError`` for a file that is damaged or of another body.
    """
    stat = path.stat()
    return _load(path, body, (stat.st_size, stat.st_mtime_ns))


@lru_cache(maxsize=8)
@np.errstate(over="ignore", invalid="ignore")  # what is too large is told below
def _load(path: Path, body: str, _stamp: tuple[int, int]) -> BodyModel:
    arrays = _arrays(path)
    regressor, vertices = arrays["J_regressor"], arrays["v_template"]
    shapes = arrays["shapedirs"]
    parents = skeletons.get(body).parents
    count = vertices.shape[:1]
    if (
        vertices.shape != (*count, 3)
        or shapes.ndim != 3
        or shapes.shape[:2] != vertices.shape
        or regressor.shape != (len(parents), *count)
        or arrays["kintree_table"].shape != (2, len(parents))
        or arrays["kintree_table"][0, 1:].astype(np.int64).tolist() != list(parents[1:])
    ):
        there = ", ".join(f"{key} {array.shape}" for key, array in arrays.items())
        raise ValueError(f"{path} is no {body} of {len(parents)} joints: it holds {there}")
    shapes = shapes[..., : _shape_count(body, shapes.shape[2])]
    joints = regressor @ vertices
    per_beta = np.tensordot(regressor, shapes, axes=1)
    if not (np.isfinite(joints).all() and np.isfinite(per_beta).all()):
        raise ValueError(f"{path} holds a number that is not finite")
    return BodyModel(joints, per_beta)


def _arrays(path: Path) -> dict[str, ndarray]:
    size = path.stat().st_size
    if size > files.LARGEST:
        raise ValueError(
            f"{path} has {size:,} bytes, more than the {files.LARGEST:,} that are read"
        )
    parts = _members.unpack(path, str(path), [f"{key}.npy" for key in _WANTED])
    missing = [key for key in _WANTED if f"{key}.npy" not in parts]
    if missing:
        raise ValueError(f"{path} is no body model: it has no {', '.join(missing)}")
    arrays = {key: from_npy(parts[f"{key}.npy"], f"{path}: {key}") for key in _WANTED}
    floats = {key: array.astype(np.float64) for key, array in arrays.items() if key != _WANTED[3]}
    return {**floats, _WANTED[3]: arrays[_WANTED[3]]}


def _shape_count(body: str, directions: int) -> int:
    """SMPL-X appends its expressions: 100 after 300 shapes, or (version 1.0) 10 after 10."""
    if body != "smplx":
        return directions
    return {400: 300, 20: 10}.get(directions, directions)
