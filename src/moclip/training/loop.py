"""The training loop: two phases, one optimiser, validation, a state to take up again."""

import json
import logging
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from tqdm import tqdm

from moclip.files import write_atomically
from moclip.models.two_tower import MoCLIP
from moclip.training import objectives, optimiser
from moclip.training.batches import Batches
from moclip.training.objectives import Batch, Step
from moclip.training.recipe import Recipe
from moclip.training.state import (
    Progress,
    has_state,
    load_state,
    peek,
    random_state,
    save_state,
)

_log = logging.getLogger(__name__)

Validate = Callable[[MoCLIP], dict[str, float]]
"""Measures the model on the validation split; must return ``R@1``, in percent."""


@dataclass(eq=False)
class Loop:
    """One run of one recipe in one folder.

    ``save_best`` is called whenever validation R@1 is at least as high as before. A run that is
    interrupted leaves a state; :meth:`run` takes it up and gives the same losses as if nothing had
    happened.
    """

    model: MoCLIP
    recipe: Recipe
    batches: Batches
    validate: Validate
    save_best: Callable[[dict[str, float]], None]
    out: Path
    accelerator: Accelerator
    show_progress: bool = False
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        self.plan = optimiser.Plan.of(self.recipe.schedule, len(self.batches))
        self.optimiser = optimiser.build(self.model, self.recipe.optimiser)
        self.optimiser = self.accelerator.prepare(self.optimiser)
        self._saved_at = time.monotonic()

    def run(self, *, stop_after: int | None = None) -> None:
        """All epochs that are left, or those up to ``stop_after``.

        On Ctrl-C the state is written before it is raised again.
        """
        last = self.recipe.schedule.epochs if stop_after is None else stop_after
        with torch.random.fork_rng():
            torch.manual_seed(self.recipe.seed)
            self._take_up()
            try:
                for epoch in range(self.progress.epoch, last):
                    self._epoch(epoch)
                if stop_after is not None:
                    self._save_state()
            except KeyboardInterrupt:
                self._save_state()
                raise
            finally:
                self._bar.close()

    def _take_up(self) -> None:
        if has_state(self.out):
            self.progress = peek(self.out)
        _trim(self.out / "metrics.jsonl", self.progress.epoch)
        self._set_phase(self._last_taught())
        if has_state(self.out):
            load_state(self.out, self.model, self.optimiser)
        self._random = random_state()
        if not has_state(self.out):
            self._save_state()
        done = self.progress.epoch * len(self.batches) + self.progress.step
        self._bar = tqdm(
            total=self.plan.total, initial=done, unit="step", disable=not self.show_progress
        )

    def _last_taught(self) -> int:
        """The last epoch of which a step was taken: what learned in it is what a state holds."""
        return max(0, self.progress.epoch - (self.progress.step == 0))

    def _set_phase(self, epoch: int) -> None:
        learns = self.recipe.text.fine_tune and epoch >= self.recipe.schedule.frozen_epochs
        if learns:
            self.model.unfreeze_text()
        else:
            self.model.freeze_text()
        self.text_is_frozen = not learns

    def _epoch(self, epoch: int) -> None:
        self._set_phase(epoch)
        self.model.train()
        self.model.text.eval()  # dropout there would make the tether pull at noise
        stream = self.batches.epoch(epoch, skip=self.progress.step)
        asked = time.monotonic()
        while (batch := next(stream, None)) is not None:
            came = time.monotonic()
            self._step(batch, epoch)
            done = time.monotonic()
            self._add({"seconds": done - asked, "data_wait": came - asked})
            asked = done
        self._finish_epoch(epoch)

    def _step(self, batch: Batch, epoch: int) -> None:
        number = epoch * len(self.batches) + self.progress.step
        optimiser.set_rates(self.optimiser, self.plan, number)
        batch = batch.to(self.accelerator.device)
        with self.accelerator.autocast():
            step = objectives.moclip(
                self.model, batch, self.recipe.loss, text_is_frozen=self.text_is_frozen
            )
        loss = step.loss(self.recipe.loss)
        if not torch.isfinite(loss):
            raise ValueError(f"the loss is {loss.item()} at epoch {epoch}; lower the learning rate")
        measured = self._measure(step)
        self.accelerator.backward(loss)
        norm = self.accelerator.clip_grad_norm_(
            [p for p in self.model.parameters() if p.grad is not None], self.recipe.optimiser.clip
        )
        measured |= {"loss": loss.item(), "grad_norm": float(norm)}
        with _undisturbed():
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)
            self._add(measured)
            self.progress.step += 1
            self._random = random_state()
        self._bar.set_description(f"epoch {epoch + 1}, loss {loss.item():.3f}", refresh=False)
        self._bar.update()

    def _measure(self, step: Step) -> dict[str, float]:
        values = {name: term.item() for name, term in step.terms.items()}
        is_last = self.progress.step == len(self.batches) - 1
        if not self.text_is_frozen and is_last:  # in the first step there is no distance to tether
            ratio = objectives.gradient_ratio(step, self.recipe.loss)
            # Summed over the epoch and divided by its steps like the rest, though taken once.
            values["gradient_ratio"] = ratio * len(self.batches)
        return values

    def _add(self, values: dict[str, float]) -> None:
        sums = self.progress.sums
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value

    def _finish_epoch(self, epoch: int) -> None:
        """Validation and a line of figures; done again if it is interrupted."""
        row = self._row(epoch)
        is_last = epoch + 1 == self.recipe.schedule.epochs
        if is_last or (epoch + 1) % self.recipe.schedule.validate_every == 0:
            row |= self._validated(epoch)
        _append(self.out / "metrics.jsonl", row)
        done = self.progress
        self.progress = Progress(
            epoch + 1, 0, done.best, done.best_epoch, done.seconds + row["seconds"]
        )
        minutes = (time.monotonic() - self._saved_at) / 60
        if is_last or minutes >= self.recipe.schedule.state_minutes:
            self._save_state()

    def _row(self, epoch: int) -> dict[str, Any]:
        """Figures of the epoch's steps: means of the loss terms, times, rates of the last step."""
        steps, sums = len(self.batches), self.progress.sums
        row: dict[str, Any] = {"epoch": epoch + 1, "phase": 1 if self.text_is_frozen else 2}
        row |= {name: total / steps for name, total in sums.items()}
        row |= {"seconds": sums["seconds"], "data_wait": sums["data_wait"] / sums["seconds"]}
        rates = optimiser.set_rates(self.optimiser, self.plan, (epoch + 1) * steps - 1)
        row |= {f"lr_{tower}": rate for tower, rate in rates.items()}
        return row | {"scale": self.model.scale.item()}

    def _validated(self, epoch: int) -> dict[str, float]:
        self.model.eval()
        with torch.inference_mode():
            measured = self.validate(self.model)
        if measured["R@1"] >= self.progress.best:
            self.progress.best, self.progress.best_epoch = measured["R@1"], epoch + 1
            self.save_best({"epoch": epoch + 1, **measured})
        return {f"val_{name}": value for name, value in measured.items()}

    def _save_state(self) -> None:
        self._set_phase(self._last_taught())
        save_state(self.out, self.model, self.optimiser, self.progress, self._random)
        self._saved_at = time.monotonic()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C waits for the end of the block, so that a step is taken and counted, or neither."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
    if came:
        signal.raise_signal(signal.SIGINT)


def _append(path: Path, row: dict[str, Any]) -> None:
    """One line of JSON; not-a-number becomes null, which JSON can hold."""
    clean = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
    with path.open("a") as file:
        file.write(json.dumps(clean) + "\n")


def _trim(path: Path, epochs: int) -> None:
    """Drops rows of epochs after the saved state: they will be run again."""
    if path.exists():
        rows = [json.dumps(row) + "\n" for row in read_metrics(path) if row["epoch"] <= epochs]
        write_atomically(path, "".join(rows).encode())


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The rows of a ``metrics.jsonl``; a last line cut short by a kill is passed over."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            _log.warning("%s holds a line that was cut short; it is passed over", path)
    return rows
