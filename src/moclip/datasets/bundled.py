"""A small real set that ships with the package: 141 clips of 87 takes, three captions each.

From CMU motion capture and the reference clips of DeepMimic (see NOTICE), made by
``scripts/make_bundled.py``. ``data/bundled.csv`` says which span of which take a clip is, its
split, its action and its captions, written after looking at the motion; all clips of a take share a
split, and every action that is validated or tested is also trained on. Joints are kept in steps of
half a millimetre.

Clips last 2 to 10 s, except for takes that are shorter as a whole (running, a flip, a kick: 0.9 to
1.9 s). Spans in which the capture is damaged (bodies that tip over for a few frames) are left out.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from pydantic import BaseModel
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from moclip import skeletons
from moclip.datasets import _common
from moclip.datasets._plan import Clip, File, Plan
from moclip.motion import Motion

LICENCE = (
    "CMU motion capture (mocap.cs.cmu.edu, NSF EIA-0196217): free to use, not to be resold on its "
    "own; reference clips of DeepMimic: zlib"
)
FOLDER = Path(__file__).parent / "data"
_FILE = "bundled.safetensors"
STEP = 0.0005
"""Metres; what one unit of the stored whole numbers stands for."""


class Options(BaseModel, frozen=True, extra="forbid"):
    """Where the data are."""

    root: Path | None = None
    """Another folder with ``bundled.csv`` and ``bundled.safetensors``; if absent, our own."""


class Row(NamedTuple):
    """A line of ``bundled.csv``."""

    file: str
    start: float
    end: float | None
    split: str
    action: str
    captions: tuple[str, ...]

    @property
    def id(self) -> str:
        take = self.file.removesuffix(".bvh")
        return take if self.end is None else f"{take}@{self.start:g}-{self.end:g}"


def plan(options: Options) -> Plan:
    """The clips in the order of the table; all lie in one file."""
    folder = _folder(options)
    clips = (
        Clip(row.id, row.split, row.captions, {"action": row.action})
        for row in rows(folder / "bundled.csv")
    )
    return Plan((File(_FILE, tuple(clips)),), root=folder, ready=True)


def read(files: Sequence[File], options: Options) -> Iterator[tuple[str, Motion]]:
    """Raises ``ValueError`` for a clip of the table that is not in ``bundled.safetensors``."""
    folder = _folder(options)
    motions = unpack(folder / _FILE)
    for clip in (clip for file in files for clip in file.clips):
        if clip.id not in motions:
            raise ValueError(
                f"{folder}: bundled.safetensors lacks {clip.id}; run scripts/make_bundled.py again"
            )
        yield clip.id, motions[clip.id]


def _folder(options: Options) -> Path:
    if options.root is None:
        return FOLDER
    return _common.need_root("bundled", options.root, "a folder with bundled.csv")


def rows(table: Path) -> list[Row]:
    """The lines of the table. Raises ``FileNotFoundError`` where there is none."""
    with table.open(newline="", encoding="utf-8") as stream:
        return [
            Row(
                line["file"],
                float(line["start"] or 0),
                float(line["end"]) if line["end"] else None,
                line["split"],
                line["action"],
                tuple(line[f"caption_{number}"] for number in (1, 2, 3)),
            )
            for line in csv.DictReader(stream)
        ]


def pack(motions: Mapping[str, Motion]) -> bytes:
    """Joints as 16-bit whole numbers of :data:`STEP`, clip after clip; ids in the metadata."""
    joints = torch.cat([motion.joints for motion in motions.values()]) / STEP
    assert joints.abs().max() < 2**15, "a joint is more than 16 m from the start"
    tensors = {
        "joints": joints.round().to(torch.int16),
        "lengths": torch.tensor([len(motion) for motion in motions.values()]),
    }
    return save(tensors, metadata={"ids": json.dumps(list(motions))})


def unpack(path: Path) -> dict[str, Motion]:
    """The inverse of :func:`pack`, to half a :data:`STEP`.

    Raises ``ValueError`` for a file that is not what :func:`pack` writes.
    """
    try:
        with safe_open(path, framework="pt") as file:
            ids = json.loads((file.metadata() or {})["ids"])
            lengths = file.get_tensor("lengths").tolist()
            pieces = (file.get_tensor("joints").float() * STEP).split(lengths)
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise ValueError(f"{path} holds no bundled clips: {error}") from error
    body = skeletons.get("humanml3d")
    return {clip: Motion(piece, _common.FPS, body) for clip, piece in zip(ids, pieces, strict=True)}
