"""What an evaluation finds: figures with their intervals, and how they are told."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

DIRECTIONS = ("motion->text", "text->motion")


@dataclass(frozen=True)
class Figure:
    """A measured value with its 95 % interval; shares in percent, ranks from 1."""

    value: float
    low: float | None = None
    """Lower and upper end of the interval; ``None`` where none was asked for, or none is known."""
    high: float | None = None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.1f}"
        return f"{self.value:.1f} ({self.low:.1f}..{self.high:.1f})"


@dataclass(frozen=True)
class Report:
    """Retrieval in both directions under one protocol and, where clips have labels, recognition."""

    protocol: str
    clips: int
    captions: int
    """In the gallery, repeated strings counted as often as they occur."""
    retrieval: Mapping[str, Mapping[str, Figure]]
    """Direction, then ``R@1`` .. ``R@10`` in percent and ``MedR``."""
    recognition: Mapping[str, Mapping[str, Figure]] = field(default_factory=dict)
    """Label kind, then ``top-1``, ``top-5`` and ``balanced top-1`` in percent."""

    def summary(self) -> dict[str, float]:
        """Flat: ``R@1`` (mean of both directions), ``motion->text R@5``, ``style top-1``."""
        directions = [self.retrieval[direction]["R@1"].value for direction in DIRECTIONS]
        flat = {"R@1": sum(directions) / len(directions)}
        for part in (self.retrieval, self.recognition):
            for group, figures in part.items():
                flat |= {f"{group} {name}": figure.value for name, figure in figures.items()}
        return flat

    def to_dict(self) -> dict[str, object]:
        """Plain dictionaries and numbers, fit for JSON."""
        return asdict(self) | {"summary": self.summary()}

    def table(self) -> str:
        """Plain text: a line a direction, then a line a kind of label."""
        head = f"protocol {self.protocol}: {self.clips} clips, {self.captions} captions"
        parts = [grid("retrieval, %", self.retrieval)]
        if self.recognition:
            parts.append(grid("recognition, %", self.recognition))
        return "\n\n".join((head, *parts))


def grid(title: str, rows: Mapping[str, Mapping[str, object]]) -> str:
    """Plain text: a line a row, numbers to the right; all rows have the figures of the first."""
    names = list(next(iter(rows.values())))
    lines = [[title, *names]]
    lines += [[row, *(str(figures[name]) for name in names)] for row, figures in rows.items()]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])])
        for line in lines
    )
