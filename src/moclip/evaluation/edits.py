"""Does latent arithmetic move style and keep content? Judged by a recogniser of real motion.

``walk, neutral + (run, elderly - run, neutral)`` should be read as an elderly walk. All such sums
are made that the clips allow: a base and another content, both in the neutral style, and the other
content in a target style (MotionCLIP, section 4.2, does this by eye).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from moclip.evaluation.figures import grid
from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.evaluator.own import Evaluator
from moclip.motion import CaptionedMotion, Motion
from moclip.tasks.latents import SCALE

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

    def table(self) -> str:
        """Plain text: all sums, then by target style and by base content."""
        head = f"{self.sums} sums; {self.kept:.1f} % are still read as the neutral style"
        every = {"all": _shown(self.sums, self.content, self.style) | {"both": f"{self.both:.1f}"}}
        parts = [head, grid("edited, % read as wanted", every)]
        for title, groups in (("target style", self.by_style), ("base content", self.by_content)):
            parts.append(grid(title, {name: _shown(*found) for name, found in groups.items()}))
        return "\n\n".join(parts)


@dataclass(frozen=True)
class Reading:
    """What the recogniser makes of motions whose labels are known, in percent."""

    content: float
    style: float
    both: float


def _shown(sums: int, content: float, style: float) -> dict[str, str]:
    return {"sums": str(sums), "content": f"{content:.1f}", "style": f"{style:.1f}"}


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
    scale: float = SCALE,
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
        read += _read(recogniser, made)
    return _verdict(wanted, read, neutral)


@torch.no_grad()
def bounds(
    model: MotionCLIP, recogniser: Evaluator, clips: Sequence[CaptionedMotion]
) -> Mapping[str, Reading]:
    """The clips that have both labels, as they are and ``rebuilt``: no edit can be read better.

    Raises ``ValueError`` where none has both.
    """
    labelled = [clip for clip in clips if {"content", "style"} <= clip.labels.keys()]
    if not labelled:
        raise ValueError("no clip has the labels 'content' and 'style'")
    motions = [clip.motion for clip in labelled]
    rebuilt: list[Motion] = []
    for at in range(0, len(motions), _CHUNK):
        chunk = motions[at : at + _CHUNK]
        made = model.decode(model.encode_motion(chunk), [motion.duration for motion in chunk])
        rebuilt += [motion.to("cpu") for motion in made]
    return {
        "real clips": _reading(recogniser, motions, labelled),
        "rebuilt clips": _reading(recogniser, rebuilt, labelled),
    }


def _reading(
    recogniser: Evaluator, motions: Sequence[Motion], clips: Sequence[CaptionedMotion]
) -> Reading:
    pairs = [
        (content == clip.labels["content"], style == clip.labels["style"])
        for (content, style), clip in zip(_read(recogniser, motions), clips, strict=True)
    ]
    return Reading(
        _percent(content for content, _ in pairs),
        _percent(style for _, style in pairs),
        _percent(content and style for content, style in pairs),
    )


def _read(recogniser: Evaluator, motions: Sequence[Motion]) -> list[tuple[str, str]]:
    """Content and style of each."""
    told = (recogniser.recognise(motions, kind) for kind in ("content", "style"))
    return [(next(iter(c)), next(iter(s))) for c, s in zip(*told, strict=True)]


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
