"""The clips of several blocks in one file, piece by piece: nothing is copied or held in memory.

The bytes are those that safetensors writes for the same tensors; a test compares them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from moclip.datasets._block import PLACES, Block, placed

Run = tuple[Block, slice]
"""Clips of a block that follow each other."""

_TYPES = {torch.int64: "I64", torch.float64: "F64", torch.float32: "F32"}
"""In the order in which safetensors puts them; those of one type by name."""


@dataclass(frozen=True, eq=False)
class Joined:
    """Runs of clips of blocks of one skeleton and rate, one after the other."""

    runs: Sequence[Run]

    @cached_property
    def lengths(self) -> list[int]:
        """Frames of each clip."""
        return [n for block, clips in self.runs for n in block.lengths[clips]]

    @cached_property
    def starts(self) -> list[int]:
        """First frame of each clip."""
        return self._tensors["starts"][0].tolist()

    @cached_property
    def _tensors(self) -> dict[str, list[Tensor]]:
        """The pieces of each tensor, all in the order of the file."""
        runs = [block.run(clips) for block, clips in self.runs]
        named = {name: [run[name] for run in runs] for name in runs[0] if name not in PLACES}
        named |= {name: [t] for name, t in placed(torch.tensor(self.lengths)).items()}
        order = list(_TYPES)
        return dict(
            sorted(named.items(), key=lambda item: (order.index(item[1][0].dtype), item[0]))
        )

    def pieces(self) -> Iterator[bytes | memoryview]:
        """The whole file."""
        yield self._header()
        for tensors in self._tensors.values():
            yield from (_bytes(tensor) for tensor in tensors if tensor.numel())

    def _header(self) -> bytes:
        facts: dict[str, object] = {"__metadata__": {"moclip": ""}}
        end = 0
        for name, tensors in self._tensors.items():
            start, end = end, end + sum(tensor.nbytes for tensor in tensors)
            facts[name] = {
                "dtype": _TYPES[tensors[0].dtype],
                "shape": [sum(map(len, tensors)), *tensors[0].shape[1:]],
                "data_offsets": [start, end],
            }
        text = json.dumps(facts, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        return len(text).to_bytes(8, "little") + text


def _bytes(tensor: Tensor) -> memoryview:
    return tensor.contiguous().numpy().data.cast("B")
