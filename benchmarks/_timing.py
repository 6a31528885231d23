"""Two ways of doing the same, timed in turns."""

import datetime
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """What was measured, and against what."""

    name: str
    reference: str
    """The other way, in words."""
    amount: int
    unit: str
    """What ``amount`` counts."""
    seconds: float
    """For ``amount``, ours."""
    reference_seconds: float
    bar: float | None = None
    """The least ratio we promise."""

    @property
    def ratio(self) -> float:
        """How many times faster than the reference."""
        return self.reference_seconds / self.seconds

    @property
    def holds(self) -> bool | None:
        """Whether the bar is reached; ``None`` where there is none."""
        return None if self.bar is None else self.ratio >= self.bar

    def to_dict(self) -> dict[str, Any]:
        """All of it, with the ratio, and amounts per second of both."""
        return asdict(self) | {
            "ratio": self.ratio,
            "per_second": self.amount / self.seconds,
            "reference_per_second": self.amount / self.reference_seconds,
            "holds": self.holds,
        }


def alternate(ways: Sequence[Work], *, repeats: int, warm_up: bool = True) -> list[float]:
    """Median seconds of each; they take turns, so that a slow minute of the machine hits all."""
    if warm_up:
        for work in ways:
            work()
    spent: list[list[float]] = [[] for _ in ways]
    for _ in range(repeats):
        for work, seconds in zip(ways, spent, strict=True):
            started = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - started)
    return [statistics.median(seconds) for seconds in spent]


def has_amx() -> bool:
    """Whether the processor multiplies bf16 matrices in hardware."""
    return bool(torch.cpu._is_amx_tile_supported())


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "amx": has_amx(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def _processor() -> str:
    """Linux names the model in a file; elsewhere the platform's own word must do."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
