"""Motion from captions for an evaluation: a seed for each, whatever kind of model makes it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.models.autoencoder.bridge import Way
from moclip.models.autoencoder.model import GUIDANCE, MotionCLIP
from moclip.models.autoencoder.model import LONGEST as LONGEST_DECODED
from moclip.models.generator.generator import LONGEST as LONGEST_GENERATED
from moclip.models.generator.generator import MotionGenerator, frames_of
from moclip.models.generator.sampling import Sampling
from moclip.models.two_tower import unit
from moclip.motion import Motion
from moclip.tasks._encoding import fingerprint
from moclip.tasks.generation import TextToMotion

_CHUNK = 64


@dataclass(eq=False)
class Maker:
    """A model with all that decides what it makes of a caption but the seed.

    A generator may be given another text tower than its own, as to measure what a swap does.
    """

    model: TextToMotion
    way: Way = "prior"
    """How a MotionCLIP gets from words to motions; a generator needs none."""
    guidance: float | None = None
    """The model's usual one if absent."""
    _known: dict[str, Tensor] = field(default_factory=dict, init=False, repr=False)

    @property
    def longest(self) -> float:
        """Seconds."""
        if isinstance(self.model.model, MotionCLIP):
            return LONGEST_DECODED
        return LONGEST_GENERATED / self.model.model.quantiser.fps

    def motions(
        self, captions: Sequence[str], seconds: Sequence[float], seeds: Sequence[int]
    ) -> list[Motion]:
        """One for each caption, on the processor; it hangs on its own caption, length and seed."""
        vectors = self._vectors(captions)
        if isinstance(self.model.model, MotionGenerator):
            made = self._generated(self.model.model, vectors, seconds, seeds)
        else:
            made = self._decoded(self.model.model, vectors, seconds, seeds)
        return [motion.to("cpu") for motion in made]

    def key(self) -> list[object]:
        """What tells one maker from another."""
        parts = fingerprint(self.model.model), fingerprint(self.model.text)
        return [*parts, self.way, self.guidance]

    def _vectors(self, captions: Sequence[str]) -> Float[Tensor, "caption dim"]:
        """Raw vectors; every string is encoded once in the life of a maker."""
        new = [caption for caption in dict.fromkeys(captions) if caption not in self._known]
        if new:
            with torch.no_grad():
                self._known |= zip(new, self.model.text.encode(new).float().cpu(), strict=True)
        return torch.stack([self._known[caption] for caption in captions])

    def _generated(
        self,
        model: MotionGenerator,
        vectors: Float[Tensor, "clip dim"],
        seconds: Sequence[float],
        seeds: Sequence[int],
    ) -> list[Motion]:
        how = Sampling() if self.guidance is None else Sampling(guidance=self.guidance)
        frames = [frames_of(each) for each in seconds]
        return model.from_vectors(vectors, frames, seeds=seeds, how=how)

    @torch.no_grad()
    def _decoded(
        self,
        model: MotionCLIP,
        vectors: Float[Tensor, "clip dim"],
        seconds: Sequence[float],
        seeds: Sequence[int],
    ) -> list[Motion]:
        """Like lengths together."""
        guidance = GUIDANCE if self.guidance is None else self.guidance
        order = sorted(range(len(seconds)), key=lambda number: seconds[number])
        made: dict[int, Motion] = {}
        for first in range(0, len(order), _CHUNK):
            chunk = order[first : first + _CHUNK]
            spans = [seconds[number] for number in chunk]
            there = model.across(
                unit(vectors[chunk].to(model.mean)),
                spans,
                seed=[seeds[number] for number in chunk],
                way=self.way,
                guidance=guidance,
            )
            made |= zip(chunk, model.decode(there, spans), strict=True)
        return [made[number] for number in range(len(seconds))]
