"""A model that makes motion from words, by the protocol of the field (Guo et al., CVPR 2022).

Every clip of a split is made anew in each repeat, from one of its captions drawn at random and as
long as the clip is. Beside it stand the same figures of the real clips: what a perfect generator
would have. Distances of real motion from itself are taken between two random halves, so of half as
many samples, which biases FID upwards; KID and FID inf have no such bias.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from tqdm import tqdm

from moclip import catalog
from moclip.evaluation import metrics, repeats
from moclip.evaluation._resumed import Kept
from moclip.evaluation.figures import Figure, grid
from moclip.evaluation.judges import Judge, Seen
from moclip.evaluation.makers import Maker
from moclip.evaluation.metrics import Quantity, Sample
from moclip.evaluation.metrics.speed import mean_speed
from moclip.models.generator.sampling import seed_of
from moclip.motion import CaptionedMotion, Motion

Row = dict[str, dict[str, float]]
"""One repeat: ``generated`` and ``real``, then figures by the name of their quantity."""
_SPEED = "speed of "
_BY_NAME = {
    "speed": Quantity("speed", "m/s", "real"),
    "accuracy": Quantity("accuracy", "%", "higher"),
}
"""What is told of parts of the clips, whose names come from the data."""
FEWEST = 20
"""Clips: two halves of them are as many as the curve of FID inf takes."""


@dataclass(frozen=True)
class Plan:
    """How an evaluation is done."""

    repeats: int = repeats.REPEATS
    seed: int = 0
    prompts: int = 20
    """Clips of each repeat for MultiModality, 0 to leave it out. The field takes 100; that there
    are fewer makes no difference to what is expected of the mean over all repeats."""
    generations: int = 10
    """Motions for each of those; the field takes 30, and again the mean is the same."""
    by: str | None = None
    """A kind of labels: the speed of the joints is then told for each of its values too."""


@dataclass(frozen=True)
class Report:
    """All repeats, and what comes of them."""

    clips: int
    pool: int
    """Captions among which a motion's own is looked for."""
    rows: tuple[Row, ...]

    def figures(self, whose: str) -> dict[str, Figure]:
        """Means and 95 % intervals over the repeats, of ``generated`` or ``real``."""
        return repeats.summarised([row[whose] for row in self.rows])

    def to_dict(self) -> dict[str, object]:
        """Plain dictionaries and numbers, fit for JSON."""
        found = {
            whose: {name: asdict(figure) for name, figure in self.figures(whose).items()}
            for whose in ("generated", "real")
        }
        return {"clips": self.clips, "pool": self.pool, **found, "rows": list(self.rows)}

    def table(self) -> str:
        """Plain text: a line a quantity, generated motion beside real."""
        made, real = self.figures("generated"), self.figures("real")
        known = metrics.quantities()
        lines = {}
        for name, figure in made.items():
            quantity = known.get(name, _BY_NAME["speed" if name.startswith(_SPEED) else "accuracy"])
            unit = f"{name}, {quantity.unit}" if quantity.unit else name
            better = "as real" if quantity.better == "real" else quantity.better
            bound = told(real[name]) if name in real else "-"
            lines[unit] = {"generated": told(figure), "real": bound, "better": better}
        count = f"{self.clips} clips, {len(self.rows)} repeats, pools of {self.pool}"
        return f"{count}\n\n{grid('mean and 95 % interval', lines)}"


def told(figure: Figure) -> str:
    """With about three digits that matter."""
    size = abs(figure.value)
    if figure.low == figure.high:  # the same in all repeats
        figure = Figure(figure.value)
    digits = 1 if size >= 100 else 2 if size >= 10 else 3 if size >= 0.01 else 5
    return repeats.told(figure, digits)


def evaluate(
    maker: Maker,
    judge: Judge,
    clips: Sequence[CaptionedMotion],
    plan: Plan | None = None,
    *,
    out: Path | None = None,
    about: Mapping[str, object] | None = None,
    progress: bool = False,
) -> Report:
    """Measures all repeats; those that ``out`` holds of the same evaluation are not done again.

    ``out`` is written after every repeat, with what it is ``about``. Raises ``ValueError`` for
    fewer than 20 clips.
    """
    plan = plan or Plan()
    task = Task.of(maker, judge, clips, plan)
    kept = Kept(out, task.key())
    rows: list[Row] = kept.rows()[: plan.repeats]
    for number in tqdm(
        range(len(rows), plan.repeats),
        desc="repeats",
        initial=len(rows),
        total=plan.repeats,
        disable=not progress,
    ):
        rows.append(task.repeat(number))
        kept.write(dict(about or {}) | task.report(rows).to_dict())
    return task.report(rows)


