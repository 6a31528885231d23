"""What a metric is given, what it yields, and the checks that all share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float64
from numpy.typing import NDArray
from torch import Tensor

from moclip.motion import Motion

Features = Tensor | NDArray[Any]
"""Vectors of an evaluator, ``(sample, dim)``; any floating type, computed in float64."""


@dataclass(frozen=True)
class Quantity:
    """One number that a metric yields: a column of a table."""

    name: str
    unit: str
    """Such as ``m/s`` or ``%``; empty for a number that has none."""
    better: Literal["lower", "higher", "real"]
    """``real``: the nearer to what real motion has, the better."""

    def gap(self, value: float, real: float) -> float:
        """How far from good; the smaller, the better. ``real`` is what real motion has."""
        return {"lower": value, "higher": -value, "real": abs(value - real)}[self.better]


@dataclass(frozen=True, eq=False)
class Sample:
    """What one repeat of an evaluation has to measure; parts not at hand are ``None``."""

    real: Features | None = None
    """Features of real motions."""
    generated: Features | None = None
    """Features of generated motions."""
    text: Features | None = None
    """Features of the clean captions they were generated from, row by row."""
    variants: Features | None = None
    """Features ``(prompt, generation, dim)`` of many generations for each prompt."""
    motions: Sequence[Motion] | None = None
    """The generated motions themselves, their floor at y = 0; not put on their lowest point."""
    pool: int = 32
    """Captions among which a motion's own is looked for; figures of other pools do not compare."""

    def has(self, parts: Sequence[str]) -> bool:
        """Whether all these parts are at hand."""
        return all(getattr(self, part) is not None for part in parts)

    def take(self, parts: Sequence[str]) -> list[Any]:
        """These parts. Raises ``ValueError`` naming one that is missing."""
        for part in parts:
            if getattr(self, part) is None:
                wanted = ", ".join(parts)
                raise ValueError(f"the sample has no '{part}'; this metric needs {wanted}")
        return [getattr(self, part) for part in parts]


def checked(features: Features, name: str, *, least: int = 1) -> Float64[Tensor, "sample dim"]:
    """Features in float64 on the CPU; the same memory where they were so.

    ``name`` is what messages call them. Raises ``ValueError`` for another shape, for numbers that
    are not floating or not finite, and for fewer than ``least`` samples.
    """
    values = as_float64(features, name)
    if values.ndim != 2 or not values.shape[1]:
        raise ValueError(
            f"{name} features have shape {tuple(values.shape)}, wanted (sample, dimension)"
        )
    if len(values) < least:
        raise ValueError(f"{len(values)} {name} features came, at least {least} are needed")
    if not values.sum().isfinite() and not values.isfinite().all():  # the sum takes a tenth
        row = int((~values.isfinite()).any(dim=1).nonzero()[0])
        raise ValueError(f"{name} features hold a number that is not finite at sample {row}")
    return values


def as_float64(features: Features, name: str) -> Tensor:
    """On the CPU and without gradient. Raises ``ValueError`` for numbers that are not floating."""
    if isinstance(features, np.ndarray):
        values = _tensor(features) if features.dtype.kind == "f" else None
    else:
        values = features.detach().cpu().double() if features.is_floating_point() else None
    if values is None:
        raise ValueError(f"{name} features are {features.dtype}, wanted floating numbers")
    return values


def _tensor(features: NDArray[Any]) -> Tensor:
    """The same memory where that may be written to: torch asks for it, though we never write."""
    array = np.ascontiguousarray(features, np.float64)
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def same_width(first: Tensor, second: Tensor, names: tuple[str, str]) -> None:
    """Raises ``ValueError`` when two sets of features differ in dimensions."""
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"{names[0]} features have {first.shape[1]} dimensions, "
            f"{names[1]} features {second.shape[1]}; they must come from one evaluator"
        )


def matched(
    text: Features, motion: Features
) -> tuple[Float64[Tensor, "sample dim"], Float64[Tensor, "sample dim"]]:
    """Checked features of captions and of the motions that belong to them, row by row."""
    captions, motions = checked(text, "text"), checked(motion, "motion")
    same_width(captions, motions, ("text", "motion"))
    if len(captions) != len(motions):
        raise ValueError(
            f"{len(captions)} text features and {len(motions)} motion features came; "
            "wanted one caption for each motion"
        )
    return captions, motions
