"""Arithmetic on vectors of motions and words: edits and blends that a MotionCLIP decodes.

An item is a clip or a prompt. A clip stands for itself; a prompt for a motion that the model draws
for it, so that sums mix motions with motions and never motions with words.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.models.autoencoder.bridge import Way
from moclip.models.autoencoder.model import GUIDANCE, MotionCLIP
from moclip.models.two_tower import unit
from moclip.motion import Motion

USUAL_SECONDS = 3.0
"""Of a prompt whose length nobody gave."""
SCALE = 1.3
"""Of an edit's change. The sum is brought back to unit length, which takes part of the change away;
on Bandai-Namco's validation split this gives it back (docs/motionclip.md)."""


@dataclass(frozen=True, eq=False)
class Item:
    """A clip, or words where ``motion`` is missing."""

    text: str
    motion: Motion | None = None

    def seconds(self, given: float | None) -> float:
        """Its own length unless one is given."""
        if given is not None:
            return given
        return USUAL_SECONDS if self.motion is None else self.motion.duration


@dataclass(frozen=True)
class Drawing:
    """How prompts become motions' vectors."""

    seed: int = 0
    way: Way = "prior"
    guidance: float = GUIDANCE


@torch.no_grad()
def vector_of(
    model: MotionCLIP, item: Item, seconds: float, drawing: Drawing | None = None
) -> Float[Tensor, "1 dim"]:
    """The unit vector of an item."""
    if item.motion is not None:
        return model.encode_motion(item.motion)
    how = drawing or Drawing()
    return model.across(
        model.encode_text(item.text), seconds, seed=how.seed, way=how.way, guidance=how.guidance
    )


def edit(
    model: MotionCLIP,
    base: Item,
    start: Item,
    end: Item,
    *,
    scale: float = SCALE,
    seconds: float | None = None,
    drawing: Drawing | None = None,
) -> Motion:
    """``base + scale * (end - start)``: what leads from ``start`` to ``end``, done to ``base``.

    As long as ``base`` unless ``seconds`` are given. The published arithmetic is ``scale`` 1.
    """
    length = base.seconds(seconds)
    at, before, after = (
        vector_of(model, item, item.seconds(seconds), drawing) for item in (base, start, end)
    )
    changed = at + scale * (after - before)
    if changed.norm() < 1e-6:
        raise ValueError("the edit takes away all there is; wanted another scale, start or end")
    return model.decode(changed, length)[0]


def interpolate(
    model: MotionCLIP,
    one: Item,
    other: Item,
    *,
    steps: int = 5,
    spherical: bool = False,
    seconds: float | None = None,
    drawing: Drawing | None = None,
) -> list[Motion]:
    """``steps`` motions from one to the other, both ends among them; lengths go along.

    On the straight line between the vectors, or with ``spherical`` at equal angles. Raises
    ``ValueError`` for fewer than two steps.
    """
    if steps < 2:
        raise ValueError(f"{steps} steps came, wanted at least 2: both ends are among them")
    lengths = [item.seconds(seconds) for item in (one, other)]
    first = vector_of(model, one, lengths[0], drawing)
    last = vector_of(model, other, lengths[1], drawing)
    shares = torch.linspace(0, 1, steps)
    vectors = between(first, last, shares.to(first), spherical=spherical)
    spans = torch.lerp(torch.tensor(lengths[0]), torch.tensor(lengths[1]), shares)
    return model.decode(vectors, spans.tolist())


def between(
    one: Float[Tensor, "1 dim"],
    other: Float[Tensor, "1 dim"],
    shares: Float[Tensor, " step"],
    *,
    spherical: bool,
) -> Float[Tensor, "step dim"]:
    """Unit vectors from one (share 0) to the other (share 1).

    Vectors that point opposite ways have no one path between them on the sphere; the straight line
    is taken then.
    """
    angle = (one * other).sum().clamp(-1, 1).acos()
    shares = shares[:, None]
    if not spherical or angle < 1e-4 or angle > torch.pi - 1e-4:
        return unit(torch.lerp(one, other, shares))
    return (one * ((1 - shares) * angle).sin() + other * (shares * angle).sin()) / angle.sin()
