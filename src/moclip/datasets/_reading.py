"""Many files read on all cores, with a progress bar where someone watches."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import joblib
from tqdm import tqdm

from moclip.datasets._cache import Clips
from moclip.motion import Motion

Item = TypeVar("Item")
Result = tuple[str, Motion | str]
"""A clip id with its motion, or with why there is none."""

_CHUNK = 32
"""Items a process reads at a time."""


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


def _sort(results: list[Result], clips: Clips) -> None:
    for clip, result in results:
        if isinstance(result, Motion):
            clips.motions[clip] = result
        else:
            clips.unreadable[clip] = result
