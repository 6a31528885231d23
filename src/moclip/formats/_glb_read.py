"""A skinned animation out of a binary glTF, anybody's; times are sampled evenly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pygltflib as gltf
import torch
from numpy import ndarray
from torch import Tensor

from moclip import geometry, skeletons
from moclip.formats import _glb_nodes
from moclip.formats._glb_nodes import Rig
from moclip.motion import Motion

_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_TYPES: dict[int, str] = {gltf.FLOAT: "<f4", gltf.SHORT: "<i2", gltf.BYTE: "i1"}
_MOVED = {"rotation": 4, "translation": 3, "scale": 3}
_MAGIC = b"glTF"
_LONGEST = 3600.0
"""Seconds; a file that promises more is not sampled."""
_MOST_JOINT_FRAMES = 15 * 10**6
"""An hour of 65 joints at 60 frames a second: joints without keys cost a file nothing and a motion
48 bytes a frame."""
_AT_ONCE = 2**18
"""Joints times frames that are worked on together."""
_FEWEST = 128
"""Frames at once, however many joints there are."""
_USUAL = 24.0
"""Frames a second of a clip with one key."""
_ROUNDED = 2.0**-22
"""Share of a time by which the distance of two may be off that are kept as float32, twice over."""
_UNEVEN = 0.01
"""Frames by which keys may be off that count as evenly spaced."""
_TOLD = 1e-4
"""Share by which the frame rate that a file tells may differ from that of its times."""


def motion(data: bytes, *, name: str, fps: float | None) -> Motion:
    """See :func:`moclip.formats.glb.decode`."""
    if fps is not None and not 0 < fps < float("inf"):
        raise ValueError(f"{name}: fps is {fps}, wanted a positive number")
    try:
        return _motion(_Scene.of(data, name), name, fps)
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"{name} is damaged: {type(error).__name__}, {error}") from None


def _motion(scene: "_Scene", name: str, fps: float | None) -> Motion:
    if not scene.model.animations:
        raise ValueError(f"{name} holds no animation")
    animation = scene.model.animations[0]
    keys = scene.keys(animation)
    sizes = {node: found.values for (node, path), found in keys.items() if path == "scale"}
    rig = _glb_nodes.rig(scene.model.nodes, set(scene.model.skins[0].joints), sizes, name)
    clock = _Clock.of([found.times for found in keys.values()], _told(animation.extras), name)
    times, rate = clock.frames(fps, joints=len(rig.nodes))
    known, order = skeletons.as_known(rig.body)
    joints = torch.empty(len(times), len(known), 3)
    rotations = torch.empty(len(times), len(known), 3, 3)
    step = max(_FEWEST, _AT_ONCE // len(rig.nodes))
    for start in range(0, len(times), step):
        part = slice(start, start + step)
        placed, turned = _posed(rig, keys, times[part])
        joints[part], rotations[part] = placed[:, order], turned[:, order]
    return Motion(joints, rate, known, rotations)


def _posed(
    rig: Rig, keys: Mapping[tuple[int, str], "_Keys"], times: ndarray
) -> tuple[Tensor, Tensor]:
    """Positions of the joints and their local rotations; the root's is that in the world."""
    turned, moved = [], []
    for node, place in zip(rig.nodes, rig.places, strict=True):
        turn, move = keys.get((node, "rotation")), keys.get((node, "translation"))
        turned.append(np.tile(place.turn, (len(times), 1)) if turn is None else turn.at(times))
        bone = place.move if move is None else place.unit * move.at(times)
        moved.append(np.broadcast_to(bone, (len(times), 3)))
    quaternions = torch.tensor(np.stack(turned, axis=1))[..., [3, 0, 1, 2]]
    rotations = geometry.quaternion_to_matrix(quaternions)
    bones = torch.tensor(np.stack(moved, axis=1))
    placed, world = geometry.forward_kinematics(rotations, bones[:, 0], bones, rig.parents)
    above = len(rig.nodes) - len(rig.body)
    rotations[:, above] = world[:, above]
    return placed[:, above:], rotations[:, above:]


