"""Training of our own evaluator: captions and labels of real motion, nothing pre-trained."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor
from torch.optim.lr_scheduler import OneCycleLR
from tqdm import tqdm

from moclip.evaluation.evaluator_quality import quality
from moclip.evaluation.figures import Report
from moclip.losses import contrastive, false_negatives
from moclip.models.evaluator import _frames
from moclip.models.evaluator._hashed_words import vocabulary
from moclip.models.evaluator.own import Config, Evaluator
from moclip.motion import CaptionedMotion
from moclip.training._examples import IGNORED, Batch, Examples
from moclip.training._recipe import Seed
from moclip.training.batches import with_mirrored
from moclip.training.sections import Section

_LARGEST_SCALE = math.log(100)
_CLIP = 1.0
"""Largest norm of the gradient."""


class Options(Section):
    """Everything but the clips that decides an evaluator."""

    epochs: int = Field(40, ge=1)
    batch_size: int = Field(128, ge=2)
    lr: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    warmup: float = Field(0.1, gt=0, lt=1)
    """Share of the steps over which the learning rate rises."""
    labels: tuple[str, ...] | None = None
    """Kinds of labels to tell; all that the clips have, if absent."""
    label_weight: float = Field(1.0, ge=0)
    """Of telling labels, beside that of telling captions."""
    smoothing: float = Field(0.1, ge=0, lt=1)
    """Share of a label's probability spread over all labels."""
    crop: float = Field(0.8, gt=0, le=1)
    """Smallest share of a clip that a random cut leaves."""
    noise: float = Field(0.05, ge=0)
    """On frames, in deviations of each channel."""
    mirror: Literal["off", "known", "all"] = "known"
    """Mirrored twins; see :class:`moclip.training.sections.Augment`."""
    seed: Seed = 0
    sizes: Config = Config()


@dataclass(frozen=True, eq=False)
class Fitted:
    """An evaluator and what was measured of it on the way."""

    evaluator: Evaluator
    """Of the best epoch."""
    validation: Report
    """Of that epoch, on held-out clips."""
    epoch: int


def fit(
    train: Sequence[CaptionedMotion],
    val: Sequence[CaptionedMotion],
    options: Options,
    *,
    device: str = "cpu",
    progress: bool = False,
) -> Fitted:
    """Trains an evaluator; the epoch that is best on ``val`` is returned.

    Raises ``ValueError`` when there are fewer than two clips in either, ``LookupError`` for a kind
    of label they do not have.
    """
    if min(len(train), len(val)) < 2:
        raise ValueError(
            f"{len(train)} clips to train on and {len(val)} to validate on, wanted at least 2 each"
        )
    clips = Examples.of(with_mirrored(train, options.mirror), options.labels)
    with torch.random.fork_rng():
        torch.manual_seed(options.seed)
        evaluator = new_evaluator(clips, options).to(device)
        return _Run(evaluator, clips, val, options).all_epochs(progress=progress)


def new_evaluator(clips: Examples, options: Options) -> Evaluator:
    """Random weights, scaled to the clips' frames; their words and labels are known."""
    words = vocabulary([caption for own in clips.captions for caption in own])
    evaluator = Evaluator(options.sizes, words=words, labels=clips.classes)
    evaluator.motion.fit_normalisation(clips.frames)
    return evaluator


def loss_of(evaluator: Evaluator, batch: Batch, options: Options) -> Float[Tensor, ""]:
    """Symmetric InfoNCE between motions and captions, and cross-entropy of every kind of label."""
    gathered = evaluator.gather_frames(batch.frames)
    motion, text = evaluator.motion_vectors(gathered), evaluator.text_vectors(batch.captions)
    same = false_negatives(batch.numbers, batch.own, text.detach())
    scale = evaluator.logit_scale.clamp(max=_LARGEST_SCALE).exp()
    loss = contrastive(motion, text, scale, ignore=same)
    for kind, truth in batch.labels.items():
        scores = evaluator.label_scores(gathered, kind)
        wrong = F.cross_entropy(
            scores,
            truth,
            ignore_index=IGNORED,
            label_smoothing=options.smoothing,
            reduction="sum",
        )
        loss = loss + options.label_weight * wrong / (truth != IGNORED).sum().clamp(min=1)
    return loss


class _Run:
    """The state of one training."""

    def __init__(
        self,
        evaluator: Evaluator,
        clips: Examples,
        val: Sequence[CaptionedMotion],
        options: Options,
    ) -> None:
        self.evaluator, self.clips, self.val, self.options = evaluator, clips, val, options
        self.held_out = _frames.measure([clip.motion for clip in val])
        self.noise = options.noise * evaluator.motion.deviation.cpu()
        self.optimiser = torch.optim.AdamW(_groups(evaluator, options), lr=options.lr)
        whole, rest = divmod(len(clips), options.batch_size)
        self.schedule = OneCycleLR(
            self.optimiser,
            options.lr,
            total_steps=options.epochs * (whole + (rest > 1)) + 1,
            pct_start=options.warmup,
        )

    def all_epochs(self, *, progress: bool) -> Fitted:
        best, best_score, best_epoch, report = {}, -math.inf, 0, None
        bar = tqdm(range(1, self.options.epochs + 1), unit="epoch", disable=not progress)
        for epoch in bar:
            loss = self._epoch(epoch)
            found = self._validated()
            bar.set_postfix(loss=f"{loss:.3f}", score=f"{score(found):.1f}")
            if score(found) >= best_score:
                best = {k: v.clone() for k, v in self.evaluator.state_dict().items()}
                best_score, best_epoch, report = score(found), epoch, found
        assert report is not None
        self.evaluator.load_state_dict(best)
        return Fitted(self.evaluator.eval().requires_grad_(False), report, best_epoch)

    def _epoch(self, epoch: int) -> float:
        """Mean loss."""
        options, losses = self.options, []
        draw = torch.Generator().manual_seed(options.seed * 100_003 + epoch)
        self.evaluator.train()
        for batch in self.clips.batches(
            options.batch_size, crop=options.crop, noise=self.noise, draw=draw
        ):
            loss = loss_of(self.evaluator, batch.to(self.evaluator.logit_scale.device), options)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.evaluator.parameters(), _CLIP)
            self.optimiser.step()
            with torch.no_grad():  # above the bound there is no gradient that would lead back
                self.evaluator.logit_scale.clamp_(max=_LARGEST_SCALE)
            self.schedule.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    def _validated(self) -> Report:
        self.evaluator.eval()
        with torch.no_grad():
            gathered = self.evaluator.gather_frames(self.held_out)
        return quality(self.evaluator, self.val, gathered=gathered, samples=0)


def score(report: Report) -> float:
    """By which the best epoch is chosen: mean of R-precision (top-3) and accuracies, in percent."""
    figures = [report.retrieval["text->motion"]["R@3"]]
    figures += [told["top-1"] for told in report.recognition.values()]
    return sum(figure.value for figure in figures) / len(figures)


def _groups(evaluator: Evaluator, options: Options) -> list[dict[str, Any]]:
    """Only matrices decay."""
    parameters = list(evaluator.parameters())
    return [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": options.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
