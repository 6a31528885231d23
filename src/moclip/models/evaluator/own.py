"""Our own evaluator: small, trained from scratch on the data set whose generators it judges.

It shares no weights with what it judges: no CLIP, no sentence encoder, no motion tower. Motions are
HumanML3D's exact features through two convolutions over time (as in Guo et al., CVPR 2022) and a
small transformer; captions are learned words through another. Besides, it tells the classes of the
data set (content, style), so it serves as an independent recogniser.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.torch import save_file
from torch import Tensor, nn

from moclip import __version__
from moclip.files import read_bounded
from moclip.models import checkpoint
from moclip.models.evaluator import _frames, base
from moclip.models.evaluator._frames import Frames
from moclip.models.evaluator._networks import Config, MotionNetwork, TextNetwork
from moclip.models.two_tower import unit
from moclip.motion import Motion

__all__ = ["Config", "Evaluator", "Settings"]

_CHUNK = 64


class Settings(BaseModel):
    """What ``config.json`` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    library: Literal["moclip"] = "moclip"
    kind: Literal["evaluator"] = "evaluator"
    format: Literal[1] = 1
    version: str = __version__
    """Of the moclip that wrote it."""
    config: Config
    words: tuple[str, ...]
    labels: dict[str, tuple[str, ...]]


class Evaluator(base.Evaluator):
    """Unit vectors, and probabilities of the labels it was trained on.

    ``words`` are the vocabulary, ``labels`` the classes of each kind.
    """

    def __init__(
        self, config: Config, *, words: Sequence[str], labels: Mapping[str, Sequence[str]]
    ) -> None:
        super().__init__()
        self.config, self.dim = config, config.dim
        self.words = tuple(words)
        self.labels = {kind: tuple(names) for kind, names in labels.items()}
        self.motion, self.text = MotionNetwork(config), TextNetwork(config, words)
        self.motion_out = nn.Linear(config.width, config.dim)
        self.text_out = nn.Linear(config.width, config.dim)
        self.heads = nn.ModuleList(nn.Linear(config.width, len(n)) for n in self.labels.values())
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    @torch.no_grad()
    def encode_motion(self, motions: Sequence[Motion]) -> Float[Tensor, "clip dim"]:
        """Unit vectors."""
        return self.motion_vectors(self.gather(motions))

    @torch.no_grad()
    def encode_text(
        self, captions: Sequence[str], tokens: Sequence[base.Tokens] | None = None
    ) -> Float[Tensor, "caption dim"]:
        """Unit vectors; parts of speech are not read."""
        chunks = [captions[i : i + _CHUNK] for i in range(0, len(captions), _CHUNK)]
        rows = [self.text_vectors(chunk) for chunk in chunks]
        return torch.cat(rows) if rows else self.logit_scale.new_zeros(0, self.dim)

    @torch.no_grad()
    def recognise(self, motions: Sequence[Motion], kind: str) -> list[dict[str, float]]:
        """Probability of each label of a kind such as ``content``, the likeliest first.

        Raises ``LookupError`` naming the kinds there are.
        """
        names = self.labels_of(kind)
        rows = self.label_scores(self.gather(motions), kind).softmax(dim=-1)
        found = [dict(zip(names, row, strict=True)) for row in rows.tolist()]
        return [dict(sorted(row.items(), key=lambda pair: -pair[1])) for row in found]

    def labels_of(self, kind: str) -> tuple[str, ...]:
        """Classes of a kind. Raises ``LookupError`` naming the kinds there are."""
        if kind not in self.labels:
            there = ", ".join(self.labels) or "none"
            raise LookupError(f"the evaluator tells no '{kind}'; it tells: {there}")
        return self.labels[kind]

    def gather(self, motions: Sequence[Motion]) -> Float[Tensor, "clip width"]:
        """What is known of each motion, before it is compared with captions or labels."""
        return self.gather_frames(_frames.measure(motions))

    def gather_frames(
        self, clips: Sequence[Float[Tensor, "_ channel"]]
    ) -> Float[Tensor, "clip width"]:
        """The same of frames already measured, like lengths together."""
        device = self.logit_scale.device
        chunks = _frames.by_length(clips, max(1, min(_CHUNK, len(clips) // 4)))
        rows = [self.motion(Frames.of([clips[i].to(device) for i in chunk])) for chunk in chunks]
        if not rows:
            return self.logit_scale.new_zeros(0, self.config.width)
        order = torch.tensor([i for chunk in chunks for i in chunk], device=device)
        return torch.cat(rows)[order.argsort()]

    def motion_vectors(self, gathered: Float[Tensor, "clip width"]) -> Float[Tensor, "clip dim"]:
        """Unit vectors."""
        return unit(self.motion_out(gathered))

    def text_vectors(self, captions: Sequence[str]) -> Float[Tensor, "caption dim"]:
        """Unit vectors of a few captions, with their gradients."""
        return unit(self.text_out(self.text(captions)))

    def label_scores(
        self, gathered: Float[Tensor, "clip width"], kind: str
    ) -> Float[Tensor, "clip label"]:
        """Logits of the labels of a kind."""
        return self.heads[list(self.labels).index(kind)](gathered)

    def save(self, folder: Path, *, card: str) -> None:
        """Fills a folder: ``config.json``, ``model.safetensors`` and a card."""
        settings = Settings(config=self.config, words=self.words, labels=self.labels)
        (folder / checkpoint.CONFIG).write_text(settings.model_dump_json(indent=1) + "\n")
        (folder / checkpoint.CARD).write_text(card)
        weights = {name: value.cpu().contiguous() for name, value in self.state_dict().items()}
        save_file(weights, folder / checkpoint.WEIGHTS, {"format": "pt"})

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "Evaluator":
        """The evaluator of a folder, frozen and in evaluation mode.

        Raises ``OSError`` or ``ValueError`` in one sentence when there is none or it is damaged.
        """
        folder = Path(folder)
        path = folder / checkpoint.CONFIG
        if not path.is_file():
            raise FileNotFoundError(f"{folder} holds no evaluator: there is no {checkpoint.CONFIG}")
        try:
            settings = Settings.model_validate_json(read_bounded(path, 2**26))
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"])) or "file"
            raise ValueError(
                f"{path} is no evaluator's ({key}: {first['msg']}); wanted a folder of "
                "`moclip train-evaluator`"
            ) from None
        made = cls(settings.config, words=settings.words, labels=settings.labels)
        checkpoint.load_weights(made, folder)
        return made.eval().requires_grad_(False)
