"""Reading BVH files, against reading them line by line and posing them frame by frame.

``python -m benchmarks.reading FILE_OR_FOLDER_OR_ZIP ...`` measures on the files given.
"""

import math
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from jaxtyping import Float64
from numpy import ndarray

from benchmarks import _report
from benchmarks._clips import Mix
from benchmarks._timing import Row, alternate, machine
from moclip.formats import _bvh_fast, bvh
from moclip.formats._bvh_frames import read_frames

Numbers = Float64[ndarray, "frame channel"]
Vectors = dict[str, Float64[ndarray, "3"]]

_FLOAT, _POSED = "float(), line by line", "float(), one frame and joint at a time"
_PROMISE = 10.0
_PLAIN = 20
"""Files that the plain way poses: it takes seconds."""


def reading(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """Real clips as our writer prints them, six decimals."""
    clips = [bvh.encode(clip.motion) for clip in mix.clips]
    return rows(clips, repeats=1 if quick else max(5, repeats), promised=not quick)


def rows(files: Sequence[bytes], *, repeats: int, promised: bool = True) -> list[Row]:
    """The numbers alone, with numba and without it, and whole files, with it. One thread."""
    few = files[:: math.ceil(len(files) / _PLAIN)]
    frames = _used(map(_line_by_line, files))
    few_frames = _used(map(_line_by_line, few))
    _check(files, few)
    has_numba = find_spec("numba") is not None
    ways = {
        "compiled": lambda: _used(_each(files, has_numba)),
        "plain": lambda: _used(_each(files, False)),
        "float": lambda: _used(map(_line_by_line, files)),
        "whole": lambda: _whole(few, has_numba),
        "posed": lambda: [_frame_by_frame(data) for data in few],
    }
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        compiled, plain, by_float, whole, posed = alternate(list(ways.values()), repeats=repeats)
    finally:
        torch.set_num_threads(threads)
    found = [
        Row("numbers of BVH files, without numba", _FLOAT, frames, "frames", plain, by_float),
        Row("BVH files -> motions", _POSED, few_frames, "frames", whole, posed),
    ]
    if has_numba:
        bar = _PROMISE if promised else None
        name = "numbers of BVH files"
        found.insert(0, Row(name, _FLOAT, frames, "frames", compiled, by_float, bar))
    return found


def _used(numbers: Iterable[Numbers]) -> int:
    """One file after the other, as they are read in earnest: none is kept."""
    return sum(len(frames) for frames in numbers)


def _each(files: Sequence[bytes], is_compiled: bool) -> Iterator[Numbers]:
    with patch.object(_bvh_fast, "_is_worth_it", lambda: is_compiled):
        yield from map(_numbers, files)


def _whole(files: Sequence[bytes], is_compiled: bool) -> list[ndarray]:
    with patch.object(_bvh_fast, "_is_worth_it", lambda: is_compiled):
        return [bvh.decode(data, unit="m").joints.numpy() for data in files]


def _numbers(data: bytes) -> Numbers:
    at = data.index(b"MOTION")
    channels = data.count(b"rotation", 0, at) + data.count(b"position", 0, at)
    return read_frames(data, at + len(b"MOTION"), channels=channels, name="clip.bvh")[0]


def _line_by_line(data: bytes) -> Numbers:
    lines = data[data.index(b"MOTION") :].decode().splitlines()
    return np.array([[float(word) for word in line.split()] for line in lines[3:] if line.strip()])


def _frame_by_frame(data: bytes) -> Float64[ndarray, "frame joint 3"]:
    """Joints as any short script finds them, depth first."""
    stack: list[str] = []
    parents: dict[str, str | None] = {}
    offsets: Vectors = {}
    channels: list[tuple[str, str]] = []
    for line in data[: data.index(b"MOTION")].decode().splitlines():
        match line.split():
            case ["ROOT" | "JOINT", name]:
                parents[name] = stack[-1] if stack else None
                stack.append(name)
            case ["End", _]:
                stack.append("")
            case ["OFFSET", *words] if stack[-1]:
                offsets[stack[-1]] = np.array([float(word) for word in words])
            case ["CHANNELS", _, *names]:
                channels += [(stack[-1], channel) for channel in names]
            case ["}"]:
                stack.pop()
    return np.array([_posed(row, parents, offsets, channels) for row in _line_by_line(data)])


def _posed(
    row: Float64[ndarray, " channel"],
    parents: dict[str, str | None],
    offsets: Vectors,
    channels: list[tuple[str, str]],
) -> list[ndarray]:
    bones = {joint: offset.copy() for joint, offset in offsets.items()}
    turned = {joint: np.eye(3) for joint in offsets}
    for (joint, channel), value in zip(channels, row.tolist(), strict=True):
        if channel.endswith("position"):
            bones[joint]["XYZ".index(channel[0])] = value
        else:
            turned[joint] = turned[joint] @ _turn(channel[0], math.radians(value))
    places: Vectors = {}
    for joint, parent in parents.items():
        places[joint] = bones[joint]
        if parent is not None:
            places[joint] = places[parent] + turned[parent] @ bones[joint]
            turned[joint] = turned[parent] @ turned[joint]
    return list(places.values())


def _turn(axis: str, angle: float) -> Float64[ndarray, "3 3"]:
    c, s = math.cos(angle), math.sin(angle)
    if axis == "X":
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    if axis == "Y":
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def _check(files: Sequence[bytes], few: Sequence[bytes]) -> None:
    """A ratio of two ways that differ would say nothing: numbers to the last bit, joints to 1e-5.

    A known body's joints are in the order of its skeleton, so that they are compared sorted.
    """
    wanted = [_line_by_line(data) for data in files]
    for is_compiled in (False, find_spec("numba") is not None):
        if not all(map(np.array_equal, _each(files, is_compiled), wanted)):
            raise ValueError("numbers are read differently in two ways")
        for found, posed in zip(_whole(few, is_compiled), map(_frame_by_frame, few), strict=True):
            if np.abs(np.sort(found, axis=1) - np.sort(posed, axis=1)).max() > 1e-5 * posed.max():
                raise ValueError("joints are found in other places in two ways")


def _found(path: Path) -> Iterator[bytes]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".bvh"))
            yield from (archive.read(name) for name in names)
    else:
        for file in sorted(path.rglob("*.bvh")) if path.is_dir() else [path]:
            yield file.read_bytes()


def main(paths: Sequence[str], most: int = 100) -> None:
    """Measure on at most ``most`` of each path's files, spread evenly."""
    print(f"machine: {_report.told(machine())}")
    for path in paths:
        files = list(_found(Path(path)))
        files = [data.replace(b"\r\n", b"\n") for data in files[:: math.ceil(len(files) / most)]]
        size = sum(map(len, files)) / 1e6
        print(f"\n{path}: {len(files)} files, {size:.1f} MB")
        print(_report.table(rows(files, repeats=5)))


if __name__ == "__main__":
    main(sys.argv[1:])
