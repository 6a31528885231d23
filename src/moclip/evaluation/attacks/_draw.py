"""Random choices that follow from a seed and a text alone, the same on every machine."""

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """Built on ``random.random`` alone, the one method whose numbers Python promises to keep."""

    def __init__(self, seed: int, text: str) -> None:
        digest = hashlib.sha256(f"{seed}\n{text}".encode("utf-8", "surrogatepass")).digest()
        self._next = random.Random(int.from_bytes(digest)).random

    def number(self) -> float:
        """Between 0 and 1, 1 left out."""
        return self._next()

    def pick(self, items: Sequence[T]) -> T:
        """One of them."""
        return items[int(self._next() * len(items))]

    def order(self, items: Sequence[T]) -> list[T]:
        """All of them, shuffled."""
        keys = [self._next() for _ in items]
        return [items[i] for i in sorted(range(len(items)), key=keys.__getitem__)]

    def count(self, share: float, of: int) -> int:
        """``share * of``, rounded up or down at random so that the mean is exact.

        Drawn first, it makes what a stronger attack changes contain what a weaker one does.
        """
        return min(of, int(share * of + self._next()))
