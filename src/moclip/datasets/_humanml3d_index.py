"""HumanML3D's ``index.csv``: from which frames of which AMASS recording each motion was cut."""

import csv
import io
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from moclip.datasets._official_texts import text

FPS = 20
_COLUMNS = ["source_path", "start_frame", "end_frame", "new_name"]
_LEFT_OUT = {
    "Eyes_Japan_Dataset": 3.0,
    "MPI_HDM05": 3.0,
    "TotalCapture": 1.0,
    "MPI_Limits": 1.0,
    "Transitions_mocap": 0.5,
}
"""Seconds at the beginning of every recording of a sub-set, in which people stand in a T pose;
frames of the index are counted behind them."""
_HUMANACT12 = "humanact12"
"""Motions that are no recordings of AMASS: whole files of joints."""
_NAME = re.compile(r"(\d+)\.npy", re.ASCII)


class Row(NamedTuple):
    """One motion."""

    source: str
    """As in the index: ``./pose_data/KIT/3/kick_high_left02_poses.npy``."""
    start: int
    """First frame at 20 frames per second, from the beginning of the recording."""
    end: int | None
    """The frame behind the last; ``None``: the end of the file."""

    @property
    def is_joints(self) -> bool:
        """Whether the source is HumanAct12's, joints and no AMASS recording."""
        return _HUMANACT12 in self.source


def read(path: Path) -> dict[str, Row]:
    """The rows by the name of the motion, such as ``000021``.

    Raises ``ValueError`` with the line that does not fit, ``OSError`` for no such file.
    """
    stat = path.stat()
    return _read(path, (stat.st_size, stat.st_mtime_ns))


@lru_cache(maxsize=2)
def _read(path: Path, _stamp: tuple[int, int]) -> dict[str, Row]:
    lines = csv.reader(io.StringIO(text(path), newline=""))
    header = next(lines, [])
    if header != _COLUMNS:
        there = ", ".join(header)[:100] or "(none)"
        raise ValueError(f"{path} has the columns {there}; wanted {', '.join(_COLUMNS)}")
    rows: dict[str, Row] = {}
    for fields in lines:
        try:
            source, start, end, new_name = fields
            match = _NAME.fullmatch(new_name)
            if match is None or match[1] in rows:
                raise ValueError
            rows[match[1]] = _row(source, int(start), int(end))
        except ValueError:
            wanted = "source_path,start_frame,end_frame,NUMBER.npy, each name once"
            there = ",".join(fields)[:100]
            raise ValueError(
                f"{path}, line {lines.line_num}: wanted {wanted}, got '{there}'"
            ) from None
    return rows


def _row(source: str, start: int, end: int) -> Row:
    if _HUMANACT12 in source:
        return Row(source, 0, None)
    if not 0 <= start < end:
        raise ValueError
    subset = next((name for name in _LEFT_OUT if name in source), None)
    skipped = int(_LEFT_OUT[subset] * FPS) if subset else 0
    return Row(source, start + skipped, end + skipped)
