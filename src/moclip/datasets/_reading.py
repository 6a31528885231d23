"""Many files read on all cores, with a progress bar where someone watches."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import joblib
from tqdm import tqdm

from moclip import catalog
from moclip.datasets import _common
from moclip.datasets._cache import Clips, cached
from moclip.datasets._plan import File, Plan
from moclip.motion import CaptionedMotion, Motion

Item = TypeVar("Item")
Result = tuple[str, Motion | str]
"""A clip id with its motion, or with why there is none."""

_CHUNK = 32
"""Items a process reads at a time."""


def load(name: str, split: str, options: Any) -> list[CaptionedMotion]:
    """The canonical clips of a split, in the order of the plan.

    What cannot be read is left out, named and counted in the log. Raises ``ValueError`` when it is
    all there is.
    """
    _common.check_split(split)
    plan: Plan = catalog.load("datasets", name, "plan")(options)
    read = _read(name, split, plan, options)
    wanted = list(plan.clips(split))
    clips, left_out = [], dict(plan.unreadable)
    for clip in wanted:
        motion = read.motions.get(clip.id)
        if motion is None:
            left_out[clip.id] = read.unreadable[clip.id]
        elif not clip.captions:
            left_out[clip.id] = "nobody has described it"
        else:
            clips.append(CaptionedMotion(clip.id, motion, clip.captions, clip.labels))
    if wanted or not plan.files or split in plan.splits:  # another may be empty
        _common.Unreadable(name, left_out).report(len(clips))
    return clips


def read_clip(name: str, clip: str, options: Any) -> Motion:
    """The motion of one clip as it stands in its file.

    Raises ``LookupError`` for a clip that is not there, ``ValueError`` for one that is damaged.
    """
    plan: Plan = catalog.load("datasets", name, "plan")(options)
    if clip in plan.unreadable:
        raise ValueError(f"clip '{clip}': {plan.unreadable[clip]}")
    files = [
        replace(file, clips=(found,))
        for file in plan.files
        for found in file.clips
        if found.id == clip
    ]
    if not files:
        there = ", ".join(found.id for found in islice(plan.clips(), 3))
        raise LookupError(f"data set '{name}' has no clip '{clip}'; the first are: {there}")
    ((_, motion),) = catalog.load("datasets", name, "read")(files, options)
    if isinstance(motion, str):
        raise ValueError(f"clip '{clip}': {motion}")
    return motion


def _read(name: str, split: str, plan: Plan, options: Any) -> Clips:
    """All clips where they are kept for the next time; else those of the split."""
    if plan.ready:
        return _sorted(catalog.load("datasets", name, "read")(plan.of(split), options))
    keep = plan.fingerprint and plan.files
    files = plan.files if keep else plan.of(split)
    make = partial(read_in_chunks, partial(read_canonical, name, options), files, title=name)
    return cached(name, {"plan": plan.fingerprint}, make) if keep else make()


def read_canonical(name: str, options: Any, files: Sequence[File]) -> list[Result]:
    """Clip by clip its canonical motion, or why it cannot be had."""
    read: Iterator[Result] = catalog.load("datasets", name, "read")(files, options)
    return [(clip, _canonical(motion)) for clip, motion in read]


def _canonical(motion: Motion | str) -> Motion | str:
    if isinstance(motion, str):
        return motion
    try:
        return _common.canonical(motion)
    except _common.BROKEN as error:
        return str(error)


def read_in_chunks(
    read: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item], *, title: str
) -> Clips:
    """What ``read`` gives for all items, in their order; other processes do it when they are many.

    Nothing is shown unless standard error is a terminal.
    """
    chunks = [items[at : at + _CHUNK] for at in range(0, len(items), _CHUNK)]
    jobs = 1 if len(chunks) < 4 else -1
    clips = Clips({}, {})
    with (
        joblib.parallel_config("loky", inner_max_num_threads=1),
        tqdm(total=len(items), desc=f"reading {title}", unit="file", disable=None) as bar,
    ):
        results = joblib.Parallel(jobs, return_as="generator")(
            joblib.delayed(read)(chunk) for chunk in chunks
        )
        for chunk, found in zip(chunks, results, strict=True):
            _sort(found, clips)
            bar.update(len(chunk))
    return clips


def _sorted(results: Iterable[Result]) -> Clips:
    clips = Clips({}, {})
    _sort(results, clips)
    return clips


def _sort(results: Iterable[Result], clips: Clips) -> None:
    for clip, result in results:
        if isinstance(result, Motion):
            clips.motions[clip] = result
        else:
            clips.unreadable[clip] = result
