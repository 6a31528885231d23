"""The table of a library: its columns, what it knows of itself, and clips as its rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import lancedb
import pyarrow as pa
import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from moclip import skeletons
from moclip.motion import Motion
from moclip.tasks.library.clips import Clip

FORMAT = 2
TABLE = "clips"
CLIP = "clip"
"""The column that holds a clip as JSON."""
_ASKED = ("id", "content", "folder", "labels", "seconds", "frames")
"""Of a clip, what has a column of its own."""
_FILES = f"{TABLE}.lance"
_KEY = b"moclip"
_STEP = 0.0005
"""Metres; joints are kept in whole numbers of it, or of a larger step where a path is long."""
_BODY = skeletons.get("humanml3d")


class Facts(BaseModel):
    """What a library knows of itself; written once, when it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    model: str
    """Fingerprint of the model that made the vectors."""
    model_source: str | None = None
    """Where that model was, as a folder or hub id."""
    dim: int
    fps: float
    window: float
    """Seconds; longer files are kept in parts."""


def create(path: Path, facts: Facts) -> Any:
    """A new table without rows. Raises ``ValueError`` where there is one already."""
    if is_library(path):
        raise ValueError(f"there is an index {path} already; `moclip index add` adds to it")
    if path.is_file() or (path.is_dir() and any(path.iterdir()) and not (path / _FILES).is_dir()):
        raise ValueError(f"{path} holds something else, wanted a new folder for the index")
    return _connect(path).create_table(TABLE, schema=_schema(facts))


def open_table(path: Path) -> tuple[Any, Facts]:
    """The table and its facts. Raises ``ValueError`` or ``OSError`` where there is none."""
    if not path.exists():
        raise FileNotFoundError(f"there is no index {path}; `moclip index build` makes one")
    if not is_library(path):
        raise ValueError(f"{path} is no index of motions; `moclip index build` makes one")
    try:
        table = _connect(path).open_table(TABLE)
        written = (table.schema.metadata or {})[_KEY]
        facts = Facts.model_validate(json.loads(written))
    except (KeyError, ValidationError, ValueError, RuntimeError, OSError) as error:
        raise ValueError(f"{path} is damaged or no index of ours: {_line(error)}") from None
    if facts.format != FORMAT:
        raise ValueError(
            f"{path} is an index of format {facts.format}, this version reads {FORMAT}; "
            "make it anew with `moclip index build`"
        )
    return table, facts


def discard(path: Path) -> None:
    """The table is gone, and the folder where nothing else is in it."""
    _connect(path).drop_table(TABLE)
    if not any(path.iterdir()):
        path.rmdir()


def is_library(path: Path) -> bool:
    """Whether a folder holds a library: one that was begun and never committed is none."""
    return any((path / _FILES / "_versions").glob("*.manifest"))


def _connect(path: Path) -> Any:
    return lancedb.connect(path, read_consistency_interval=timedelta(seconds=2))


def _schema(facts: Facts) -> Any:
    """What conditions ask for, the whole clip in one column, its motion, its vector.

    A search reads ten rows out of a million, and each column of them costs it a millisecond.
    """
    text, texts = pa.string(), pa.list_(pa.string())
    columns = {
        **dict.fromkeys(("id", "content", "folder"), text),
        "labels": texts,
        "seconds": pa.float64(),
        CLIP: text,
        "frames": pa.int32(),
        "step": pa.float64(),
        "joints": pa.large_binary(),
        "vector": pa.list_(pa.float32(), facts.dim),
    }
    return pa.schema(columns, metadata={_KEY: facts.model_dump_json().encode()})


def rows(
    schema: Any,
    clips: Sequence[Clip],
    motions: Sequence[Motion],
    vectors: Float[Tensor, "clip dim"],
) -> Any:
    """A table of clips that are on HumanML3D's body, to be added."""
    packed = [_packed(motion.joints) for motion in motions]
    table = [
        {
            **{name: getattr(clip, name) for name in _ASKED},
            CLIP: json.dumps(asdict(clip), ensure_ascii=False),
            "step": step,
            "joints": joints,
            "vector": vector,
        }
        for clip, (step, joints), vector in zip(clips, packed, vectors.tolist(), strict=True)
    ]
    return pa.Table.from_pylist(table, schema=schema)


def motion_of(row: Mapping[str, Any], fps: float) -> Motion:
    """The motion of a row, to half a step."""
    whole = torch.frombuffer(bytearray(row["joints"]), dtype=torch.int16)
    return Motion(whole.reshape(row["frames"], len(_BODY), 3) * row["step"], fps, _BODY)


def expected_bytes(frames: int) -> int:
    """Of the joints of a clip."""
    return frames * len(_BODY) * 3 * 2


def _packed(joints: Float[Tensor, "frame joint 3"]) -> tuple[float, bytes]:
    step = max(_STEP, float(joints.abs().max()) / (2**15 - 1))
    return step, (joints / step).round().to(torch.int16).numpy().tobytes()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
