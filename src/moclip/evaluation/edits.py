"""Does latent arithmetic move style and keep content? Judged by a recogniser of real motion.

``walk, neutral + (run, elderly - run, neutral)`` should be read as an elderly walk. All such sums
are made that the clips allow: a base and another content, both in the neutral style, and the other
content in a target style (MotionCLIP, section 4.2, does this by eye).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.evaluator.own import Evaluator
from moclip.motion import CaptionedMotion

_CHUNK = 64


@dataclass(frozen=True)
class Sum:
    """Numbers of the clips of ``base + end - start``, and what should come of it."""

    base: int
    start: int
    end: int
    content: str
    style: str


@dataclass(frozen=True)
class Verdict:
    """What the recogniser read, over all sums."""

    sums: int
    content: float
    """Percent read as the base's content."""
    style: float
    """Percent read as the target style."""
    both: float
    kept: float
    """Percent still read as the neutral style: the edit did nothing."""
    by_style: dict[str, tuple[int, float, float]]
    """For each target style: sums, percent right in content, in style."""
    by_content: dict[str, tuple[int, float, float]]
    """For each base content the same."""


def sums(
    clips: Sequence[CaptionedMotion], *, neutral: str = "normal", most: int | None = None
) -> list[Sum]:
    """All sums of clips with the labels ``content`` and ``style``, one clip for each pair of them.

    ``most`` leaves an even choice of so many. Raises ``ValueError`` when there are none.
    """
    first: dict[tuple[str, str], int] = {}
    for number, clip in enumerate(clips):
        if {"content", "style"} <= clip.labels.keys():
            first.setdefault((clip.labels["content"], clip.labels["style"]), number)
    found = list(_all(first, neutral))
    if not found:
        raise ValueError(
            f"no two contents share the style '{neutral}' and another one, so nothing can be edited"
        )
    if most is None or len(found) <= most:
        return found
    return [found[i * len(found) // most] for i in range(most)]


def _all(first: dict[tuple[str, str], int], neutral: str) -> Iterator[Sum]:
    plain = sorted(content for content, style in first if style == neutral)
    for content in plain:
        for other, style in sorted(first):
            if other in plain and other != content and style != neutral:
                numbers = (first[content, neutral], first[other, neutral], first[other, style])
                yield Sum(*numbers, content, style)


@torch.no_grad()
def judge(
    model: MotionCLIP,
    recogniser: Evaluator,
    clips: Sequence[CaptionedMotion],
    wanted: Sequence[Sum],
    *,
    scale: float = 1.0,
    neutral: str = "normal",
) -> Verdict:
    """Makes every sum, as long as its base, and asks the recogniser what it shows."""
    vectors = model.encode_motion([clip.motion for clip in clips])
    read: list[tuple[str, str]] = []
    for at in range(0, len(wanted), _CHUNK):
        chunk = wanted[at : at + _CHUNK]
        base, start, end = (
            vectors[[getattr(one, part) for one in chunk]] for part in ("base", "start", "end")
        )
        seconds = [clips[one.base].motion.duration for one in chunk]
        made = [m.to("cpu") for m in model.decode(base + scale * (end - start), seconds)]
        told = (recogniser.recognise(made, kind) for kind in ("content", "style"))
        read += [(next(iter(c)), next(iter(s))) for c, s in zip(*told, strict=True)]
    return _verdict(wanted, read, neutral)


def _verdict(wanted: Sequence[Sum], read: Sequence[tuple[str, str]], neutral: str) -> Verdict:
    rows = [
        (one, content == one.content, style == one.style, style == neutral)
        for one, (content, style) in zip(wanted, read, strict=True)
    ]

    def by(part: str) -> dict[str, tuple[int, float, float]]:
        names = sorted({getattr(one, part) for one, *_ in rows})
        groups = {name: [r for r in rows if getattr(r[0], part) == name] for name in names}
        return {
            name: (len(own), _percent(r[1] for r in own), _percent(r[2] for r in own))
            for name, own in groups.items()
        }

    return Verdict(
        sums=len(rows),
        content=_percent(row[1] for row in rows),
        style=_percent(row[2] for row in rows),
        both=_percent(row[1] and row[2] for row in rows),
        kept=_percent(row[3] for row in rows),
        by_style=by("style"),
        by_content=by("content"),
    )


def _percent(right: Iterator[bool]) -> float:
    found = list(right)
    return 100 * sum(found) / len(found)
