"""Captions to motions: quantiser, both transformers and the length predictor as one model."""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

import moclip
from moclip.features.humanml263 import FPS
from moclip.models import checkpoint, identity, model_card
from moclip.models.generator import _folder, length, masked, residual, sampling
from moclip.models.generator._codes import STRIDE, Codes
from moclip.models.generator._folder import Tower
from moclip.models.generator._trunk import Config
from moclip.models.generator.quantiser import Quantiser
from moclip.models.generator.sampling import Sampling
from moclip.models.text.base import TextTower
from moclip.motion import Motion, MotionBatch
from moclip.planting import planted

LONGEST = length.LONGEST * STRIDE
"""Frames."""
_CHUNK = 32
"""Clips of like length that are made together."""


class MotionGenerator(nn.Module):
    """Captions to motions of HumanML3D's joints at 20 frames a second (arXiv 2312.00063).

    It reads the raw vectors of one text tower, which it knows by its hash and refuses others. The
    tower itself is not a part of it, but it is kept in the same folder. Whether dropout acts is
    the caller's choice, as for any module.
    """

    def __init__(
        self, quantiser: Quantiser, *, tower: Tower, masked_config: Config, residual_config: Config
    ) -> None:
        super().__init__()
        codes, layers, dim = quantiser.config.codes, quantiser.config.layers, tower.dim
        self.quantiser, self.tower = quantiser, tower
        self.masked = masked.Transformer(masked_config, codes=codes, text_dim=dim)
        self.residual = residual.Transformer(
            residual_config, codes=codes, layers=layers, text_dim=dim
        )
        self.length = length.Predictor(text_dim=dim)
        self.paperwork = checkpoint.Paperwork()

    @classmethod
    def create(
        cls,
        text: TextTower,
        text_name: str,
        *,
        quantiser: Quantiser,
        masked_config: Config | None = None,
        residual_config: Config | None = None,
    ) -> "MotionGenerator":
        """A new one for a text tower, by its name in ``models.text``: compact unless told."""
        return cls(
            quantiser,
            tower=Tower.of(text, text_name),
            masked_config=masked_config or Config.compact(),
            residual_config=residual_config or Config.compact(),
        )

    def check_tower(self, text: TextTower, *, allow: bool = False) -> None:
        """Raises ``ValueError`` naming both towers when ``text`` is not the one it is trained with.

        With ``allow`` any tower of the same width is taken, as to measure what a swap does.
        """
        if text.dim != self.tower.dim:
            raise ValueError(
                f"the generator reads vectors of {self.tower.dim} numbers, "
                f"those of text tower '{text.source}' have {text.dim}"
            )
        if not allow:
            owner = f"the generator (text tower '{self.tower.source}')"
            identity.require_same_tower(self.tower.hash, text, owner=owner)

    def adopt(self, text: TextTower, name: str) -> None:
        """From now on it is known as trained with this tower, as after fine-tuning with it."""
        self.check_tower(text, allow=True)
        self.tower = Tower.of(text, name)

    def generate(
        self,
        captions: str | Sequence[str],
        *,
        text: TextTower,
        seconds: float | Sequence[float] | None = None,
        seed: int = 0,
        guidance: float = Sampling.guidance,
        steps: int = Sampling.steps,
        temperature: float = Sampling.temperature,
        plant: bool = True,
        allow_other_tower: bool = False,
    ) -> list[Motion]:
        """A motion for each caption, of the ``seconds`` asked for or of a length drawn for it.

        With ``plant`` feet that stand are held; see :mod:`moclip.planting`. The same caption,
        seconds and seed give the same motion whatever stands beside it; a caption that is there
        twice gives two motions.
        """
        self.check_tower(text, allow=allow_other_tower)
        told = [captions] if isinstance(captions, str) else list(captions)
        if not told:
            return []
        how = Sampling(steps=steps, guidance=guidance, temperature=temperature)
        seeds = seeds_of(told, seed)
        with torch.no_grad():
            vectors = text.encode(told)
        frames = self._frames(seconds, vectors, seeds)
        return self.from_vectors(vectors, frames, seeds=seeds, how=how, plant=plant)

    @torch.no_grad()
    def from_vectors(
        self,
        vectors: Float[Tensor, "clip dim"],
        frames: Sequence[int],
        *,
        seeds: Sequence[int],
        how: Sampling | None = None,
        plant: bool = True,
    ) -> list[Motion]:
        """Motions of so many frames from raw text vectors; a motion hangs on its own seed alone."""
        order = sorted(range(len(frames)), key=lambda number: frames[number])
        made: dict[int, Motion] = {}
        for first in range(0, len(order), _CHUNK):
            chunk = order[first : first + _CHUNK]
            start = self.blank([frames[number] for number in chunk])
            own = [seeds[number] for number in chunk]
            codes = self.fill(vectors[chunk], start, seeds=own, how=how)
            made |= zip(chunk, self.decode(codes, plant=plant), strict=True)
        return [made[number] for number in range(len(frames))]

    def decode(self, codes: Codes, *, plant: bool = True) -> list[Motion]:
        """Motions of all tokens. Raises as :meth:`Quantiser.decode`."""
        made = self.quantiser.decode(codes)
        return [planted(motion) for motion in made] if plant else made

    @torch.no_grad()
    def fill(
        self,
        vectors: Float[Tensor, "clip dim"],
        start: Codes,
        *,
        seeds: Sequence[int],
        keep: Bool[Tensor, "clip token"] | None = None,
        how: Sampling | None = None,
    ) -> Codes:
        """All tokens but those to ``keep``; see :func:`moclip.models.generator.sampling.sample`."""
        vectors = vectors.to(self._weight)
        return sampling.sample(
            self.masked, self.residual, vectors, start, seeds=seeds, keep=keep, sampling=how
        )

    def blank(self, frames: Sequence[int]) -> Codes:
        """Room for motions of these lengths."""
        return Codes.blank(frames, self.quantiser.config.layers).to(self._weight.device)

    @torch.no_grad()
    def encode(self, motion: Motion) -> Codes:
        """The tokens of a motion that is canonical already."""
        return self.quantiser.encode(MotionBatch.of([motion]).to(self._weight.device))

    @property
    def _weight(self) -> Tensor:
        """One that tells device and precision."""
        return self.masked.embed.weight

    @torch.no_grad()
    def _frames(
        self,
        seconds: float | Sequence[float] | None,
        vectors: Float[Tensor, "clip dim"],
        seeds: Sequence[int],
    ) -> list[int]:
        if seconds is None:
            draws = sampling.generators(seeds, "length")
            frames: list[int] = self.length.sample(vectors.to(self._weight), draws).tolist()
            return frames
        wanted = [seconds] * len(seeds) if isinstance(seconds, int | float) else list(seconds)
        if len(wanted) != len(seeds):
            raise ValueError(f"{len(wanted)} lengths came for {len(seeds)} captions")
        return [frames_of(each) for each in wanted]

    def save_pretrained(
        self,
        folder: str | Path,
        text: TextTower,
        *,
        recipe: str | None = None,
        card: str | None = None,
    ) -> None:
        """Writes the model and its text tower into a folder; see :mod:`moclip.models.checkpoint`.

        ``recipe`` (TOML) and ``card`` (Markdown on the training) are those it was loaded with
        unless given. Raises ``ValueError`` for a text tower that is not its own.
        """
        self.check_tower(text)
        settings = _folder.Settings(
            version=moclip.__version__,
            text=self.tower,
            quantiser=self.quantiser.config,
            masked=self.masked.config,
            residual=self.residual.config,
        )
        paperwork = self.paperwork.but(recipe=recipe, card=card)
        checkpoint.write(
            Path(folder),
            settings=settings,
            weights=self.state_dict(),
            save_text_config=lambda place: _folder.save_text(text, place),
            paperwork=paperwork,
            card_text=model_card.render(_folder.about(settings), paperwork),
        )

    @classmethod
    def from_pretrained(
        cls, folder_or_hub_id: str | Path, *, revision: str | None = None
    ) -> "MotionGenerator":
        """The model of a folder or hub id, in evaluation mode.

        Raises ``OSError`` or ``ValueError`` in one sentence when there is none, when files are
        damaged, or when weights are missing, unknown or of another shape.
        """
        folder = checkpoint.find(folder_or_hub_id, revision=revision)
        settings = checkpoint.read_settings(folder, _folder.Settings)
        model = cls(
            Quantiser(settings.quantiser),
            tower=settings.text,
            masked_config=settings.masked,
            residual_config=settings.residual,
        )
        checkpoint.load_weights(model, folder)
        model.paperwork = checkpoint.read_paperwork(folder)
        return model.eval()


def load_text_tower(folder_or_hub_id: str | Path, *, revision: str | None = None) -> TextTower:
    """The text tower kept with a generator, the one it was trained with."""
    folder = checkpoint.find(folder_or_hub_id, revision=revision)
    return _folder.load_text(folder, checkpoint.read_settings(folder, _folder.Settings))


def seeds_of(captions: Sequence[str], seed: int) -> list[int]:
    """One a caption: of itself, and of how often it was there before; not of the others."""
    before: Counter[str] = Counter()
    seeds = []
    for caption in captions:
        seeds.append(sampling.seed_of(seed, before[caption], caption))
        before[caption] += 1
    return seeds


def frames_of(seconds: float) -> int:
    """Frames of so many seconds. Raises ``ValueError`` when a motion cannot be so long or short."""
    if not math.isfinite(seconds) or not STRIDE <= round(seconds * FPS) <= LONGEST:
        raise ValueError(
            f"a motion of {seconds:g} s is asked for, "
            f"wanted {STRIDE / FPS:g} to {LONGEST / FPS:g} s"
        )
    return round(seconds * FPS)
