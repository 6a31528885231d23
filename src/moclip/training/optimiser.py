"""AdamW over named groups of parameters, and the learning rate of each over the run."""

import math
from dataclasses import dataclass

import torch
from torch import nn

from moclip.training.recipe import Optimiser, Schedule


@dataclass(frozen=True)
class Plan:
    """When which tower learns, in steps."""

    frozen: int
    """Steps of the first phase."""
    unfrozen: int
    warmup: float

    @classmethod
    def of(cls, schedule: Schedule, steps_per_epoch: int) -> "Plan":
        return cls(
            schedule.frozen_epochs * steps_per_epoch,
            schedule.unfrozen_epochs * steps_per_epoch,
            schedule.warmup,
        )

    @property
    def total(self) -> int:
        return self.frozen + self.unfrozen

    def motion_share(self, step: int) -> float:
        """Of the motion tower's rate: one warm-up, one cosine over both phases."""
        return warm_cosine(step, self.total, self.warmup)

    def text_share(self, step: int) -> float:
        """Of the text tower's rate: zero, then its own warm-up and cosine in the second phase."""
        if step < self.frozen:
            return 0.0
        return warm_cosine(step - self.frozen, self.unfrozen, self.warmup)


def build(model: nn.Module, options: Optimiser) -> torch.optim.AdamW:
    """One optimiser for both phases, so that its moments survive the change.

    The text tower's parameters are in it from the start; AdamW passes over those that have no
    gradient.
    """
    groups = []
    for tower, rate in (
        ("motion", options.motion_lr),
        ("temperature", options.temperature_lr or options.motion_lr),
        ("text", options.text_lr),
        ("text_projection", options.text_projection_lr),
    ):
        members = [(n, p) for n, p in model.named_parameters() if _tower(n) == tower]
        for decays in (True, False):
            params = [p for _, p in members if (p.ndim >= 2) == decays]
            if params:
                decay = options.weight_decay if decays else 0.0
                groups.append(
                    {"params": params, "tower": tower, "base_lr": rate, "weight_decay": decay}
                )
    fused = all(p.device.type in ("cpu", "cuda") for p in model.parameters())
    return torch.optim.AdamW(groups, lr=options.motion_lr, fused=fused)


def adamw(model: nn.Module, *, lr: float, weight_decay: float) -> torch.optim.AdamW:
    """One rate for all that learns; only matrices decay."""
    learning = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in learning if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in learning if p.ndim < 2], "weight_decay": 0.0},
    ]
    fused = all(p.device.type in ("cpu", "cuda") for p in learning)
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=lr, fused=fused)


def set_rates(optimiser: torch.optim.Optimizer, plan: Plan, step: int) -> dict[str, float]:
    """Sets each group's learning rate for ``step`` and returns them by tower."""
    shares = dict.fromkeys(("motion", "temperature"), plan.motion_share(step))
    shares |= dict.fromkeys(("text", "text_projection"), plan.text_share(step))
    for group in optimiser.param_groups:
        group["lr"] = group["base_lr"] * shares[group["tower"]]
    return {group["tower"]: group["lr"] for group in optimiser.param_groups}


def _tower(name: str) -> str:
    if name == "logit_scale":
        return "temperature"
    if not name.startswith("text."):
        return "motion"
    return "text_projection" if "text_projection" in name else "text"


def warm_cosine(step: int, total: int, warmup: float) -> float:
    """Share of the learning rate: rising evenly for a share of ``warmup``, then half a cosine."""
    rise = max(1, round(total * warmup))
    if step < rise:
        return (step + 1) / rise
    return (1 + math.cos(math.pi * (step - rise) / max(1, total - rise))) / 2
