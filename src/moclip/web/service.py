"""What the routes share: the library, the models, clips of users, two desks for the work."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.spaces import Space
from moclip.motion import Motion
from moclip.tasks._encoding import motion_vectors, text_vectors
from moclip.tasks.generation import TextToMotion
from moclip.tasks.library.store import Library
from moclip.tasks.retrieval import Index
from moclip.web.coming import Coming
from moclip.web.desk import Desk
from moclip.web.settings import Limits
from moclip.web.shapes import Clip
from moclip.web.shelf import Shelf


@dataclass(frozen=True, eq=False)
class Held:
    """The library, or its first 100,000 clips, at one moment."""

    version: int
    index: Index
    clips: dict[str, Clip]


class Service:
    """Made once; ``close`` ends its threads and deletes what users uploaded."""

    def __init__(
        self,
        library: Library,
        model: Space,
        generator: TextToMotion | None = None,
        *,
        limits: Limits | None = None,
    ) -> None:
        """Raises ``ValueError`` when another model made the library."""
        library.check(model)
        self.library, self.model, self.generator = library, model, generator
        self.coming: Coming | None = None
        """Where the generator is still being trained."""
        self.limits = limits or Limits()
        self.shelf = Shelf(self.limits.shelf)
        self.quick = self._desk("search")
        """For what takes milliseconds: vectors and the search for them."""
        self.slow = self._desk("making")
        """For what takes seconds: motions, attacks, files."""
        self._held: Held | None = None

    def _desk(self, name: str) -> Desk:
        return Desk(name, waiting=self.limits.waiting, together=self.limits.together)

    @property
    def editor(self) -> MotionCLIP | None:
        """The model that blends and edits, if there is one."""
        model = self.generator.model if self.generator else None
        return model if isinstance(model, MotionCLIP) else None

    def clip(self, id: str) -> Clip:
        """Raises ``LookupError`` for one that is nowhere."""
        return self.shelf.clip(id) or Clip.of(self.library.clip(id), self.library.facts.fps)

    def motion(self, id: str) -> Motion:
        """Raises ``LookupError`` for one that is nowhere."""
        return self.shelf.motion(id) if self.shelf.clip(id) else self.library.motion(id)

    async def vector_of_text(self, caption: str) -> Tensor:
        """A unit vector; captions that come at the same time are encoded together."""
        found: Tensor = await self.quick.ask(self._of_texts, caption)
        return found

    async def vector_of_clip(self, id: str) -> Tensor:
        """A unit vector. Raises ``LookupError`` for a clip that is nowhere."""
        if self.shelf.clip(id) is None:
            stored: Tensor = await self.quick.do(self.library.vector, id)
            return stored
        found: Tensor = await self.quick.ask(self._of_motions, self.shelf.motion(id))
        return found

    def _of_texts(self, captions: list[str]) -> Sequence[Tensor]:
        return list(text_vectors(self.model, captions))

    def _of_motions(self, motions: list[Motion]) -> Sequence[Tensor]:
        return list(motion_vectors(self.model, motions))

    def generate(self, items: list[tuple[str, float]], seed: int, guidance: float | None) -> Any:
        """A motion for each caption and length, in one pass."""
        assert self.generator is not None
        how = {} if guidance is None else {"guidance": guidance}
        captions, seconds = [caption for caption, _ in items], [length for _, length in items]
        with torch.no_grad():
            return self.generator.motions(captions, seconds=seconds, seed=seed, **how)

    def held(self) -> Held:
        """The library in memory, read again when it has changed."""
        version = self.library.table.version
        if self._held is None or self._held.version != version:
            index, fps = self.library.in_memory(), self.library.facts.fps
            clips = self.library.clips(limit=len(index))
            self._held = Held(version, index, {c.id: Clip.of(c, fps) for c in clips})
        return self._held

    def close(self) -> None:
        """Waits for what is at work; a training is stopped."""
        if self.coming is not None:
            self.coming.close()
        self.quick.close()
        self.slow.close()
        self.shelf.close()
