"""Several processes that work on one thing, as torchrun and accelerate start them.

Each does its share of the items, every ``count``-th of them, and what is made of all shares is
known to all. One process alone is a rank of one, and nothing is sent anywhere.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")

_BUCKET = 2**24
"""Numbers that are sent at a time: many small messages would each wait for an answer."""


@dataclass(frozen=True)
class Ranks:
    """Which process this is, and of how many."""

    own: int = 0
    count: int = 1

    @classmethod
    def now(cls) -> "Ranks":
        """Those that have joined; one if none has."""
        if dist.is_available() and dist.is_initialized():
            return cls(dist.get_rank(), dist.get_world_size())
        return cls()

    @property
    def leads(self) -> bool:
        """Whether this one writes and prints."""
        return self.own == 0

    def numbers(self, count: int) -> list[int]:
        """Of ``count`` items those that are this rank's.

        All ranks have as many, so that they can wait for each other: the last item fills up.
        """
        return [
            min(at, count - 1) for at in range(self.own, count + self._missing(count), self.count)
        ]

    def share(self, items: Sequence[T]) -> list[T]:
        """This rank's items."""
        return [items[number] for number in self.numbers(len(items))]

    def together(self, own: Tensor, counts: Sequence[int]) -> Tensor:
        """Rows of all ranks in the order of the items.

        ``own`` has the rows of this rank's shares of ``counts`` items, one share after the other.
        Gradients flow: they are right if every rank computes the same loss from what it gets, and
        the gradients of weights are averaged afterwards.
        """
        if self.count == 1:
            return own
        sizes = [len(self.numbers(count)) for count in counts]
        gathered: Tensor = _Gathered.apply(own)
        parts = zip(gathered.split(sizes, dim=1), counts, strict=True)
        return torch.cat([part.transpose(0, 1).flatten(0, 1)[:count] for part, count in parts])

    def average(self, gradients: Iterable[Tensor]) -> None:
        """Means over all ranks, in place."""
        if self.count == 1:
            return
        for bucket in _buckets(gradients):
            flat = torch.cat([gradient.flatten() for gradient in bucket])
            dist.all_reduce(flat)
            flat /= self.count
            for gradient, mean in zip(bucket, flat.split([g.numel() for g in bucket]), strict=True):
                gradient.copy_(mean.view_as(gradient))

    def all_of(self, value: T) -> list[T]:
        """Every rank's value."""
        found: list[Any] = [value] * self.count
        if self.count > 1:
            dist.all_gather_object(found, value)
        return found

    def agreed(self, value: T) -> T:
        """The value of the rank that leads."""
        return self.all_of(value)[0]

    def wait(self) -> None:
        """Until all are here."""
        if self.count > 1:
            dist.barrier()

    def _missing(self, count: int) -> int:
        return -count % self.count


class _Gathered(torch.autograd.Function):
    """``own`` of all ranks, stacked.

    Backward needs no messages: the loss being the same everywhere, so is its gradient. It counts
    once for each rank, since gradients of weights are averaged.
    """

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        ctx.ranks = Ranks.now()
        own = own.contiguous()
        found = [torch.empty_like(own) for _ in range(ctx.ranks.count)]
        dist.all_gather(found, own)
        return torch.stack(found)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient[ctx.ranks.own] * ctx.ranks.count


def _buckets(tensors: Iterable[Tensor]) -> Iterable[list[Tensor]]:
    """Neighbours of one type together, up to the size of a message."""
    bucket: list[Tensor] = []
    size = 0
    for tensor in tensors:
        if bucket and (size + tensor.numel() > _BUCKET or tensor.dtype != bucket[0].dtype):
            yield bucket
            bucket, size = [], 0
        bucket.append(tensor)
        size += tensor.numel()
    if bucket:
        yield bucket


def started() -> int:
    """How many processes a launcher has started; 1 without one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def leads() -> bool:
    """Whether this process writes and prints, known before it has joined the others."""
    return int(os.environ.get("RANK", "0")) == 0


def join(device: str) -> Ranks:
    """Meets the other processes of the launcher, by NCCL on GPUs and by gloo elsewhere.

    Alone, or met already, it does nothing.
    """
    if started() > 1 and not dist.is_initialized():
        if device == "cuda":
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        dist.init_process_group("nccl" if device == "cuda" else "gloo")
    return Ranks.now()


def leave() -> None:
    """Parts from the others."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
