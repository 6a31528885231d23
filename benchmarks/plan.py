"""What a data set of a size costs: bytes, hours and index, by arithmetic on measured rates.

Examples:
  python -m benchmarks.plan
  python -m benchmarks.plan --check 20000

``--check`` writes an index of so many made-up clips and compares its size with the forecast.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

FPS, JOINTS, DIM = 20, 22, 384
_HEAD = (
    "data",
    "clips",
    "joints, GB",
    "prepare, h",
    "compact, h",
    "paper's size, h",
    "encode, h",
    "index, GB",
)
ENTRY = 175
"""Bytes of JSON that an index keeps of a clip: a path of 40 letters, twice, and its seconds."""


@dataclass(frozen=True)
class Rates:
    """Clips a second, of 142 frames; see docs/benchmarks.md for command, machine and date."""

    prepare: float = 442.0
    """Files, two processes."""
    compact: tuple[float, float] = (83.9, 31.8)
    """Training steps of the two phases, two cores, in fp32."""
    paper: tuple[float, float] = (3.06, 3.59)
    """The same at the paper's size, in bf16 (AMX)."""
    encode: float = 174.0
    """Compact, one thread."""


@dataclass(frozen=True)
class Plan:
    """A data set and 35 + 15 epochs on it."""

    name: str
    clips: int
    seconds: float
    """Mean length of a clip."""
    epochs: tuple[int, int] = (35, 15)

    @property
    def frames(self) -> float:
        return self.seconds * FPS

    @property
    def gigabytes(self) -> float:
        """Of joints in single precision."""
        return self.clips * self.frames * JOINTS * 3 * 4 / 1e9

    @property
    def index_gigabytes(self) -> float:
        """Vectors and what they stand for."""
        return self.clips * (DIM * 4 + ENTRY) / 1e9

    def training_hours(self, rates: tuple[float, float]) -> float:
        """Both phases; a clip's cost grows with its frames."""
        spent = sum(n / rate for n, rate in zip(self.epochs, rates, strict=True))
        return self.clips * spent * (self.frames / 142) / 3600

    def hours(self, rate: float) -> float:
        """Of work that goes over all clips once."""
        return self.clips / rate * (self.frames / 142) / 3600


PLANS = (
    Plan("HumanML3D", 29_232, 7.1),
    Plan("Motion-X", 81_084, 6.4),
    Plan("10 million clips", 10_000_000, 7.1),
)


def lines(rates: Rates) -> list[str]:
    """The table of docs/scale.md."""
    made = [
        f"| {' | '.join(_HEAD)} |",
        f"|{'---|' * len(_HEAD)}",
    ]
    for plan in PLANS:
        figures = (
            plan.gigabytes,
            plan.hours(rates.prepare),
            plan.training_hours(rates.compact),
            plan.training_hours(rates.paper),
            plan.hours(rates.encode),
            plan.index_gigabytes,
        )
        told = " | ".join(
            f"{figure:,.3g}" if figure < 100 else f"{figure:,.0f}" for figure in figures
        )
        made.append(f"| {plan.name} | {plan.clips:,} | {told} |")
    return made


def check(count: int) -> tuple[int, float]:
    """Bytes of an index of made-up clips, and those forecast."""
    import torch

    from moclip.tasks.retrieval import Entry, Index

    vectors = torch.nn.functional.normalize(torch.randn(count, DIM), dim=-1)
    entries = []
    for number in range(count):
        path = f"library/part-{number // 1000:05}/clip-{number:08}.npz"
        entries.append(Entry(f"{path}#0.00-7.10", path, 0.0, 7.1))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "made-up.index"
        Index(vectors, tuple(entries), "0" * 64).save(place)
        return place.stat().st_size, Plan("", count, 7.1).index_gigabytes * 1e9


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", type=int, metavar="CLIPS")
    args = parser.parse_args()
    print("\n".join(lines(Rates())))
    if args.check:
        found, forecast = check(args.check)
        print(f"index of {args.check} clips: {found} bytes, forecast {forecast:.0f}")


if __name__ == "__main__":
    main()
