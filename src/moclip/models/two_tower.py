"""MoCLIP: a text tower and a motion tower that meet on the unit sphere (arXiv 2505.10810)."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from huggingface_hub import PyTorchModelHubMixin
from jaxtyping import Float
from torch import Tensor, nn

from moclip import catalog, retargeting, skeletons
from moclip.motion import Motion, MotionBatch

FPS = 20.0
"""Frames per second at which every model sees a motion (HumanML3D's)."""
_LARGEST_STRETCH = 0.1
"""Metres by which a bone may change its length before the joints are taken for something else."""


class MoCLIP(nn.Module, PyTorchModelHubMixin):
    """Captions and motions to unit vectors of one space.

    The towers return raw vectors; this is the one place that normalises. Train or eval mode and the
    grad mode are the caller's.
    """

    def __init__(
        self,
        text: Any,
        motion: Any,
        *,
        text_name: str = "minilm",
        motion_name: str = "limbs",
        fps: float = FPS,
    ) -> None:
        super().__init__()
        if text.dim != motion.dim:
            raise ValueError(
                f"text vectors have {text.dim} dimensions, motion vectors {motion.dim}"
            )
        self.text, self.motion = text, motion
        self.text_name, self.motion_name = text_name, motion_name
        self.fps, self.dim = fps, int(text.dim)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        """Logarithm of 1 / temperature."""
        self.freeze_text()

    @classmethod
    def create(
        cls,
        text: str = "minilm",
        *,
        text_source: str | None = None,
        motion: str = "limbs",
        motion_config: Any = None,
    ) -> "MoCLIP":
        """A new model: a pre-trained text tower beside a motion tower drawn at random."""
        text_tower = catalog.load("models.text", text, "Encoder").from_pretrained(text_source)
        config = motion_config or catalog.load("models.motion", motion, "Config")()
        motion_tower = catalog.load("models.motion", motion, "Encoder")(config, dim=text_tower.dim)
        return cls(text_tower, motion_tower, text_name=text, motion_name=motion)

    @property
    def device(self) -> torch.device:
        return self.logit_scale.device

    @property
    def scale(self) -> Float[Tensor, ""]:
        """1 / temperature, at most 100."""
        return self.logit_scale.clamp(max=math.log(100)).exp()

    def encode_text(
        self, captions: str | Sequence[str], *, chunk: int = 256
    ) -> Float[Tensor, "caption dim"]:
        """Unit vectors of captions, in their order. Captions beyond the tower's length are cut."""
        captions = [captions] if isinstance(captions, str) else list(captions)
        return F.normalize(self.text.encode(captions, chunk=chunk).float(), dim=-1)

    def encode_motion(
        self, motions: MotionBatch | Motion | Sequence[Motion], *, chunk: int = 64
    ) -> Float[Tensor, "clip dim"]:
        """Unit vectors of motions, in their order.

        Motions of any known skeleton and frame rate are made canonical first; a batch must be so
        already. Raises ``ValueError`` for a batch that is not, and for joints that are no body.
        """
        if isinstance(motions, MotionBatch):
            return self._encode_batch(motions)
        motions = [motions] if isinstance(motions, Motion) else list(motions)
        if not motions:
            raise ValueError("there is no motion to encode")
        motions = [self.canonical(motion) for motion in motions]
        order = sorted(range(len(motions)), key=lambda i: len(motions[i]))
        chunks = [
            self._encode_batch(MotionBatch.of([motions[i] for i in order[start : start + chunk]]))
            for start in range(0, len(order), chunk)
        ]
        place = torch.empty(len(order), dtype=torch.long, device=self.device)
        place[torch.tensor(order, device=self.device)] = torch.arange(
            len(order), device=self.device
        )
        return torch.cat(chunks)[place]

    def canonical(self, motion: Motion) -> Motion:
        """The motion as this model sees it; returned as it is when it is so already."""
        if retargeting.is_canonical(motion, fps=self.fps):
            return motion
        return retargeting.canonical(motion, fps=self.fps)

    def _encode_batch(self, batch: MotionBatch) -> Float[Tensor, "clip dim"]:
        wanted = skeletons.get("humanml3d")
        if not batch.skeleton.same_tree(wanted) or batch.fps != self.fps:
            raise ValueError(
                f"the batch has skeleton '{batch.skeleton.name}' at {batch.fps:g} fps, the model "
                f"takes 'humanml3d' at {self.fps:g}; pass motions, or retargeting.canonical of each"
            )
        _check_bones(batch)
        return F.normalize(self.motion(batch.to(self.device)).float(), dim=-1)

    def similarity(
        self, motions: MotionBatch | Motion | Sequence[Motion], captions: str | Sequence[str]
    ) -> Float[Tensor, "motion caption"]:
        """Cosines of every motion with every caption."""
        return self.encode_motion(motions) @ self.encode_text(captions).T

    def freeze_text(self) -> None:
        self.text.requires_grad_(False)

    def unfreeze_text(self) -> None:
        """Lets the text tower learn; from here on it shares no memory with its frozen twins."""
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
        **_: Any,
    ) -> None:
        """Writes config.json, model.safetensors, text/, README.md and, if given, recipe.toml."""
        from moclip.models import checkpoint

        checkpoint.save(self, Path(save_directory), recipe=recipe, card=card)

    @classmethod
    def from_pretrained(cls, source: str | Path, **hub: Any) -> "MoCLIP":  # type: ignore[override]
        """From a folder or a hub id, strictly; ``hub`` goes to ``snapshot_download``.

        Raises ``ValueError`` in one sentence for a missing, damaged or foreign file.
        """
        from moclip.models import checkpoint

        return checkpoint.load(source, **hub)


def _check_bones(batch: MotionBatch) -> None:
    """Joints recovered from z-scored features stretch and shrink; a body does not."""
    parents = list(batch.skeleton.parents[1:])
    lengths = (batch.joints[:, :, 1:] - batch.joints[:, :, parents]).norm(dim=-1)
    real = batch.mask[..., None]
    mean = lengths.sum(dim=1, keepdim=True) / real.sum(dim=1, keepdim=True)
    stretch = ((lengths - mean).abs() * real).amax(dim=(0, 1))
    if float(stretch.max()) > _LARGEST_STRETCH:
        bone = batch.skeleton.joint_names[1 + int(stretch.argmax())]
        raise ValueError(
            f"the bone to '{bone}' changes its length by {float(stretch.max()):.2f} m; joints must "
            "be in metres, not recovered from normalised features"
        )