@dataclass(frozen=True, eq=False)
class Task:
    """The real clips as they are judged, and who makes others in their stead."""

    maker: Maker
    judge: Judge
    clips: Sequence[CaptionedMotion]
    """No longer than the maker can make."""
    plan: Plan
    real: Seen
    fixed: dict[str, float]
    """Of the real clips: what no chance has a part in."""

    @classmethod
    def of(cls, maker: Maker, judge: Judge, clips: Sequence[CaptionedMotion], plan: Plan) -> "Task":
        """Raises ``ValueError`` for too few clips or repeats, or labels that no clip has."""
        if len(clips) < FEWEST:
            raise ValueError(f"{len(clips)} clips came, an evaluation takes at least {FEWEST}")
        if plan.repeats < 1:
            raise ValueError(f"{plan.repeats} repeats came, wanted at least 1")
        if plan.prompts and plan.generations < 2:
            raise ValueError(f"{plan.generations} generations came, MultiModality takes at least 2")
        kinds = sorted({kind for clip in clips for kind in clip.labels})
        if plan.by is not None and plan.by not in kinds:
            raise ValueError(f"no clip has a label '{plan.by}', there are: {', '.join(kinds)}")
        short = [_within(clip, maker.longest) for clip in clips]
        motions = [clip.motion for clip in short]
        own = metrics.measure(
            Sample(motions=motions), torch.Generator(), names=_that_need("motions")
        )
        seen = judge.see(motions)
        own |= _accuracy(seen, short) | _speeds(motions, short, plan.by)
        return cls(maker, judge, short, plan, seen, own)

    @property
    def pool(self) -> int:
        return min(32, len(self.clips))

    def report(self, rows: Sequence[Row]) -> Report:
        return Report(len(self.clips), self.pool, tuple(rows))

    def key(self) -> str:
        """What two evaluations share that may be put together; the number of repeats is not."""
        clips = [(clip.id, clip.captions, clip.labels, _seen(clip.motion)) for clip in self.clips]
        parts = [self.maker.key(), self.judge.key(), clips, asdict(replace(self.plan, repeats=1))]
        return f"{seed_of(json.dumps(parts)):x}"

    def repeat(self, number: int) -> Row:
        """Depends on the plan's seed and ``number`` alone."""
        draw = torch.Generator().manual_seed(self.plan.seed + number)
        captions = [_one_of(clip.captions, draw) for clip in self.clips]
        seeds = [seed_of(self.plan.seed, number, clip.id) for clip in self.clips]
        seconds = [clip.motion.duration for clip in self.clips]
        made = self.maker.motions(captions, seconds, seeds)
        seen, text = self.judge.see(made), self.judge.read(captions)
        sample = Sample(
            real=self.real.vectors,
            generated=seen.vectors,
            text=text,
            variants=self._variants(captions, number, draw) if self.plan.prompts else None,
            motions=made,
            pool=self.pool,
        )
        found = metrics.measure(sample, draw) | _accuracy(seen, self.clips)
        found |= _speeds(made, self.clips, self.plan.by)
        return {"generated": _finite(found), "real": _finite(self._bound(text, draw))}

    def _bound(self, text: torch.Tensor, draw: torch.Generator) -> dict[str, float]:
        """The same of real motion."""
        vectors, half = self.real.vectors, len(self.clips) // 2
        order = torch.randperm(len(vectors), generator=draw)
        split = Sample(real=vectors[order[:half]], generated=vectors[order[half : 2 * half]])
        whole = Sample(generated=vectors, text=text, pool=self.pool)
        distances = metrics.measure(split, draw, names=_that_need("real"))
        return distances | metrics.measure(whole, draw) | self.fixed

    def _variants(
        self, captions: Sequence[str], number: int, draw: torch.Generator
    ) -> torch.Tensor:
        """Features of several motions for each of some prompts."""
        some = torch.randperm(len(self.clips), generator=draw)[: self.plan.prompts].tolist()
        asked = [at for at in some for _ in range(self.plan.generations)]
        seeds = [seed_of(self.plan.seed, number, "variant", i) for i in range(len(asked))]
        spans = [self.clips[at].motion.duration for at in asked]
        made = self.maker.motions([captions[at] for at in asked], spans, seeds)
        return self.judge.see(made).vectors.unflatten(0, (len(some), -1))


def _seen(motion: Motion) -> str:
    """Of all that is measured of a motion."""
    joints = motion.joints.contiguous().cpu().numpy().tobytes()
    return hashlib.sha256(joints + f"{motion.fps}".encode()).hexdigest()


def _within(clip: CaptionedMotion, longest: float) -> CaptionedMotion:
    if clip.motion.duration <= longest:
        return clip
    return replace(clip, motion=clip.motion.cut(0.0, longest))


def _one_of(captions: Sequence[str], draw: torch.Generator) -> str:
    return captions[int(torch.randint(len(captions), (), generator=draw))]


def _that_need(part: str) -> list[str]:
    """Metrics that look at this part of a sample."""
    folder = "evaluation.metrics"
    return [n for n in catalog.names(folder) if part in catalog.load(folder, n, "NEEDS")]


def _accuracy(seen: Seen, clips: Sequence[CaptionedMotion]) -> dict[str, float]:
    """Percent read as the label of the clip that the caption is of, for labels all clips have."""
    found = {}
    for kind, read in seen.labels.items():
        if all(kind in clip.labels for clip in clips):
            right = sum(told == clip.labels[kind] for told, clip in zip(read, clips, strict=True))
            found[f"{kind} accuracy"] = 100 * right / len(clips)
    return found


def _speeds(
    motions: Sequence[Motion], clips: Sequence[CaptionedMotion], kind: str | None
) -> dict[str, float]:
    """Mean speed of the joints of all clips that share a label of this kind, in m/s."""
    groups: dict[str, list[Motion]] = {}
    for motion, clip in zip(motions, clips, strict=True):
        if kind is not None and kind in clip.labels:
            groups.setdefault(clip.labels[kind], []).append(motion)
    return {f"{_SPEED}{value}": mean_speed(groups[value]) for value in sorted(groups)}


def _finite(figures: dict[str, float]) -> dict[str, float]:
    """Without what cannot be told of these motions, such as how feet slide of who floats."""
    return {name: value for name, value in figures.items() if math.isfinite(value)}
