"""MotionCLIP (arXiv 2203.08063): motions to unit vectors of a text tower's space, and back.

**Why unit vectors.** A text tower's vectors are compared by their directions; their lengths say
nothing of motion. So the encoder's vectors are brought to unit length before anything else sees
them, and the decoder never reads any other. Whatever is decoded - a motion's vector, a caption's, a
sum of several - has the length the decoder was trained at. The published code decodes text vectors
at a length it never met in training, one cause of its bodies that hardly move.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

import moclip
from moclip import catalog
from moclip.models import checkpoint, model_card
from moclip.models._hub import Shared
from moclip.models.autoencoder._card import about
from moclip.models.autoencoder.bridge import Bridge, Way
from moclip.models.autoencoder.frames import (
    BODY,
    CHANNELS,
    FPS,
    Body,
    Frames,
    offsets_of,
    path,
    posed,
    steps,
)
from moclip.models.autoencoder.networks import Config, Decoder, Encoder
from moclip.models.text.base import TextTower
from moclip.models.two_tower import unit
from moclip.motion import Motion
from moclip.retargeting import canonical
from moclip.skeletons.base import Skeleton

_STILL = 0.01
"""Metres, or parts of a matrix: what varies less is not blown up to unit deviation."""
_CHUNK = 64
SHORTEST, LONGEST = 0.1, 60.0
"""Seconds that can be decoded; what lies beyond those of the training clips is a guess."""
GUIDANCE = 2.0
_SCALE = 20.0


class Settings(BaseModel):
    """What ``config.json`` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    library: Literal["moclip"] = "moclip"
    kind: Literal["motionclip"] = "motionclip"
    format: Literal[1] = 1
    version: str = moclip.__version__
    """Of the moclip that wrote it."""
    dim: int
    text: checkpoint.Text
    config: Config


