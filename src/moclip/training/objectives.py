"""What one step computes; training and validation call the same function."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from moclip import losses
from moclip.models.two_tower import MoCLIP, unit
from moclip.motion import MotionBatch
from moclip.training import defences
from moclip.training.passes import Passes
from moclip.training.recipe import Defence, Loss

OFF = Defence()


@dataclass(frozen=True, eq=False)
class Batch:
    """Pairs of a motion and one of its captions."""

    motions: tuple[MotionBatch, ...]
    """Runs of pairs of like length, padded apart: all pairs in their order."""
    captions: tuple[str, ...]
    """The different captions of the batch, some in other words where a defence says so."""
    text_index: Int[Tensor, " pair"]
    """Which of ``captions`` each pair has."""
    own: Int[Tensor, "pair most"]
    """Numbers, among all captions, of those that each pair's motion has; padded with -1."""
    numbers: Int[Tensor, " pair"]
    """Number, among all captions, of the one each pair has."""
    teacher: Float[Tensor, "pair dim"]
    """Unit vectors of the frozen text tower."""
    teacher_norm: Float[Tensor, " pair"]
    """Length of its raw vectors."""
    variants: tuple[tuple[str, ...], ...] = ()
    """For each of ``captions`` the same in other words, several times; empty without a defence."""
    changed: tuple[str | None, ...] = ()
    """Each of ``captions`` with another meaning, where it has one; empty without that defence."""

    def to(self, device: torch.device) -> "Batch":
        return Batch(
            tuple(part.to(device) for part in self.motions),
            self.captions,
            self.text_index.to(device),
            self.own.to(device),
            self.numbers.to(device),
            self.teacher.to(device),
            self.teacher_norm.to(device),
            self.variants,
            self.changed,
        )


@dataclass(frozen=True, eq=False)
class Step:
    """Loss terms, unweighted, and the text vectors they were made from."""

    terms: dict[str, Tensor]
    text: Float[Tensor, "pair dim"]

    def loss(self, weights: Loss, defence: Defence = OFF) -> Float[Tensor, ""]:
        """L = L_contrastive + lambda * L_tether + L_align (arXiv 2505.10810), guard, defences."""
        terms = self.terms
        loss = weights.contrastive * terms["contrastive"] + weights.align * terms["align"]
        loss = loss + weights.tether * terms["tether"] + weights.norm_guard * terms["norm_guard"]
        practised = [name for name in defences.NAMES if name in terms]
        return loss + sum(getattr(defence, name) * terms[name] for name in practised)


def moclip(
    model: MoCLIP,
    batch: Batch,
    weights: Loss,
    *,
    text_is_frozen: bool,
    defence: Defence = OFF,
    passes: Passes | None = None,
) -> Step:
    """The three losses of MoCLIP on one batch, and those of a defence.

    While the text tower is frozen its vectors are the teacher's, so none are computed, and there is
    nothing to defend. ``passes`` says how the batch goes through the towers; the losses are those
    of the whole batch either way.
    """
    passes = passes or Passes()
    motion = passes.motions(model, batch.motions)
    text, guard = batch.teacher, motion.new_zeros(())
    raw = None if text_is_frozen else passes.texts(model, batch.captions)
    with torch.autocast(motion.device.type, enabled=False):  # cosines in half precision would tie
        if raw is not None:
            raw = raw.float()[batch.text_index]
            text, guard = unit(raw), losses.norm_guard(raw, batch.teacher_norm)
        terms = _terms(model, batch, weights, motion, text) | {"norm_guard": guard}
    if raw is not None:
        terms |= defences.terms(
            lambda captions: unit(passes.texts(model, captions)),
            text,
            batch.variants,
            batch.text_index,
            batch.teacher,
            defence,
            changed=batch.changed,
        )
    return Step(terms, text)


def _terms(
    model: MoCLIP,
    batch: Batch,
    weights: Loss,
    motion: Float[Tensor, "pair dim"],
    text: Float[Tensor, "pair dim"],
) -> dict[str, Tensor]:
    ignore = None
    if weights.mask_false_negatives:
        ignore = losses.false_negatives(
            batch.numbers, batch.own, batch.teacher, threshold=weights.alike
        )
    return {
        "contrastive": losses.contrastive(motion, text, model.scale, ignore=ignore),
        "tether": losses.tether(text, batch.teacher),
        "align": losses.align(motion, text),
    }


def gradient_ratio(step: Step, weights: Loss) -> float:
    """How hard the tether pulls at the text vectors, relative to the contrastive loss."""
    pulls = [
        torch.autograd.grad(step.terms[name], step.text, retain_graph=True)[0].norm()
        for name in ("tether", "contrastive")
    ]
    share = weights.tether * pulls[0] / (weights.contrastive * pulls[1]).clamp(min=1e-12)
    return float(share)
