"""The training loop, whatever is trained: steps, validation, figures, a state to take up again."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from tqdm import tqdm

from moclip.ranks import Ranks
from moclip.training import metrics, sharding, start
from moclip.training._stream import ahead, undisturbed
from moclip.training.sections import Pace
from moclip.training.state import (
    Progress,
    has_state,
    load_state,
    peek,
    random_state,
    save_state,
)

B = TypeVar("B")


class Task(ABC, Generic[B]):
    """What is trained: its batches, its step, how it is measured."""

    model: nn.Module
    steps: int
    """Of an epoch."""

    @abstractmethod
    def optimiser(self) -> torch.optim.Optimizer:
        """Over all that ever learns."""

    @abstractmethod
    def set_rates(self, optimiser: torch.optim.Optimizer, step: int) -> dict[str, float]:
        """Sets the learning rates of a step, counted over all epochs, and returns them by name."""

    @abstractmethod
    def begin(self, epoch: int) -> None:
        """Decides which parameters learn. Called before a state is saved or loaded, too."""

    @abstractmethod
    def batches(self, epoch: int, *, skip: int) -> Iterator[B]:
        """Of one epoch, without the first ``skip``; the same whenever they are asked for."""

    @abstractmethod
    def step(self, batch: B, *, is_last: bool) -> tuple[Tensor, dict[str, float]]:
        """The loss of a batch, and the figures whose mean over the epoch is written."""

    def settle(self) -> None:
        """After each update: what may not leave its bounds is brought back."""
        return

    def facts(self) -> dict[str, Any]:
        """What else the row of an epoch says."""
        return {}

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Figures of the validation split."""

    @abstractmethod
    def score(self, measured: dict[str, float]) -> float:
        """By which of them the best epoch is chosen: the highest."""

    @abstractmethod
    def save(self, measured: dict[str, Any]) -> None:
        """Writes the model, which is the best so far.

        Asked of the first rank, or of all where they must put the model together.
        """


