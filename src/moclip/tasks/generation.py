"""Motion from words, whatever kind of model makes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from moclip.models import checkpoint, identity
from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.generator.generator import MotionGenerator, load_text_tower
from moclip.models.opening import open_model
from moclip.models.text.base import TextTower
from moclip.motion import Motion


@dataclass(frozen=True, eq=False)
class TextToMotion:
    """A MotionCLIP or a generator, with the text tower it reads."""

    model: MotionCLIP | MotionGenerator
    text: TextTower

    @classmethod
    def open(
        cls, folder_or_hub_id: str | Path, *, device: torch.device | str = "cpu"
    ) -> "TextToMotion":
        """What a folder or hub id holds. Raises ``ValueError`` for a model that makes no motion."""
        folder = checkpoint.find(folder_or_hub_id)
        model = open_model(folder).to(device)
        if isinstance(model, MotionCLIP):
            return cls(model, model.text)
        if isinstance(model, MotionGenerator):
            return cls(model, load_text_tower(folder).to(device))
        raise ValueError(
            f"{folder_or_hub_id} holds a model of kind '{checkpoint.kind_of(folder)}', "
            "wanted motionclip or generator, which make motion from words"
        )

    def motions(
        self,
        captions: Sequence[str],
        *,
        seconds: float | Sequence[float],
        seed: int = 0,
        **how: Any,
    ) -> list[Motion]:
        """One for each caption, on the processor; ``how`` is what the model's ``generate`` takes.

        The same caption, length and seed give the same motion, whatever the others are.
        """
        if isinstance(self.model, MotionCLIP):
            made = self.model.generate(captions, seconds=seconds, seed=seed, **how)
        else:
            made = self.model.generate(captions, text=self.text, seconds=seconds, seed=seed, **how)
        return [motion.to("cpu") for motion in made]

    @property
    def tower_hash(self) -> str:
        """Of the text tower."""
        return identity.tower_hash(self.text)
