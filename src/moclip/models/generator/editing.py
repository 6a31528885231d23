"""Motions made anew in part: what lies between, before or after; the upper body.

Every function takes the generator, and the text tower as :meth:`MotionGenerator.generate` does.
What comes back begins at the origin facing +z, at 20 frames a second.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool
from torch import Tensor

from moclip.features.humanml263 import FPS
from moclip.models.generator._codes import STRIDE, Codes
from moclip.models.generator._compositing import composite
from moclip.models.generator.generator import LONGEST, MotionGenerator, frames_of, seeds_of
from moclip.models.generator.sampling import Sampling
from moclip.models.text.base import TextTower
from moclip.motion import Motion
from moclip.retargeting import canonical

Span = tuple[float, float]
"""From and to, in seconds."""


@torch.no_grad()
def inbetween(
    model: MotionGenerator,
    motion: Motion,
    caption: str,
    *,
    keep: Sequence[Span],
    text: TextTower,
    seconds: float | None = None,
    seed: int = 0,
    how: Sampling | None = None,
    plant: bool = True,
    allow_other_tower: bool = False,
) -> Motion:
    """The motion, its tokens within the spans ``keep`` kept and the others made for the caption.

    ``[(0, 1)]`` goes on from the first second, for ``seconds`` in all (its own when not given);
    ``[(2, 4)]`` leads to the end of a motion of 4 s; both together fill what is between.

    A token stands for 4 frames and is kept if they all lie within a span. What is kept is tokens:
    their frames come back as exactly as the quantiser knows them (but for standing feet, which
    ``plant`` holds), and change a little where new tokens follow. A span after a new part starts
    where that part has led, since tokens hold steps and not places.

    Raises ``ValueError`` for spans outside the motion, and when all or nothing is kept.
    """
    model.check_tower(text, allow=allow_other_tower)
    clip = _canonical(motion)
    start = model.blank([len(clip) if seconds is None else frames_of(seconds)])
    known = model.encode(clip).tokens[:, : start.tokens.shape[1]]
    start.tokens[:, : known.shape[1]] = known
    kept = _kept(start, len(clip), keep).to(known.device)
    vectors, seeds = text.encode([caption]), seeds_of([caption], seed)
    codes = model.fill(vectors, start, seeds=seeds, keep=kept, how=how)
    return model.decode(codes, plant=plant)[0]


@torch.no_grad()
def upper_body(
    model: MotionGenerator,
    motion: Motion,
    caption: str,
    *,
    text: TextTower,
    seed: int = 0,
    how: Sampling | None = None,
    plant: bool = True,
    allow_other_tower: bool = False,
) -> Motion:
    """The motion's legs and path with an upper body that does what the caption says.

    A token stands for the whole body, so masking can choose times and not joints. Instead a motion
    of this length is made for the caption, its upper body is put on the source's pelvis, and the
    quantiser's tokens of both together smooth the seam. The new upper body does not know of the
    legs it comes to stand on: arms need not swing in their rhythm.
    """
    model.check_tower(text, allow=allow_other_tower)
    clip = _canonical(motion)
    vectors, seeds = text.encode([caption]), seeds_of([caption], seed)
    made = model.from_vectors(vectors, [len(clip)], seeds=seeds, how=how, plant=False)[0]
    both = composite(made, clip.to(made.joints.device))
    return model.decode(model.encode(both), plant=plant)[0]


def _canonical(motion: Motion) -> Motion:
    clip = canonical(motion, fps=FPS)
    if len(clip) > LONGEST:
        raise ValueError(
            f"the motion lasts {clip.duration:g} s, wanted at most {LONGEST / FPS:g} s; cut it"
        )
    return clip


def _kept(start: Codes, source: int, spans: Sequence[Span]) -> Bool[Tensor, "1 token"]:
    """Tokens whose frames all lie within one of ``spans`` of a source of so many frames."""
    first = torch.arange(start.mask.shape[1]) * STRIDE
    last = (first + STRIDE).clamp(max=int(start.frames[0]))
    kept = torch.zeros_like(first, dtype=torch.bool)
    for begin, end in spans:
        if not 0 <= begin < end or round(end * FPS) > source:
            raise ValueError(f"cannot keep {begin:g}..{end:g} s of a motion of {source / FPS:g} s")
        kept |= (first >= round(begin * FPS)) & (last <= round(end * FPS))
    if not kept.any() or kept.all():
        raise ValueError(
            f"the spans keep {int(kept.sum())} of {len(kept)} tokens of {STRIDE} frames, "
            "wanted some to keep and some to make"
        )
    return kept[None]
