"""The three stages as tasks of the loop: their batches, their steps, what is measured."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from moclip.models.generator import length, masked, quantiser_figures, residual
from moclip.models.generator._codes import Codes
from moclip.models.generator._trunk import Guess
from moclip.models.generator.quantiser import Quantiser
from moclip.models.generator.quantiser_loss import quantiser_terms, weighted
from moclip.motion import MotionBatch
from moclip.training import optimiser
from moclip.training.generator.recipe import QuantiserStage, Stage
from moclip.training.generator.tokens import Tokens
from moclip.training.loop import B, Task

Save = Callable[[Mapping[str, Any]], None]


@dataclass(eq=False)
class StageTask(Task[B]):
    """What the stages have in common."""

    stage: Stage
    seed: int
    save_best: Save
    device: torch.device
    model: nn.Module

    def optimiser(self) -> torch.optim.Optimizer:
        return optimiser.adamw(self.model, lr=self.stage.lr, weight_decay=self.stage.weight_decay)

    def set_rates(self, optimizer: torch.optim.Optimizer, step: int) -> dict[str, float]:
        share = optimiser.warm_cosine(step, self.steps * self.stage.epochs, self.stage.warmup)
        for group in optimizer.param_groups:
            group["lr"] = self.stage.lr * share
        return {"stage": self.stage.lr * share}

    def begin(self, epoch: int) -> None:
        self.model.train()

    def batches(self, epoch: int, *, skip: int) -> Iterator[B]:
        draw = torch.Generator().manual_seed(self.seed * 100_003 + epoch)
        order = torch.randperm(self.count, generator=draw).tolist()
        size = self.size
        for step in range(self.steps):
            own = torch.Generator().manual_seed(int(torch.randint(2**62, (), generator=draw)))
            if step >= skip:
                yield self.batch(order[step * size : (step + 1) * size], own)

    @property
    def size(self) -> int:
        return min(self.stage.batch_size, self.count)

    @property
    def steps(self) -> int:  # type: ignore[override]
        """Of an epoch; a remainder is left out, so that all batches weigh the same."""
        return max(1, self.count // self.size)

    @property
    @abstractmethod
    def count(self) -> int:
        """Clips to train on."""

    @abstractmethod
    def batch(self, members: list[int], draw: torch.Generator) -> B:
        """Of these clips."""

    def score(self, measured: dict[str, float]) -> float:
        return -measured["loss"]

    def save(self, measured: dict[str, Any]) -> None:
        self.save_best(measured)


@dataclass(eq=False)
class QuantiserTask(StageTask[tuple[Tensor, Tensor]]):
    """Stretches of clips through codebooks and back."""

    model: Quantiser
    stage: QuantiserStage
    clips: Sequence[Float[Tensor, "_ channel"]]
    """Features of whole clips, so that stretches keep their floor and heading."""
    held_out: Sequence[MotionBatch]

    @property
    def count(self) -> int:
        return len(self.clips)

    def batch(
        self, members: list[int], draw: torch.Generator
    ) -> tuple[Float[Tensor, "clip frame channel"], Bool[Tensor, "clip frame"]]:
        window = self.stage.window
        features = torch.zeros(len(members), window, self.clips[0].shape[1])
        mask = torch.zeros(len(members), window, dtype=torch.bool)
        for row, member in enumerate(members):
            clip = self.clips[member]
            start = int(torch.randint(max(1, len(clip) - window + 1), (), generator=draw))
            part = clip[start : start + window]
            features[row, : len(part)], mask[row, : len(part)] = part, True
        return features, mask

    def step(
        self, batch: tuple[Tensor, Tensor], *, is_last: bool
    ) -> tuple[Tensor, dict[str, float]]:
        features, mask = (part.to(self.device) for part in batch)
        made = self.model.reconstruct(features, mask)
        terms = quantiser_terms(made)
        figures = {name: term.item() for name, term in terms.items()}
        return self._loss(terms, self._come_in), figures | {"perplexity": made.perplexity[0].item()}

    def set_rates(self, optimizer: torch.optim.Optimizer, step: int) -> dict[str, float]:
        share = step / (self.steps * self.stage.epochs)
        self._come_in = min(1.0, max(0.0, 4 * share - 1))
        return super().set_rates(optimizer, step)

    def validate(self) -> dict[str, float]:
        """Over all held-out frames together, however they are batched."""
        found = quantiser_figures.measure(self.model, self.held_out)
        sums, frames = torch.zeros(()), 0
        for batch in self.held_out:
            own = int(batch.mask.sum())
            sums = sums + own * self._loss(quantiser_terms(self.model(batch)), 1.0).cpu()
            frames += own
        use = sum(found.codebook_use) / len(found.codebook_use)
        errors = {"joint_error": found.joint_error, "pose_error": found.pose_error}
        return {"loss": float(sums) / frames, "codebook_use": use} | errors

    def _loss(self, terms: Mapping[str, Tensor], share: float) -> Tensor:
        """With so much of the terms that come in later."""
        stage = self.stage
        return weighted(terms, joints=share * stage.joints, velocities=share * stage.velocities)


@dataclass(frozen=True, eq=False)
class TokenBatch:
    """Tokens of clips and the raw vector of one caption of each."""

    codes: Codes
    text: Float[Tensor, "clip dim"]
    seed: int
    """Of what is hidden."""


@dataclass(eq=False)
class TokenTask(StageTask[TokenBatch]):
    """Tokens told from others and from words; the masked stage teaches the lengths as well."""

    model: nn.ModuleDict
    """``tokens``, and perhaps ``length``."""
    train: Tokens
    held_out: Tokens
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.train)

    def batch(self, members: list[int], draw: torch.Generator) -> TokenBatch:
        codes, text = self.train.of(members, draw)
        return TokenBatch(codes, text, int(torch.randint(2**62, (), generator=draw)))

    def step(self, batch: TokenBatch, *, is_last: bool) -> tuple[Tensor, dict[str, float]]:
        codes, text = batch.codes.to(self.device), batch.text.to(self.device)
        guess = self._guess(codes, text, batch.seed)
        figures = {"tokens": guess.loss.item(), "accuracy": guess.accuracy.item()}
        loss = guess.loss
        if "length" in self.model:
            spans = self._lengths.loss(text, codes)
            loss, figures = loss + spans, figures | {"length": spans.item()}
        return loss, figures

    def _guess(self, codes: Codes, text: Tensor, seed: int) -> Guess:
        network = self.model["tokens"]
        assert isinstance(network, masked.Transformer | residual.Transformer)
        return network.loss(codes, text, generator=torch.Generator().manual_seed(seed))

    @property
    def _lengths(self) -> length.Predictor:
        found = self.model["length"]
        assert isinstance(found, length.Predictor)
        return found

    def validate(self) -> dict[str, float]:
        """On all held-out clips, the same tokens hidden every time."""
        sums: dict[str, float] = {}
        parts = self.held_out.in_order(self.stage.batch_size)
        for number, (codes, text) in enumerate(parts):
            loss, figures = self.step(TokenBatch(codes, text, number), is_last=False)
            for name, value in (figures | {"loss": loss.item()}).items():
                sums[name] = sums.get(name, 0.0) + value * len(codes) / len(self.held_out)
        return sums
