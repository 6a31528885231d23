"""A skinned animation out of a binary glTF, anybody's; times are sampled evenly."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pygltflib as gltf
import torch
from numpy import ndarray

from moclip import geometry, skeletons
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_TYPES: dict[int, str] = {gltf.FLOAT: "<f4", gltf.SHORT: "<i2", gltf.BYTE: "i1"}
_MAGIC = b"glTF"
_LONGEST = 3600.0
"""Seconds; a file that promises more is not sampled."""


def motion(data: bytes, *, name: str, fps: float | None) -> Motion:
    """See :func:`moclip.formats.glb.decode`."""
    try:
        return _motion(_Scene.of(data, name), name, fps)
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"{name} is damaged: {type(error).__name__}, {error}") from None


def _motion(scene: "_Scene", name: str, fps: float | None) -> Motion:
    body, joints = scene.body()
    if not scene.model.animations:
        raise ValueError(f"{name} holds no animation")
    keys = scene.keys(scene.model.animations[0])
    times = scene.times(keys, fps)
    rate = fps or _rate(times)
    turned, moved = [], []
    for node in joints:
        turn, move = scene.rest(node)
        turned.append(_turns(keys.get((node, "rotation")), times, turn))
        moved.append(_moves(keys.get((node, "translation")), times, move))
    quaternions = torch.tensor(np.stack(turned, axis=1))[..., [3, 0, 1, 2]]
    rotations = geometry.quaternion_to_matrix(quaternions)
    bones = torch.tensor(np.stack(moved, axis=1))
    placed, _ = geometry.forward_kinematics(rotations, bones[:, 0], bones, body.parents)
    known, order = skeletons.as_known(body)
    return Motion(placed[:, order].float(), rate, known, rotations[:, order].float())


@dataclass(frozen=True, eq=False)
class _Scene:
    model: gltf.GLTF2
    blob: bytes
    name: str

    @classmethod
    def of(cls, data: bytes, name: str) -> "_Scene":
        if not data:
            raise ValueError(f"{name} is empty")
        if not data.startswith(_MAGIC):
            raise ValueError(f"{name} is no binary glTF file")
        try:
            model = gltf.GLTF2.load_from_bytes(data)
        except Exception as error:  # the library's own, struct's, JSON's
            raise ValueError(f"{name} is damaged: {str(error).splitlines()[0]}") from None
        if not model.skins:
            raise ValueError(f"{name} holds no skin, so nothing says which nodes are joints")
        return cls(model, model.binary_blob() or b"", name)

    def body(self) -> tuple[Skeleton, list[int]]:
        """The joints of the first skin, parents first, and the node of each."""
        parents = {
            child: number
            for number, node in enumerate(self.model.nodes)
            for child in node.children or ()
        }
        own = set(self.model.skins[0].joints)
        order = sorted(own, key=lambda node: (self._depth(node, parents), node))
        roots = [node for node in order if parents.get(node) not in own]
        if len(roots) != 1:
            raise ValueError(f"{self.name} has {len(roots)} roots among its joints, wanted one")
        place = {node: number for number, node in enumerate(order)}
        names = tuple(self.model.nodes[node].name or f"joint{node}" for node in order)
        above = tuple(place[parents[node]] if node != roots[0] else -1 for node in order)
        offsets = tuple(tuple(map(float, self.rest(node)[1])) for node in order)
        return Skeleton(self.name.rpartition(".")[0] or self.name, names, above, offsets), order  # type: ignore[arg-type]

    def _depth(self, node: int, parents: dict[int, int]) -> int:
        depth = 0
        while node in parents:
            node, depth = parents[node], depth + 1
            if depth > len(self.model.nodes):
                raise ValueError(f"{self.name} has nodes that are their own ancestors")
        return depth

    def rest(self, node: int) -> tuple[ndarray, ndarray]:
        """Rotation (x, y, z, w) and translation that a node has of itself."""
        found = self.model.nodes[node]
        turn = found.rotation or [0.0, 0.0, 0.0, 1.0]
        return np.array(turn, np.float64), np.array(found.translation or [0.0] * 3, np.float64)

    def keys(self, animation: gltf.Animation) -> dict[tuple[int, str], tuple[ndarray, ndarray]]:
        """Times and values by node and what of it they change."""
        found = {}
        for channel in animation.channels:
            sampler = animation.samplers[channel.sampler]
            if sampler.interpolation not in (None, "LINEAR", "STEP"):
                raise ValueError(
                    f"{self.name} has {sampler.interpolation} keys, wanted LINEAR ones"
                )
            times, values = self._array(sampler.input)[:, 0], self._array(sampler.output)
            if len(times) != len(values) or not len(times):
                raise ValueError(f"{self.name} has {len(times)} times for {len(values)} keys")
            found[channel.target.node, channel.target.path] = times, values
        if not found:
            raise ValueError(f"{self.name} holds an animation without keys")
        return found

    def times(self, keys: dict[Any, tuple[ndarray, ndarray]], fps: float | None) -> ndarray:
        """When frames are taken: at the keys of the channel with most, or at ``fps``."""
        longest = max((times for times, _ in keys.values()), key=len)
        end = max(float(times[-1]) for times, _ in keys.values())
        if not 0 <= end <= _LONGEST:
            raise ValueError(f"{self.name} lasts {end:g} s, wanted at most {_LONGEST:g} s")
        if fps is None:
            return longest.astype(np.float64)
        return np.arange(int(end * fps + 1e-6) + 1) / fps

    def _array(self, number: int) -> ndarray:
        accessor = self.model.accessors[number]
        view = self.model.bufferViews[accessor.bufferView or 0]
        width, kind = _WIDTHS.get(accessor.type), _TYPES.get(accessor.componentType)
        if width is None or kind is None or view.byteStride:
            raise ValueError(f"{self.name} keeps its keys in a way that is not read here")
        start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
        count = accessor.count * width
        if start < 0 or start + count * np.dtype(kind).itemsize > len(self.blob):
            raise ValueError(f"{self.name} is cut short")
        values = np.frombuffer(self.blob, kind, count, start).reshape(-1, width)
        if not np.isfinite(values).all():
            raise ValueError(f"{self.name} holds a number that is not finite")
        scale = 1.0 if kind == "<f4" else float(np.iinfo(kind).max)
        return values.astype(np.float64) / scale


def _rate(times: ndarray) -> float:
    """Frames a second of evenly spaced keys; of one key glTF's usual 24."""
    if len(times) < 2 or times[-1] <= times[0]:
        return 24.0
    rate = (len(times) - 1) / (times[-1] - times[0])
    return float(round(rate)) if abs(rate - round(rate)) < 1e-3 else float(rate)


def _moves(keys: tuple[ndarray, ndarray] | None, times: ndarray, rest: ndarray) -> ndarray:
    if keys is None:
        return np.repeat(rest[None], len(times), axis=0)
    return np.stack([np.interp(times, keys[0], column) for column in keys[1].T], axis=1)


def _turns(keys: tuple[ndarray, ndarray] | None, times: ndarray, rest: ndarray) -> ndarray:
    """Blended linearly between neighbouring keys, which are near each other, the shorter way."""
    if keys is None:
        return np.repeat(rest[None], len(times), axis=0)
    at, values = keys
    after = np.clip(np.searchsorted(at, times), 1, max(1, len(at) - 1)) % len(at)
    before = np.maximum(after - 1, 0)
    span = np.where(at[after] > at[before], at[after] - at[before], 1.0)
    share = np.clip((times - at[before]) / span, 0, 1)[:, None]
    one, other = values[before], values[after]
    other = np.where((one * other).sum(axis=1, keepdims=True) < 0, -other, other)
    return one * (1 - share) + other * share
