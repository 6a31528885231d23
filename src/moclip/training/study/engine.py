"""Cells of a study: measured on as many processes as are wanted, kept, never measured twice."""

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from pydantic import BaseModel
from tqdm import tqdm

from moclip.files import give_usual_rights, read_bounded, write_atomically
from moclip.training.study._workers import Backend, each

_log = logging.getLogger(__name__)


class Cell(BaseModel, frozen=True, extra="forbid"):
    """What tells one cell from another: plain values, which are also columns of the report."""


C = TypeVar("C", bound=Cell)
Measure = Callable[[C, Path], Mapping[str, Any]]
"""Plain values of a cell. Large files go into the folder it is given, which is empty; whole or not
at all, they appear at :meth:`Study.place`. Other processes call it too: a function of a module, or
a ``partial`` of one."""


@dataclass(frozen=True)
class Study(Generic[C]):
    """Cells and how they are measured."""

    name: str
    cells: Sequence[C]
    measure: Measure[C]
    about: Mapping[str, Any]
    """All else that decides what a cell gives: the recipe, the identity of the data, and a version
    of ``measure``, which goes up when it would give something else. Plain values."""

    def digest(self, cell: C) -> str:
        """Of a cell and of all that decides what it gives."""
        parts = [self.name, dict(self.about), cell.model_dump(mode="json")]
        return hashlib.sha256(_plain(parts).encode()).hexdigest()[:24]

    def file(self, out: Path, cell: C) -> Path:
        """Where the result of a cell is kept."""
        return out / "cells" / f"{self.digest(cell)}.json"

    def place(self, out: Path, cell: C) -> Path:
        """Where the files of a cell are."""
        return out / "made" / self.digest(cell)

    def result(self, out: Path, cell: C) -> dict[str, Any] | None:
        """What was measured of a cell before; ``None`` where it was not, or the file is damaged."""
        path = self.file(out, cell)
        if not path.exists():
            return None
        try:
            found = json.loads(read_bounded(path))
            same = found["cell"] == cell.model_dump(mode="json")
            result: dict[str, Any] = found["result"]
        except (ValueError, KeyError, TypeError):
            same = False
        if not same:
            _log.warning("%s is damaged, so its cell is measured anew", path)
            return None
        return result


def run(
    study: Study[C],
    out: Path,
    *,
    jobs: int = 1,
    backend: Backend = "loky",
    address: str | None = None,
    progress: bool = False,
) -> list[dict[str, Any]]:
    """A row a cell, in their order: its own values and what was measured.

    What ``out`` holds already is not measured again, so a study that was stopped, by control-C or a
    kill, goes on where it was. ``jobs`` are processes; each cell has one thread, so their number
    makes no difference to any figure. ``ray`` takes those of a cluster (``address``; a local one if
    absent) that share the disk of ``out``. Raises what ``measure`` raises.
    """
    out = out.absolute()
    shutil.rmtree(out / "work", ignore_errors=True)  # of a run that was killed
    todo = [cell for cell in study.cells if study.result(out, cell) is None]
    bar = tqdm(
        total=len(study.cells),
        initial=len(study.cells) - len(todo),
        desc=study.name,
        unit="cell",
        disable=not progress,
    )
    work = partial(_keep, study, out)
    with bar, each(work, todo, jobs=jobs, backend=backend, address=address) as done:
        for _ in done:
            bar.update()
    results = [study.result(out, cell) for cell in study.cells]
    assert None not in results, "a cell that was measured is not there"
    return [
        cell.model_dump(mode="json") | (result or {})
        for cell, result in zip(study.cells, results, strict=True)
    ]


def _keep(study: Study[C], out: Path, cell: C) -> None:
    """Measures a cell; its files come to their place first, its result last."""
    work = out / "work"
    work.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=work))
    try:
        result = _in_one_thread(study.measure, cell, scratch)
        if any(scratch.iterdir()):
            place = study.place(out, cell)
            shutil.rmtree(place, ignore_errors=True)
            place.parent.mkdir(exist_ok=True)
            give_usual_rights(scratch)
            scratch.rename(place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    kept = {"cell": cell.model_dump(mode="json"), "result": dict(result)}
    write_atomically(study.file(out, cell), (_plain(kept) + "\n").encode())


def _in_one_thread(measure: Measure[C], cell: C, place: Path) -> Mapping[str, Any]:
    """Sums differ in their last bits with the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return measure(cell, place)
    finally:
        torch.set_num_threads(before)


def _plain(value: Any) -> str:
    """The one way to write it; not-a-number has no place in JSON and is an error of the study."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