class MotionCLIP(nn.Module, Shared, library_name="moclip"):
    """Encoder, decoder and bridge beside a frozen text tower."""

    mean: Tensor
    deviation: Tensor
    offsets: Tensor
    fps = FPS

    def __init__(self, text: TextTower, config: Config, *, text_name: str = "minilm") -> None:
        super().__init__()
        self.text, self.config, self.text_name = text.requires_grad_(False), config, text_name
        self.encoder, self.decoder = Encoder(config, text.dim), Decoder(config, text.dim)
        self.centre = nn.BatchNorm1d(text.dim, affine=False)
        self.bridge = Bridge(config, text.dim)
        self.register_buffer("mean", torch.zeros(CHANNELS))
        self.register_buffer("deviation", torch.ones(CHANNELS))
        self.register_buffer("offsets", torch.tensor(BODY.offsets))
        self.paperwork = checkpoint.Paperwork()

    @property
    def dim(self) -> int:
        """Width of the common space."""
        return self.text.dim

    @property
    def skeleton(self) -> Skeleton:
        """HumanML3D's joints with the mean bones of the training clips."""
        offsets = tuple((x, y, z) for x, y, z in self.offsets.tolist())
        return BODY.with_offsets(offsets, BODY.ends)

    @property
    def scale(self) -> Tensor:
        """1 / temperature at which cosines become probabilities."""
        return self.mean.new_tensor(_SCALE)

    def canonical(self, motion: Motion) -> Motion:
        """The motion as this model sees it."""
        return canonical(motion, fps=FPS)

    @torch.no_grad()
    def fit_normalisation(self, motions: Sequence[Motion]) -> None:
        """Mean and deviation of the features, and the mean body, from posed motions."""
        features = [steps(Frames.of([motion]).features)[0] for motion in motions]
        real = torch.cat(features).double()
        self.mean.copy_(real.mean(dim=0))
        self.deviation.copy_(real.std(dim=0).clamp(min=_STILL))
        self.offsets.copy_(offsets_of(motions))

    def encode_frames(self, *runs: Frames) -> Float[Tensor, "clip dim"]:
        """Unit vectors of the clips of all runs, which are padded apart.

        What all vectors have in common is taken away before they get their length; in training, the
        mean is that of these clips. Otherwise the vectors of all motions begin as nearly one, and
        it takes long until they fill the sphere.
        """
        raw = torch.cat([self._raw(run) for run in runs])
        with torch.autocast(raw.device.type, enabled=False):
            return unit(self.centre(raw.float()))

    def _raw(self, frames: Frames) -> Float[Tensor, "clip dim"]:
        normalised = (steps(frames.features) - self.mean) / self.deviation
        return self.encoder(normalised, frames.mask)

    def decode_frames(
        self, vectors: Float[Tensor, "clip dim"], lengths: Int[Tensor, " clip"]
    ) -> Body:
        """Padded rotations and joints, from unit vectors."""
        features, stance = self.decoder(vectors, lengths)
        with torch.autocast(vectors.device.type, enabled=False):  # millimetres need all digits
            features = features.float() * self.deviation + self.mean
            return Body.of(path(features), stance.float(), self.offsets)

    def encode_text(self, captions: str | Sequence[str]) -> Float[Tensor, "caption dim"]:
        """Unit vectors; they lie among those of motions, but not where motions do."""
        return unit(self.text.encode([captions] if isinstance(captions, str) else captions))

    @torch.no_grad()
    def encode_motion(self, motions: Motion | Sequence[Motion]) -> Float[Tensor, "clip dim"]:
        """Unit vectors of motions of any known skeleton, frame rate and length."""
        clips = [motions] if isinstance(motions, Motion) else list(motions)
        clips = [posed(self.canonical(clip)).to(self.mean.device) for clip in clips]
        chunks = [clips[at : at + _CHUNK] for at in range(0, len(clips), _CHUNK)]
        rows = [self.encode_frames(Frames.of(chunk)) for chunk in chunks]
        return torch.cat(rows) if rows else self.mean.new_zeros(0, self.dim)

    def similarity(
        self, motions: Motion | Sequence[Motion], captions: str | Sequence[str]
    ) -> Float[Tensor, "motion caption"]:
        """Cosines."""
        return self.encode_motion(motions) @ self.encode_text(captions).T

    @torch.no_grad()
    def decode(
        self,
        vectors: Float[Tensor, "clip dim"],
        seconds: float | Sequence[float],
        *,
        plant: bool = True,
    ) -> list[Motion]:
        """Motions with rotations, from vectors of any length but zero.

        With ``plant`` feet that stand are held; see :mod:`moclip.planting`. Raises ``ValueError``
        for durations that are no such, or too long.
        """
        frames = self.frames_of(seconds, len(vectors))
        lengths = torch.tensor(frames, device=self.mean.device)
        return self.decode_frames(unit(vectors), lengths).motions(
            frames, self.skeleton, plant=plant
        )

    def frames_of(self, seconds: float | Sequence[float], clips: int) -> list[int]:
        """Durations as frames, one for each clip."""
        given = [seconds] * clips if isinstance(seconds, int | float) else list(seconds)
        if len(given) != clips:
            raise ValueError(f"{len(given)} durations came for {clips} vectors")
        for duration in given:
            if not SHORTEST <= duration <= LONGEST:
                raise ValueError(
                    f"a duration is {duration:g} s, wanted {SHORTEST:g} to {LONGEST:g} s"
                )
        return [max(2, round(duration * FPS)) for duration in given]

    @torch.no_grad()
    def generate(
        self,
        captions: Sequence[str],
        *,
        seconds: float | Sequence[float],
        seed: int = 0,
        way: Way = "prior",
        guidance: float = GUIDANCE,
    ) -> list[Motion]:
        """A motion for each caption, the same for the same caption and seed, whatever the others.

        ``way`` leads from captions to motions; see :mod:`moclip.models.autoencoder.bridge`.
        """
        given = self.encode_text(list(captions))
        given = self.across(given, seconds, seed=seed, way=way, guidance=guidance)
        return self.decode(given, seconds)

    @torch.no_grad()
    def across(
        self,
        vectors: Float[Tensor, "clip dim"],
        seconds: float | Sequence[float],
        *,
        seed: int | Sequence[int] = 0,
        way: Way = "prior",
        guidance: float = GUIDANCE,
    ) -> Float[Tensor, "clip dim"]:
        """Unit vectors of captions or images, brought to where motions of that length are.

        One ``seed`` for all, or one for each.
        """
        seeds = [seed] * len(vectors) if isinstance(seed, int) else seed
        draws = [torch.Generator().manual_seed(each) for each in seeds]
        noise = torch.stack([torch.randn(self.dim, generator=draw) for draw in draws])
        lengths = vectors.new_tensor(self.frames_of(seconds, len(vectors))) / FPS
        return self.bridge(vectors, lengths, noise.to(vectors), way=way, guidance=guidance)

    def save_pretrained(  # type: ignore[override]
        self,
        save_directory: str | Path,
        *,
        recipe: str | None = None,
        card: str | None = None,
        config: Any = None,
        model_card_kwargs: Any = None,
    ) -> None:
        """Writes the model into a folder, text tower and all; see :mod:`moclip.models.checkpoint`.

        The last two arguments are what ``push_to_hub`` passes; they are not needed.
        """
        text = checkpoint.Text(tower=self.text_name, source=self.text.source)
        paperwork = self.paperwork.but(recipe=recipe, card=card)
        checkpoint.write(
            Path(save_directory),
            settings=Settings(dim=self.dim, text=text, config=self.config),
            weights=self.state_dict(),
            save_text_config=self.text.save_config,
            paperwork=paperwork,
            card_text=model_card.render(about(text, self.dim), paperwork),
        )

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls, folder_or_hub_id: str | Path, *, revision: str | None = None
    ) -> "MotionCLIP":
        """The model of a folder or hub id, in evaluation mode, nothing of it learning.

        Raises ``ValueError`` or ``OSError`` in one sentence.
        """
        folder = checkpoint.find(folder_or_hub_id, revision=revision)
        settings = checkpoint.read_settings(folder, Settings)
        tower = catalog.load("models.text", settings.text.tower, "Encoder")
        text = tower.from_config(folder / checkpoint.TEXT)
        text.source = settings.text.source
        model = cls(text, settings.config, text_name=settings.text.tower)
        checkpoint.load_weights(model, folder)
        model.paperwork = checkpoint.read_paperwork(folder)
        return model.eval().requires_grad_(False)
