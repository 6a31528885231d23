"""NumPy's array files, read without trusting their header: nothing is evaluated or unpickled."""

import io
import math
import re

import numpy as np
from numpy import ndarray

from moclip import files

_MAGIC = b"\x93NUMPY"
_MOST_AXES = 8
_NUMBERS = re.compile(r"'descr'\s*:\s*'([<>|=]?[fiu][1248])'")
_OBJECTS = re.compile(r"'descr'\s*:\s*'\|?O")
_SHAPE = re.compile(r"'shape'\s*:\s*\(([\d\s,]{0,200})\)")
_FORTRAN = re.compile(r"'fortran_order'\s*:\s*True")


def from_npy(data: bytes, name: str) -> ndarray:
    """The array in the bytes of an ``.npy`` file.

    Raises ``ValueError`` when they are none, hold anything but real numbers, or are not as many as
    the header says.
    """
    header, start = _header(data, name)
    if _OBJECTS.search(header):
        raise ValueError(f"{name} holds Python objects, which are never loaded; wanted numbers")
    kind, shape = _NUMBERS.search(header), _SHAPE.search(header)
    if kind is None or shape is None or kind[1][-2:] == "f1":
        raise ValueError(f"{name} holds no array of real numbers")
    sizes = tuple(int(size) for size in shape[1].replace(",", " ").split())
    dtype = np.dtype(kind[1])
    wanted = math.prod(sizes) * dtype.itemsize
    if wanted != len(data) - start:
        there = f"{len(data) - start:,} bytes of numbers"
        raise ValueError(f"{name} has {there}, its shape {sizes} wants {wanted:,}")
    if len(sizes) > _MOST_AXES or max(sizes, default=0) > files.LARGEST:  # with an axis of none
        raise ValueError(f"{name} has a shape that no array has: {sizes}")
    numbers = np.frombuffer(data, dtype, offset=start)
    if _FORTRAN.search(header):
        return numbers.reshape(sizes[::-1]).T
    return numbers.reshape(sizes)


def to_npy(array: ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _header(data: bytes, name: str) -> tuple[str, int]:
    """The header's text, and where the numbers begin."""
    if not data:
        raise ValueError(f"{name} is empty")
    if data[:6] != _MAGIC or len(data) < 12 or data[6] not in (1, 2, 3):
        raise ValueError(f"{name} is no NumPy array")
    width = 2 if data[6] == 1 else 4
    start = 8 + width + int.from_bytes(data[8 : 8 + width], "little")
    if start > len(data):
        raise ValueError(f"{name} ends inside its header")
    return data[8 + width : start].decode("utf-8", errors="replace"), start
