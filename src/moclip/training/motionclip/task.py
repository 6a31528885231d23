"""MotionCLIP as a task of the loop."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from moclip.models.autoencoder.frames import FPS, Frames
from moclip.models.autoencoder.model import MotionCLIP
from moclip.motion import CaptionedMotion
from moclip.training import optimiser
from moclip.training.loop import Task
from moclip.training.motionclip.batches import Batch, Batches
from moclip.training.motionclip.objective import motionclip, weighted
from moclip.training.motionclip.recipe import Recipe

_CHUNK = 64


@dataclass(eq=False)
class AutoencoderTask(Task[Batch]):
    model: MotionCLIP
    recipe: Recipe
    stream: Batches
    held_out: Batches
    """The validation clips, which are taken in one order, uncut."""
    save_best: Callable[[dict[str, Any]], None]
    device: torch.device

    def __post_init__(self) -> None:
        self.steps = len(self.stream)

    def optimiser(self) -> torch.optim.Optimizer:
        options = self.recipe.optimiser
        return optimiser.adamw(self.model, lr=options.lr, weight_decay=options.weight_decay)

    def set_rates(self, optimizer: torch.optim.Optimizer, step: int) -> dict[str, float]:
        schedule = self.recipe.schedule
        share = optimiser.warm_cosine(step, self.steps * schedule.epochs, schedule.warmup)
        for group in optimizer.param_groups:
            group["lr"] = self.recipe.optimiser.lr * share
        return {"motion": self.recipe.optimiser.lr * share}

    def begin(self, epoch: int) -> None:
        self.model.train()
        self.model.text.eval().requires_grad_(False)

    def batches(self, epoch: int, *, skip: int) -> Iterator[Batch]:
        return self.stream.epoch(epoch, skip=skip)

    def step(self, batch: Batch, *, is_last: bool) -> tuple[Tensor, dict[str, float]]:
        noise, weights = self.recipe.augment.noise, self.recipe.loss
        terms = motionclip(self.model, batch.to(self.device), weights, noise=noise)
        return weighted(terms, weights), {name: term.item() for name, term in terms.items()}

    def validate(self) -> dict[str, float]:
        """Terms and errors on held-out clips; the caller's random numbers are left alone."""
        sums: dict[str, float] = {}
        with torch.random.fork_rng():
            torch.manual_seed(0)
            for batch in self.held_out.in_order():
                batch = batch.to(self.device)
                terms = motionclip(self.model, batch, self.recipe.loss)
                figures = {name: term.item() for name, term in terms.items()}
                figures["loss"] = weighted(terms, self.recipe.loss).item()
                share = len(batch.text) / len(self.held_out.clips)
                for name, value in figures.items():
                    sums[name] = sums.get(name, 0.0) + value * share
        return sums | path_error(self.model, self.held_out.clips)

    def score(self, measured: dict[str, float]) -> float:
        return -measured["loss"]

    def save(self, measured: dict[str, Any]) -> None:
        self.save_best(measured)


def path_error(model: MotionCLIP, clips: Sequence[CaptionedMotion]) -> dict[str, float]:
    """Metres by which the root's path is off, on average over stretches of two seconds."""
    window, errors = round(2 * FPS), []
    for at in range(0, len(clips), _CHUNK):
        frames = Frames.of([clip.motion for clip in clips[at : at + _CHUNK]]).to(model.mean.device)
        made = model.decode_frames(model.encode_frames(frames), frames.lengths)
        off = (made.joints - frames.joints)[:, :, 0]
        for own, length in zip(off, frames.lengths.tolist(), strict=True):
            for start in range(0, max(1, length - window), window // 2):
                stretch = own[start : min(start + window, length)]
                errors.append((stretch - stretch[:1]).norm(dim=-1).mean())
    return {"path_error": torch.stack(errors).mean().item()}