@dataclass(frozen=True, eq=False)
class _Keys:
    """Parts of the file as they lie there, since channels may share them."""

    times: ndarray
    values: ndarray
    most: float
    """What stands for 1 where values are whole numbers."""
    holds: bool
    """Whether each key counts until the next."""

    def plain(self, rows: ndarray) -> ndarray:
        return self.values[rows].astype(np.float64) / self.most

    def at(self, times: ndarray) -> ndarray:
        """Blended linearly between neighbouring keys, quaternions the shorter way."""
        at = self.times
        after = np.searchsorted(at, times.astype(at.dtype))
        after = np.clip(after, 1, max(1, len(at) - 1)) % len(at)
        before = np.maximum(after - 1, 0)
        first, last = at[before].astype(np.float64), at[after].astype(np.float64)
        share = np.clip((times - first) / np.where(last > first, last - first, 1.0), 0, 1)[:, None]
        share = np.floor(share + _UNEVEN) if self.holds else share
        one, other = self.plain(before), self.plain(after)
        if one.shape[1] == _MOVED["rotation"]:
            other = np.where((one * other).sum(axis=1, keepdims=True) < 0, -other, other)
        return one * (1 - share) + other * share


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

    def keys(self, animation: gltf.Animation) -> dict[tuple[int, str], _Keys]:
        """By node and what of it they change."""
        found = {}
        for channel in animation.channels:
            sampler, path = animation.samplers[channel.sampler], channel.target.path
            if sampler.interpolation not in (None, "LINEAR", "STEP"):
                raise ValueError(
                    f"{self.name} has {sampler.interpolation} keys, wanted LINEAR ones"
                )
            times, values = self._array(sampler.input)[:, 0], self._array(sampler.output)
            if len(times) != len(values) or not len(times):
                raise ValueError(f"{self.name} has {len(times)} times for {len(values)} keys")
            is_whole = values.dtype.kind != "f"
            odd = values.shape[1] != _MOVED.get(path, values.shape[1])
            if times.dtype.kind != "f" or odd or (is_whole and path == "scale"):
                raise ValueError(f"{self.name} keeps its keys in a way that is not read here")
            most = float(np.iinfo(values.dtype).max) if is_whole else 1.0
            keys = _Keys(times, values, most, sampler.interpolation == "STEP")
            found[channel.target.node, path] = keys
        if not found:
            raise ValueError(f"{self.name} holds an animation without keys")
        return found

    def _array(self, number: int) -> ndarray:
        """The numbers as they lie in the file."""
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
        return values


@dataclass(frozen=True, eq=False)
class _Clock:
    """When frames are taken."""

    longest: ndarray
    """The channel's times that has most, in seconds."""
    first: float
    end: float
    """Of all channels."""
    told: float | None
    name: str

    @classmethod
    def of(cls, times: list[ndarray], told: float | None, name: str) -> "_Clock":
        first, end = min(float(t[0]) for t in times), max(float(t[-1]) for t in times)
        if not 0 <= end - first <= _LONGEST:
            raise ValueError(f"{name} lasts {end - first:g} s, wanted at most {_LONGEST:g} s")
        return cls(max(times, key=len).astype(np.float64), first, end, told, name)

    def frames(self, fps: float | None, *, joints: int) -> tuple[ndarray, float]:
        """Times and frames a second: the keys of the channel with most, where they are evenly
        spaced and last as long as all; else even times from the first key on, at ``fps`` or about
        as far from each other as those keys."""
        count, (rate, is_even) = len(self.longest), self._rate()
        if fps is not None or not is_even:
            rate = fps or rate
            count = int((self.end - self.first) * rate + _UNEVEN) + 1
        if count * joints > _MOST_JOINT_FRAMES:
            raise ValueError(f"{self.name}: {count:,} frames of {joints:,} joints are too many")
        if fps is None and is_even:
            return self.longest, rate
        return self.first + np.arange(count) / rate, rate

    def _rate(self) -> tuple[float, bool]:
        """Frames a second, and whether the keys are such frames."""
        gaps, span = np.diff(self.longest), float(self.longest[-1] - self.longest[0])
        rounded = _ROUNDED * max(abs(self.first), abs(self.end))
        if len(gaps) and span > 0:
            gap = span / len(gaps)
            off = float(np.abs(gaps - gap).max())
            short = max(self.longest[0] - self.first, self.end - self.longest[-1])
            if off <= _UNEVEN * gap + rounded and short <= gap / 2:
                return self._named(1 / gap, rounded / span), True
        if not (gaps > 0).any():
            return self.told or _USUAL, False
        gap = float(np.median(gaps[gaps > 0]))
        return self._named(1 / gap, rounded / gap), False

    def _named(self, rate: float, error: float) -> float:
        """The rate that is meant by one that may be off by this share: what the file tells, a whole
        number, one of television's (30 / 1.001) or one of two decimals."""
        if self.told is not None and abs(self.told - rate) <= max(_TOLD, error) * rate:
            return self.told
        whole = float(max(1, round(rate)))
        if abs(rate - whole) < max(1e-3, error * rate):
            return whole
        nearest = min(
            round(rate * 1.001) * 1000 / 1001, round(rate, 2), key=lambda one: abs(one - rate)
        )
        return nearest if nearest > 0 and abs(nearest - rate) <= error * rate else rate


def _told(extras: Any) -> float | None:
    """Frames a second as we write them into the animation."""
    fps = extras.get("fps") if isinstance(extras, dict) else None
    return float(fps) if isinstance(fps, int | float) and 0 < fps < float("inf") else None