@dataclass(eq=False)
class Loop(Generic[B]):
    """One run in one folder.

    The model is saved whenever its score is at least as high as before. A run that is interrupted
    leaves a state; :meth:`run` takes it up and gives the same losses as if nothing had happened.

    Several ranks run the same loop, each with its share of every batch; the first alone writes.
    """

    task: Task[B]
    epochs: int
    pace: Pace
    seed: int
    clip: float
    """Largest norm of the gradient."""
    out: Path
    accelerator: Accelerator
    show_progress: bool = False
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        self.model = self.task.model
        self.optimiser = self.accelerator.prepare(self.task.optimiser())
        self._saved_at = time.monotonic()
        self.ranks = Ranks.now()
        self._is_sharded = sharding.is_sharded(self.model)
        self._is_torn = False

    def run(self, *, stop_after: int | None = None) -> None:
        """All epochs that are left, or those up to ``stop_after``.

        On Ctrl-C the state is written before it is raised again. Raises ``ValueError`` while
        another process trains into the folder.
        """
        last = self.epochs if stop_after is None else stop_after
        with start.alone(self.out), torch.random.fork_rng():
            torch.manual_seed(self.seed)
            self._take_up()
            try:
                for epoch in range(self.progress.epoch, last):
                    self._epoch(epoch)
                if stop_after is not None:
                    self._save_state()
            except KeyboardInterrupt:
                # The parts of other ranks could be a step apart; half a step is none.
                if not (self._is_sharded or self._is_torn):
                    self._save_state()
                raise
            finally:
                self._bar.close()

    def _take_up(self) -> None:
        is_begun = self.ranks.agreed(has_state(self.out))
        if is_begun:
            self.progress = peek(self.out)
        if self.ranks.leads:
            metrics.trim(self.out / "metrics.jsonl", self.progress.epoch)
        self.task.begin(self._last_taught())
        if is_begun:
            load_state(self.out, self.model, self.optimiser)
        self._random = random_state()
        self.ranks.wait()
        if not is_begun:
            self._save_state()
        done = self.progress.epoch * self.task.steps + self.progress.step
        if not self.ranks.leads:  # other dropout than the first rank's
            torch.manual_seed((self.seed * 100_003 + done) * 1009 + self.ranks.own)
        self._bar = tqdm(
            total=self.epochs * self.task.steps,
            initial=done,
            unit="step",
            disable=not (self.show_progress and self.ranks.leads),
        )

    def _last_taught(self) -> int:
        """The last epoch of which a step was taken: what learned in it is what a state holds."""
        return max(0, self.progress.epoch - (self.progress.step == 0))

    def _epoch(self, epoch: int) -> None:
        self.task.begin(epoch)
        stream = self.task.batches(epoch, skip=self.progress.step)
        if self.accelerator.device.type == "cuda":  # the processor is free meanwhile
            stream = ahead(stream)
        asked = time.monotonic()
        while (batch := next(stream, None)) is not None:
            asked = self._step(batch, epoch, asked)
        self._finish_epoch(epoch)

    def _step(self, batch: B, epoch: int, asked: float) -> float:
        """A batch that was ``asked`` for at that time is learnt; returns when that was done.

        Ctrl-C waits: a forward pass may have changed buffers already.
        """
        came = time.monotonic()
        with undisturbed():
            self._is_torn = True
            measured = self._learn(batch, epoch)
            done = time.monotonic()
            self._add(measured | {"seconds": done - asked, "data_wait": came - asked})
            self.progress.step += 1
            self._random = random_state()
            self._is_torn = False
        told = f"epoch {epoch + 1}, loss {measured['loss']:.3f}"
        self._bar.set_description(told, refresh=False)
        self._bar.update()
        return done

    def _learn(self, batch: B, epoch: int) -> dict[str, float]:
        self.task.set_rates(self.optimiser, epoch * self.task.steps + self.progress.step)
        with self.accelerator.autocast():
            loss, measured = self.task.step(
                batch, is_last=self.progress.step == self.task.steps - 1
            )
        if not torch.isfinite(loss):
            raise ValueError(f"the loss is {loss.item()} at epoch {epoch}; lower the learning rate")
        self.accelerator.backward(loss)
        measured = measured | {"loss": loss.item(), "grad_norm": self._clipped()}
        self.optimiser.step()
        self.task.settle()
        self.optimiser.zero_grad(set_to_none=True)
        return measured

    def _clipped(self) -> float:
        """The gradient's norm before it is clipped, all ranks' gradients having been averaged."""
        learning = [p for p in self.model.parameters() if p.grad is not None]
        gradients = [p.grad for p in learning if p.grad is not None]
        self.ranks.average(g for g in gradients if sharding.local(g) is g)
        if self._is_sharded:
            return sharding.clip(gradients, self.clip)
        return float(self.accelerator.clip_grad_norm_(learning, self.clip))

    def _add(self, values: dict[str, float]) -> None:
        sums = self.progress.sums
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value

    def _finish_epoch(self, epoch: int) -> None:
        """Validation and a line of figures; done again if it is interrupted."""
        row = self._row(epoch)
        is_last = epoch + 1 == self.epochs
        if is_last or (epoch + 1) % self.pace.validate_every == 0:
            row |= self._validated(epoch)
        if self.ranks.leads:
            metrics.append(self.out / "metrics.jsonl", row)
        done = self.progress
        self.progress = Progress(
            epoch + 1, 0, done.best, done.best_epoch, done.seconds + row["seconds"]
        )
        minutes = (time.monotonic() - self._saved_at) / 60
        if self.ranks.agreed(is_last or minutes >= self.pace.state_minutes):
            self._save_state()

    def _row(self, epoch: int) -> dict[str, Any]:
        """Figures of the epoch's steps: means of the loss terms, times, rates of the last step."""
        steps, sums = self.task.steps, self.progress.sums
        row: dict[str, Any] = {"epoch": epoch + 1}
        row |= {name: total / steps for name, total in sums.items()}
        seconds, waited = sums.get("seconds", 0.0), sums.get("data_wait", 0.0)  # older states: none
        row |= {"seconds": seconds, "data_wait": waited / max(seconds, 1e-9)}
        rates = self.task.set_rates(self.optimiser, (epoch + 1) * steps - 1)
        return row | {f"lr_{name}": rate for name, rate in rates.items()} | self.task.facts()

    def _validated(self, epoch: int) -> dict[str, float]:
        self.model.eval()
        # What FSDP puts together in inference mode could not learn afterwards.
        with torch.no_grad() if self._is_sharded else torch.inference_mode():
            measured = self.task.validate()
        score = self.task.score(measured)
        if score >= self.progress.best:
            self.progress.best, self.progress.best_epoch = score, epoch + 1
            if self.ranks.leads or self._is_sharded:
                self.task.save({"epoch": epoch + 1, **measured})
        return {f"val_{name}": value for name, value in measured.items()}

    def _save_state(self) -> None:
        self.task.begin(self._last_taught())
        save_state(self.out, self.model, self.optimiser, self.progress, self._random)
        self._saved_at = time.monotonic()
