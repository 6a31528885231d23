"""Joints -> HumanML3D's 263 features and back, against the published procedure written plainly.

One thread for both ways. The compiled loops of the extra ``[fast]`` are what is promised; where
numba is not installed the torch fallback is measured, and rows say so.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from benchmarks import _numpy_quaternions, _published_quaternions, plain_features
from benchmarks._clips import Mix
from benchmarks._timing import Row, alternate
from moclip.features import _guo_torch, humanml263
from moclip.features._guo_body import Settings, smoothing

_TOGETHER = 16
"""Clips encoded at once: their features are used before the next ones are made."""
_PLAIN = 8
"""Clips that the plain version is timed on, spread over all lengths."""
_LENGTHS = np.array(humanml263.BODY.template)
_DECODED = (128, 196)
"""Clips and frames, as in the published measurement."""


def encoding(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """Joints -> features: many clips, one clip, and the same without numba."""
    clips = sorted((clip.motion.joints for clip in mix.clips), key=len)
    batches = [_padded(clips[i : i + _TOGETHER]) for i in range(0, len(clips), _TOGETHER)]
    few = clips[len(clips) // (2 * _PLAIN) :: max(1, len(clips) // _PLAIN)]
    middle = clips[len(clips) // 2]
    _check(few)
    amount, plain_amount = sum(map(len, clips)), sum(map(len, few))
    ways = {
        "many clips": lambda: _each(batches, humanml263.from_joints),
        "one clip": lambda: humanml263.from_joints(middle[None]),
        "many clips in torch": lambda: _each(batches, _in_torch),
        "published, many": lambda: [_plain(clip, _published_quaternions) for clip in few],
        "published, one": lambda: _plain(middle, _published_quaternions),
        "in NumPy, many": lambda: [_plain(clip, _numpy_quaternions) for clip in few],
    }
    with _one_thread():
        spent = alternate(list(ways.values()), repeats=1 if quick else max(5, repeats))
    many, one, in_torch, published_many, published_one, numpy_many = spent
    published_many, numpy_many = (x * amount / plain_amount for x in (published_many, numpy_many))
    promised = find_spec("numba") is not None and not quick
    published, numpy = "published procedure", "published, quaternions in NumPy"
    rows = (
        ("many clips", published, amount, many, published_many, 100),
        ("one clip", published, len(middle), one, published_one, 10),
        ("many clips", numpy, amount, many, numpy_many, None),
        ("many clips, torch", published, amount, in_torch, published_many, None),
    )
    return [
        Row(f"joints -> 263, {what}", against, n, "frames", ours, theirs, bar if promised else None)
        for what, against, n, ours, theirs, bar in rows
    ]


def decoding(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """Features -> joints, many clips of the longest length."""
    count, frames = (4, 50) if quick else _DECODED
    longest = max((clip.motion.joints for clip in mix.clips), key=len)
    features = humanml263.from_joints(longest[None])
    features = features.repeat(count, 2 + frames // len(longest), 1)[:, :frames].contiguous()

    def ours() -> Tensor:
        return humanml263.to_joints(features)

    def plain() -> Tensor:
        return plain_features.decode(features, 22)

    _need_close(ours(), plain(), 1e-4)
    with _one_thread():
        mine, theirs = alternate([ours, plain], repeats=1 if quick else max(9, repeats))
    reference = "published procedure in torch"
    return [Row("263 -> joints", reference, count * frames, "frames", mine, theirs, bar=4)]


Batch = tuple[Tensor, Tensor]


def _padded(clips: list[Tensor]) -> Batch:
    lengths = torch.tensor([len(clip) for clip in clips])
    return torch.nn.utils.rnn.pad_sequence(clips, batch_first=True), lengths


def _each(batches: list[Batch], encode: Callable[[Tensor, Tensor], Tensor]) -> float:
    """A number from each, so that nothing is left out and nothing is kept."""
    return sum(encode(joints, lengths)[0, 0, 3].item() for joints, lengths in batches)


def _in_torch(joints: Tensor, lengths: Tensor) -> Tensor:
    settings = Settings(humanml263.BODY.template, place=True, as_published=False)
    return _guo_torch.encode(joints, lengths, humanml263.BODY, settings, smoothing())


def _plain(joints: Tensor, quaternions: ModuleType) -> np.ndarray:
    body = plain_features.HUMANML3D
    return plain_features.encode(joints.numpy(), _LENGTHS, body, quaternions)


def _check(clips: list[Tensor]) -> None:
    for joints in clips:
        ours = humanml263.from_joints(joints[None], as_published=True)[0]
        for quaternions in (_published_quaternions, _numpy_quaternions):
            theirs = torch.from_numpy(_plain(joints, quaternions)).float()
            _need_close(ours, theirs, 1e-3)


def _need_close(a: Tensor, b: Tensor, tolerance: float) -> None:
    apart = (a - b).abs().max().item()
    if not apart < tolerance:
        raise ValueError(f"the two ways differ by {apart:.2g}: there is no ratio to report")


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
