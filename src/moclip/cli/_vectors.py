"""Captions and motion files as vectors: block by block, in this process or in several."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from moclip.cli import _inputs, _model
from moclip.cli._device import Device
from moclip.cli._inputs import Input
from moclip.curation.pool import Backend, shared_out

if TYPE_CHECKING:
    from moclip.models.two_tower import MoCLIP

Vectors = Float[ndarray, "input dim"]
Block = tuple[int, list[Input]]
"""Inputs that follow each other, and the number of the first."""

_BLOCK = 256
"""Inputs that are read and encoded together: a library need not fit in memory."""
_TURNS = 4
"""Blocks that each process gets at least, so that all end at about the same time."""


@dataclass(frozen=True)
class Work:
    """What a process does with each block; any process of a machine that sees the same disk."""

    model: str
    device: Device
    skeleton_file: Path | None
    threads: int | None
    """That torch may use; as many as it likes if ``None``."""

    def __call__(self, block: Block) -> tuple[int, Vectors]:
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        first, items = block
        return first, self._vectors(items).numpy()

    @torch.inference_mode()
    def _vectors(self, items: Sequence[Input]) -> Float[torch.Tensor, "input dim"]:
        model = _opened(self.model, self.device)
        paths = [item.text for item in items if item.is_motion]
        captions = [item.text for item in items if not item.is_motion]
        vectors = torch.empty(len(items), model.dim)
        is_motion = torch.tensor([item.is_motion for item in items])
        if paths:
            motions = _inputs.motions(paths, self.skeleton_file)
            vectors[is_motion] = model.encode_motion(motions).float().cpu()
        if captions:
            vectors[~is_motion] = model.encode_text(captions).float().cpu()
        return vectors


def encoded(
    items: Sequence[Input],
    model: str,
    *,
    device: Device = "auto",
    skeleton_file: Path | None = None,
    jobs: int | None = 1,
    backend: Backend = "loky",
    address: str | None = None,
) -> Vectors:
    """One unit vector a row, in the order of the inputs.

    One job works in this process, with all threads; several have one thread each. Raises what
    reading and encoding raise, and ``ValueError`` for a backend that is not installed.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}, wanted at least 1")
    alone = jobs == 1 and backend == "loky"
    body = skeleton_file and skeleton_file.absolute()
    work = Work(_place(model), device, body, None if alone else 1)
    blocks = _blocks(items, _BLOCK if alone else _size(len(items), jobs))
    with shared_out(work, blocks, jobs=jobs, backend=backend, address=address) as results:
        rows = dict(results)
    _opened.cache_clear()
    return np.concatenate([rows[first] for first in sorted(rows)])


def _size(count: int, jobs: int | None) -> int:
    """Inputs of a block where several processes share them."""
    return min(_BLOCK, math.ceil(count / (_TURNS * (jobs or _TURNS))))


def _blocks(items: Sequence[Input], size: int) -> list[Block]:
    there = [replace(item, text=_place(item.text)) if item.is_motion else item for item in items]
    if not there:  # a rank with nothing to do still tells how wide vectors are
        return [(0, there)]
    return [(at, there[at : at + size]) for at in range(0, len(there), size)]


def _place(path: str) -> str:
    """Absolute where it is on this disk, for processes may stand in another folder."""
    return str(Path(path).absolute()) if Path(path).exists() else path


@cache
def _opened(model: str, device: Device) -> "MoCLIP":
    return _model.load(model, device)
