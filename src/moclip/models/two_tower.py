"""MoCLIP: a text tower and a motion tower whose unit vectors share one space (arXiv 2505.10810)."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import BaseModel, ValidationError
from torch import Tensor, nn

import moclip
from moclip import catalog, skeletons
from moclip.canonicalising import are_canonical, canonical_all
from moclip.models import checkpoint, model_card
from moclip.models._hub import Shared
from moclip.models._two_tower_card import about
from moclip.models.motion._channels import require_metres
from moclip.models.motion.base import MotionTower
from moclip.models.text.base import TextTower
from moclip.motion import Motion, MotionBatch
from moclip.ranks import Ranks
from moclip.retargeting import canonical, is_canonical

_ALONE = Ranks()
_BODY = skeletons.get("humanml3d")
_LARGEST_SCALE = math.log(100)

_FRAMES, _FRAMES_ON_CPU = 16384, 1536
"""Of clips of like length that are encoded together, padding included. On a processor, what a block
computes of more would leave its cache."""


class MoCLIP(nn.Module, Shared, library_name="moclip"):
    """Captions and motions to unit vectors; the cosine of two says how well they fit.

    Whether gradients are kept and whether dropout acts is the caller's choice, as for any module.
    """

    def __init__(
        self,
        text: TextTower,
        motion: MotionTower,
        *,
        text_name: str = "minilm",
        motion_name: str = "limbs",
        fps: float = 20.0,
    ) -> None:
        super().__init__()
        if text.dim != motion.dim:
            raise ValueError(
                f"the text tower has {text.dim} dimensions and the motion tower {motion.dim}, "
                f"wanted the same"
            )
        self.text, self.motion = text, motion
        self.text_name, self.motion_name, self.fps = text_name, motion_name, fps
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.paperwork = checkpoint.Paperwork()

    @classmethod
    def create(
        cls,
        text: str = "minilm",
        *,
        text_source: str | None = None,
        motion: str = "limbs",
        motion_config: BaseModel | None = None,
    ) -> "MoCLIP":
        """A new model: text tower with its pre-trained weights and frozen, motion tower random."""
        tower = catalog.load("models.text", text, "Encoder").from_pretrained(text_source)
        config = motion_config or catalog.load("models.motion", motion, "Config").compact()
        encoder = catalog.load("models.motion", motion, "Encoder")(config, dim=tower.dim)
        return cls(tower, encoder, text_name=text, motion_name=motion)

    @property
    def dim(self) -> int:
        """Width of the common space."""
        return self.text.dim

    @property
    def scale(self) -> Float[Tensor, ""]:
        """1 / temperature of the contrastive loss, at most 100."""
        return self.logit_scale.clamp(max=_LARGEST_SCALE).exp()

    @torch.no_grad()
    def bound_scale(self) -> None:
        """Brings a scale above its bound back to it: beyond, there is no gradient to lead back."""
        self.logit_scale.clamp_(max=_LARGEST_SCALE)

    def encode_text(self, captions: str | Sequence[str]) -> Float[Tensor, "caption dim"]:
        """Unit vectors; long captions are cut to the tower's ``max_tokens``."""
        return unit(self.text.encode([captions] if isinstance(captions, str) else captions))

    def encode_motion(
        self, motions: MotionBatch | Motion | Sequence[Motion], *, ranks: Ranks = _ALONE
    ) -> Float[Tensor, "clip dim"]:
        """Unit vectors.

        Motions of any known skeleton and frame rate are made canonical; a batch must be canonical
        already, and alone keeps its gradients. Raises ``ValueError`` when it is not canonical, or
        when joints are no body in metres.

        Of motions that several ``ranks`` are given, each encodes its share of every pass, as many
        passes as the others: weights that are spread over them are put together in each.
        """
        if isinstance(motions, MotionBatch):
            return self._encode_batch(motions)
        return self._encode_all([motions] if isinstance(motions, Motion) else list(motions), ranks)

    @torch.no_grad()
    def _encode_all(self, clips: list[Motion], ranks: Ranks) -> Float[Tensor, "clip dim"]:
        if not clips:
            return self.logit_scale.new_zeros(0, self.dim)
        device = self.logit_scale.device
        clips = [clip.to(device) for clip in self._all_canonical(clips)]
        frames = _FRAMES_ON_CPU if device.type == "cpu" else _FRAMES
        runs = _runs([len(clip) for clip in clips], frames * ranks.count)
        shares = [[clips[i] for i in ranks.share(run)] for run in runs]
        vectors = torch.cat([self._encode_batch(MotionBatch.of(share)) for share in shares])
        vectors = ranks.together(vectors, [len(run) for run in runs])
        order = torch.tensor([number for run in runs for number in run])
        return vectors[order.argsort()]

    def canonical(self, motion: Motion) -> Motion:
        """The motion as this model sees it; returned as it is when it is so already."""
        if is_canonical(motion, fps=self.fps):
            return motion
        self._require_metres(motion)
        return canonical(motion, fps=self.fps)

    def _all_canonical(self, motions: list[Motion]) -> list[Motion]:
        """As :meth:`canonical` makes each; a call is dear, so many are made so at once."""
        if len(motions) == 1:
            return [self.canonical(motions[0])]
        done = are_canonical(motions, fps=self.fps)
        left = [motion for motion, holds in zip(motions, done, strict=True) if not holds]
        for motion in left:
            self._require_metres(motion)
        made = iter(canonical_all(left, fps=self.fps))
        return [m if holds else next(made) for m, holds in zip(motions, done, strict=True)]

    def _require_metres(self, motion: Motion) -> None:
        """Before retargeting makes bones of any numbers rigid."""
        if motion.skeleton.same_tree(_BODY):
            require_metres(MotionBatch.of([motion]), _BODY)

    def _encode_batch(self, batch: MotionBatch) -> Float[Tensor, "clip dim"]:
        if batch.fps != self.fps:
            raise ValueError(
                f"a batch of {batch.fps:g} fps came, the model reads {self.fps:g} fps; "
                f"bring its motions there with moclip.retargeting.canonical"
            )
        return unit(self.motion(batch))

    def similarity(
        self, motions: MotionBatch | Motion | Sequence[Motion], captions: str | Sequence[str]
    ) -> Float[Tensor, "motion caption"]:
        """Cosines."""
        return self.encode_motion(motions) @ self.encode_text(captions).T

    def freeze_text(self) -> None:
        """The text tower no longer learns."""
        self.text.requires_grad_(False)

    def unfreeze_text(self) -> None:
        """The text tower learns from now on, in its own memory: frozen twins stay as they are."""
        for parameter in self.text.parameters():
            if not parameter.requires_grad:
                parameter.data = parameter.data.clone()
                parameter.requires_grad_(True)

    def save_pretrained(  # type: ignore[override]
        self,
        save_directory: str | Path,
        *,
        recipe: str | None = None,
        card: str | None = None,
        weights: Mapping[str, Tensor] | None = None,
        config: Any = None,
        model_card_kwargs: Any = None,
    ) -> None:
        """Writes the model into a folder; see :mod:`moclip.models.checkpoint`.

        ``recipe`` (TOML) and ``card`` (Markdown on the training) are those it was loaded with
        unless given; ``weights`` are its own, unless they had to be put together from several
        devices. The last two arguments are what ``push_to_hub`` passes; they are not needed.
        """
        settings, weights = self._settings(), dict(weights or self.state_dict())
        paperwork = self.paperwork.but(recipe=recipe, card=card)
        checkpoint.write(
            Path(save_directory),
            settings=settings,
            weights=weights,
            save_text_config=self.text.save_config,
            paperwork=paperwork,
            card_text=model_card.render(about(settings, weights), paperwork),
        )

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls, folder_or_hub_id: str | Path, *, revision: str | None = None
    ) -> "MoCLIP":
        """The model of a folder or hub id, in evaluation mode, its text tower frozen.

        Raises ``OSError`` or ``ValueError`` in one sentence when there is none, when files are
        damaged, or when weights are missing, unknown or of another shape.
        """
        folder = checkpoint.find(folder_or_hub_id, revision=revision)
        settings = checkpoint.read_settings(folder, checkpoint.Settings)
        text = catalog.load("models.text", settings.text.tower, "Encoder").from_config(
            folder / checkpoint.TEXT
        )
        text.source = settings.text.source
        model = cls(
            text,
            _motion_tower(settings, folder),
            text_name=settings.text.tower,
            motion_name=settings.motion.tower,
            fps=settings.fps,
        )
        checkpoint.load_weights(model, folder)
        model.paperwork = checkpoint.read_paperwork(folder)
        return model.eval()

    def _settings(self) -> checkpoint.Settings:
        return checkpoint.Settings(
            version=moclip.__version__,
            dim=self.dim,
            fps=self.fps,
            text=checkpoint.Text(tower=self.text_name, source=self.text.source),
            motion=checkpoint.Motion(
                tower=self.motion_name, config=self.motion.config.model_dump(mode="json")
            ),
        )


def _motion_tower(settings: checkpoint.Settings, folder: Path) -> MotionTower:
    name = settings.motion.tower
    try:
        config = catalog.load("models.motion", name, "Config").model_validate(
            settings.motion.config
        )
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ValueError(
            f"{folder / checkpoint.CONFIG} does not fit the motion tower '{name}': "
            f"{key}: {first['msg']}"
        ) from None
    encoder: MotionTower = catalog.load("models.motion", name, "Encoder")(config, dim=settings.dim)
    return encoder


def _runs(lengths: Sequence[int], frames: int) -> list[list[int]]:
    """Numbers of clips, the shortest first, in runs of at most ``frames`` when padded."""
    runs: list[list[int]] = [[]]
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if runs[-1] and (len(runs[-1]) + 1) * lengths[number] > frames:
            runs.append([])
        runs[-1].append(number)
    return runs


def unit(vectors: Float[Tensor, "row dim"]) -> Float[Tensor, "row dim"]:
    """The only place where vectors are brought to unit length; never in half precision."""
    return F.normalize(vectors.to(torch.promote_types(vectors.dtype, torch.float32)), dim=-1)
