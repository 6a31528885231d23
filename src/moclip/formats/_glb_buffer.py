"""The one buffer of a binary glTF, and what describes its parts."""

import numpy as np
import pygltflib as gltf
from numpy import ndarray

_TYPES = {"float32": gltf.FLOAT, "uint16": gltf.UNSIGNED_SHORT, "uint32": gltf.UNSIGNED_INT}
_ALIGNED = 4
"""Bytes: every part begins at a multiple of this."""


class Buffer:
    """Arrays one after the other."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[gltf.BufferView] = []
        self.accessors: list[gltf.Accessor] = []

    def add(self, values: ndarray, kind: str, *, bounds: bool = False) -> int:
        """The number of a new accessor; ``bounds`` adds least and greatest values, as some need."""
        raw = np.ascontiguousarray(values).tobytes()
        self.views.append(gltf.BufferView(buffer=0, byteOffset=len(self.data), byteLength=len(raw)))
        accessor = gltf.Accessor(
            bufferView=len(self.views) - 1,
            componentType=_TYPES[str(values.dtype)],
            count=len(values),
            type=kind,
        )
        if bounds:
            rows = values.reshape(len(values), -1)
            accessor.min, accessor.max = rows.min(axis=0).tolist(), rows.max(axis=0).tolist()
        self.data += raw + bytes(-len(raw) % _ALIGNED)
        self.accessors.append(accessor)
        return len(self.accessors) - 1
