"""MoCLIP as a task of the loop: two phases, the text tower frozen, then learning."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from moclip.models.two_tower import MoCLIP
from moclip.training import objectives, optimiser
from moclip.training.batches import Batches
from moclip.training.loop import Task
from moclip.training.objectives import Batch, Step
from moclip.training.passes import Passes, recompute
from moclip.training.recipe import Recipe

Validate = Callable[[MoCLIP], dict[str, float]]
"""Measures the model on the validation split; must return ``R@1``, in percent."""


@dataclass(eq=False)
class Towers(Task[Batch]):
    model: MoCLIP
    recipe: Recipe
    stream: Batches
    measure: Validate
    save_best: Callable[[dict[str, Any]], None]
    device: torch.device

    def __post_init__(self) -> None:
        self.steps = len(self.stream)
        self.plan = optimiser.Plan.of(self.recipe.schedule, self.steps)
        self.passes = Passes(self.recipe.schedule.cache)
        if self.recipe.schedule.recompute:
            recompute(self.model)

    def optimiser(self) -> torch.optim.Optimizer:
        return optimiser.build(self.model, self.recipe.optimiser)

    def set_rates(self, optimizer: torch.optim.Optimizer, step: int) -> dict[str, float]:
        return optimiser.set_rates(optimizer, self.plan, step)

    def begin(self, epoch: int) -> None:
        learns = self.recipe.text.fine_tune and epoch >= self.recipe.schedule.frozen_epochs
        if learns:
            self.model.unfreeze_text()
        else:
            self.model.freeze_text()
        self.text_is_frozen = not learns
        self.model.train()
        self.model.text.eval()  # dropout there would make the tether pull at noise

    def batches(self, epoch: int, *, skip: int) -> Iterator[Batch]:
        return self.stream.epoch(epoch, skip=skip)

    def step(self, batch: Batch, *, is_last: bool) -> tuple[Tensor, dict[str, float]]:
        weights, defence, batch = self.recipe.loss, self.recipe.defence, batch.to(self.device)
        step = objectives.moclip(
            self.model,
            batch,
            weights,
            text_is_frozen=self.text_is_frozen,
            defence=defence,
            passes=self.passes,
        )
        return step.loss(weights, defence), self._figures(step, is_last=is_last)

    def _figures(self, step: Step, *, is_last: bool) -> dict[str, float]:
        values = {name: term.item() for name, term in step.terms.items()}
        if not self.text_is_frozen and is_last:  # in the first step there is no distance to tether
            ratio = objectives.gradient_ratio(step, self.recipe.loss)
            # Summed over the epoch and divided by its steps like the rest, though taken once.
            values["gradient_ratio"] = ratio * self.steps
        return values

    def settle(self) -> None:
        self.model.bound_scale()

    def facts(self) -> dict[str, Any]:
        return {"phase": 1 if self.text_is_frozen else 2, "scale": self.model.scale.item()}

    def validate(self) -> dict[str, float]:
        return self.measure(self.model)

    def score(self, measured: dict[str, float]) -> float:
        if self.text_is_frozen and self.recipe.keeps_unfrozen:
            return -math.inf
        return measured["R@1"]

    def save(self, measured: dict[str, Any]) -> None:
        self.save_best(measured)
