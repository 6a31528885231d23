"""What is in a data set or a folder of motion files, in numbers."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import joblib
import numpy as np
from tqdm import tqdm

from moclip import catalog, datasets
from moclip.datasets._plan import Clip, File, Plan
from moclip.motion import Motion

_CHUNK = 16
"""Files a process reads at a time."""
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_EDGES = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 60.0, math.inf)
"""Seconds between which clips are counted."""
_COMMON = 20
"""Of the most frequent words."""


@dataclass(frozen=True)
class Measured:
    """What is kept of a motion that was read."""

    seconds: float
    fps: float
    skeleton: str
    """Of a known body its name, else the number of its joints."""
    speed: float
    """Of the hips over the ground, mean in metres per second."""


def stats(name: str, *, jobs: int | None = None, **options: Any) -> dict[str, Any]:
    """Facts of a data set, all of them plain numbers, texts, lists and dictionaries.

    Every file is read, by ``jobs`` processes (all cores if ``None``). Times are seconds, speeds
    metres per second. Motions are counted as they stand in their files; ``unreadable`` says of
    which this was not possible. Raises as :func:`moclip.datasets.load` does.
    """
    plan = datasets.plan(name, **options)
    read = dict(_measured(name, options, plan, jobs))
    known = {clip: found for clip, found in read.items() if isinstance(found, Measured)}
    if not known:
        reasons = {**plan.unreadable, **read}
        first = next(iter(reasons.items()), ("", "there is none"))
        raise ValueError(f"data set '{name}' has no clip that can be read: {first[1]}")
    clips = [clip for clip in plan.clips() if clip.id in known]
    return {
        "data": name,
        "clips": len(clips),
        "hours": sum(found.seconds for found in known.values()) / 3600,
        "splits": _splits(clips, known),
        "seconds": spread([found.seconds for found in known.values()]),
        "durations": histogram([found.seconds for found in known.values()]),
        "fps": _counted(f"{found.fps:.4g}" for found in known.values()),
        "skeletons": _counted(found.skeleton for found in known.values()),
        "speeds": spread([found.speed for found in known.values()]),
        "captions": captions(clips),
        "labels": _labels(clips),
        "unreadable": {
            **plan.unreadable,
            **{clip: why for clip, why in read.items() if isinstance(why, str)},
        },
    }


def captions(clips: Sequence[Clip]) -> dict[str, Any]:
    """Captions of a clip, words of a caption, and which words there are (lower case)."""
    texts = [caption for clip in clips for caption in clip.captions]
    words = [_WORD.findall(text.lower()) for text in texts]
    count = Counter(word for sentence in words for word in sentence)
    return {
        "captions": len(texts),
        "different": len(set(texts)),
        "clips_without": sum(not clip.captions for clip in clips),
        "per_clip": spread([len(clip.captions) for clip in clips]),
        "words": spread([len(sentence) for sentence in words]),
        "vocabulary": len(count),
        "common_words": dict(count.most_common(_COMMON)),
    }


def spread(numbers: Sequence[float | int]) -> dict[str, float] | None:
    """Smallest, median, mean, 95th percentile and largest; ``None`` of nothing."""
    if not numbers:
        return None
    low, median, high, largest = np.percentile(numbers, (0, 50, 95, 100)).tolist()
    mean = float(np.mean(numbers))
    return {"min": low, "median": median, "mean": mean, "p95": high, "max": largest}


def histogram(seconds: Sequence[float]) -> list[dict[str, float | int | None]]:
    """Clips by duration, without empty ends; the last has no upper end when it is open."""
    counts = [sum(low <= value < high for value in seconds) for low, high in pairwise(_EDGES)]
    filled = [at for at, count in enumerate(counts) if count]
    return [
        {
            "from": _EDGES[at],
            "to": _EDGES[at + 1] if math.isfinite(_EDGES[at + 1]) else None,
            "clips": counts[at],
        }
        for at in range(min(filled, default=0), max(filled, default=-1) + 1)
    ]


def _measured(
    name: str, options: Mapping[str, Any], plan: Plan, jobs: int | None
) -> Iterator[tuple[str, Measured | str]]:
    chunks = [plan.files[at : at + _CHUNK] for at in range(0, len(plan.files), _CHUNK)]
    few = plan.ready or len(chunks) < 4
    with (
        joblib.parallel_config("loky", inner_max_num_threads=1),
        tqdm(total=len(plan.files), desc="reading", unit="file", disable=None) as bar,
    ):
        results = joblib.Parallel(1 if few else jobs or -1, return_as="generator")(
            joblib.delayed(_read)(name, dict(options), chunk) for chunk in chunks
        )
        for chunk, found in zip(chunks, results, strict=True):
            yield from found
            bar.update(len(chunk))


def _read(
    name: str, options: Mapping[str, Any], files: Sequence[File]
) -> list[tuple[str, Measured | str]]:
    chosen = datasets.options_of(name, dict(options))
    read = catalog.load("datasets", name, "read")(files, chosen)
    return [(clip, _measure(motion)) for clip, motion in read]


def _measure(motion: Motion | str) -> Measured | str:
    if isinstance(motion, str):
        return motion
    body = motion.skeleton
    skeleton = body.name if body.limbs else f"unknown, {len(body)} joints"
    return Measured(motion.duration, motion.fps, skeleton, _speed(motion))


def _speed(motion: Motion) -> float:
    """Of the middle of the hips where they are known: some roots stay at the origin."""
    if len(motion) < 2:
        return 0.0
    body = motion.skeleton
    hips = list(map(body.index, body.across[0])) if body.across else [0]
    middle = motion.joints[:, hips].mean(dim=1)
    steps = (middle[1:] - middle[:-1])[:, [0, 2]].norm(dim=-1)
    return float(steps.mean() * motion.fps)


def _splits(
    clips: Iterable[Clip], known: Mapping[str, Measured]
) -> dict[str, dict[str, float | int]]:
    found: dict[str, dict[str, float | int]] = {}
    for clip in clips:
        split = found.setdefault(clip.split, {"clips": 0, "hours": 0.0})
        split["clips"] += 1
        split["hours"] += known[clip.id].seconds / 3600
    return found


def _labels(clips: Iterable[Clip]) -> dict[str, dict[str, int]]:
    pairs = [(kind, label) for clip in clips for kind, label in clip.labels.items()]
    kinds = dict.fromkeys(kind for kind, _ in pairs)
    return {kind: _counted(label for k, label in pairs if k == kind) for kind in kinds}


def _counted(values: Iterable[str]) -> dict[str, int]:
    """The most frequent first, of equals the first by name."""
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))
