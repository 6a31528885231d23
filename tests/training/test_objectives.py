"""The loss beside a plain float64 version of L = contrastive + lambda * tether + align."""

from dataclasses import replace

import doubles
import pytest
import small_runs
import torch
from torch import Tensor

from moclip.models.two_tower import MoCLIP
from moclip.motion import MotionBatch
from moclip.training import objectives
from moclip.training.objectives import Batch
from moclip.training.recipe import Loss


@pytest.fixture
def model() -> MoCLIP:
    """As after some fine-tuning: the text tower is not the teacher's any more."""
    made = doubles.model()
    made.unfreeze_text()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        made.text.words.weight += 0.3 * torch.randn(
            made.text.words.weight.shape, generator=generator
        )
    return made


@pytest.fixture
def batch() -> Batch:
    return next(small_runs.batches(8).epoch(0))


def plain(model: MoCLIP, batch: Batch, weights: Loss, *, text_is_frozen: bool) -> float:
    """Pair by pair, with loops."""
    with torch.no_grad():
        motion = model.encode_motion(MotionBatch.of(small_runs.motions(batch))).double()
        told = [batch.captions[row] for row in batch.text_index.tolist()]
        text = batch.teacher.double() if text_is_frozen else model.encode_text(told).double()
    scale, pairs = float(model.scale.detach()), range(len(motion))

    def is_negative(i: int, j: int) -> bool:
        if not weights.mask_false_negatives:
            return True
        shared = batch.numbers[j] in batch.own[i] or batch.numbers[i] in batch.own[j]
        near = weights.alike < 1 and float(batch.teacher[i] @ batch.teacher[j]) > weights.alike
        return not (shared or near)

    def share(own: int, row: Tensor) -> Tensor:
        kept = [j for j in pairs if j == own or is_negative(own, j)]
        return row[kept].exp().sum().log() - row[own]

    logits = scale * motion @ text.T
    contrastive = sum(share(i, logits[i]) + share(i, logits[:, i]) for i in pairs) / (
        2 * len(motion)
    )
    tether = sum(((text[i] - batch.teacher[i].double()) ** 2).sum() for i in pairs) / len(motion)
    align = 1 - sum(motion[i] @ text[i] for i in pairs) / len(motion)
    guard = 0.0
    if not text_is_frozen:
        raw = model.text.encode(told).double().detach()
        change = [raw[i].norm() / batch.teacher_norm[i].double() - 1 for i in pairs]
        guard = sum(float(x) ** 2 for x in change) / len(motion)
    loss = weights.contrastive * contrastive + weights.tether * tether + weights.align * align
    return float(loss + weights.norm_guard * guard)


@pytest.mark.parametrize("text_is_frozen", [True, False])
@pytest.mark.parametrize(
    "weights",
    [
        Loss(),
        Loss(contrastive=0.5, tether=2.0, align=0.25),
        Loss(tether=0.0),
        Loss(norm_guard=3.0),
        Loss(mask_false_negatives=False),
        Loss(alike=0.05),
    ],
    ids=["paper", "weighted", "no tether", "guarded", "no mask", "alike"],
)
def test_the_loss_is_the_plain_sum(
    model: MoCLIP, batch: Batch, weights: Loss, text_is_frozen: bool
) -> None:
    step = objectives.moclip(model, batch, weights, text_is_frozen=text_is_frozen)
    wanted = plain(model, batch, weights, text_is_frozen=text_is_frozen)
    assert step.loss(weights).item() == pytest.approx(wanted, rel=1e-5)


def of_one_motion(batch: Batch) -> Batch:
    """The first two pairs told of one motion: each of its captions is true of the other pair."""
    own = batch.own.clone()
    own[0] = own[1] = torch.stack((batch.numbers[0], batch.numbers[1]))
    return replace(batch, own=own)


def test_pairs_of_one_motion_are_no_negatives_unless_asked(model: MoCLIP, batch: Batch) -> None:
    shared = of_one_motion(batch)

    def loss(of: Batch, *, masked: bool) -> float:
        weights = Loss(mask_false_negatives=masked)
        step = objectives.moclip(model, of, weights, text_is_frozen=False)
        return step.terms["contrastive"].item()

    assert loss(shared, masked=True) < loss(batch, masked=True)
    assert loss(shared, masked=False) == loss(batch, masked=False)


def test_frozen_text_is_the_teachers_and_learns_nothing(model: MoCLIP, batch: Batch) -> None:
    step = objectives.moclip(model, batch, Loss(), text_is_frozen=True)
    step.loss(Loss()).backward()
    assert step.text is batch.teacher
    assert step.terms["tether"].item() == 0
    assert all(parameter.grad is None for parameter in model.text.parameters())
    assert all(bool(p.grad.any()) for p in model.motion.parameters() if p.grad is not None)
    assert model.motion.project.weight.grad is not None
    assert model.logit_scale.grad is not None


def test_text_that_is_not_frozen_learns(model: MoCLIP, batch: Batch) -> None:
    objectives.moclip(model, batch, Loss(), text_is_frozen=False).loss(Loss()).backward()
    assert bool(model.text.words.weight.grad.any())


def test_the_pull_of_the_tether_grows_with_lambda(model: MoCLIP, batch: Batch) -> None:
    step = objectives.moclip(model, batch, Loss(), text_is_frozen=False)
    ratios = [objectives.gradient_ratio(step, Loss(tether=t)) for t in (0.0, 0.4, 0.8, 4.0)]
    assert ratios[0] == 0
    assert ratios[1] > 0
    assert ratios[2:] == pytest.approx([2 * ratios[1], 10 * ratios[1]])
    step.loss(Loss()).backward()  # the graph is still whole


def test_the_norm_guard_brings_lengths_back(model: MoCLIP, batch: Batch) -> None:
    """The tether and the other terms see unit vectors: they would leave the length as it is."""
    with torch.no_grad():
        model.text.words.weight.mul_(0.8)
    guarded = Loss(contrastive=0, tether=0, align=0, norm_guard=1)
    optimiser = torch.optim.Adam(model.text.parameters(), lr=0.02)
    lengths = []
    for _ in range(20):
        lengths.append(model.text.encode(batch.captions).norm(dim=-1).mean().item())
        step = objectives.moclip(model, batch, guarded, text_is_frozen=False)
        step.loss(guarded).backward()
        optimiser.step()
        optimiser.zero_grad()
    told = batch.teacher_norm.mean().item()
    assert abs(lengths[-1] - told) < 0.1 * abs(lengths[0] - told)


def test_half_precision_stops_at_the_vectors(model: MoCLIP, batch: Batch) -> None:
    """A cosine of 8 bits times a scale of 100 would be half a unit off."""
    with torch.no_grad():
        model.logit_scale.fill_(5.0)
    with torch.autocast("cpu", torch.bfloat16):
        step = objectives.moclip(model, batch, Loss(), text_is_frozen=True)
        motion = torch.cat([model.encode_motion(part) for part in batch.motions])
    assert all(term.dtype == torch.float32 for term in step.terms.values())
    logits = 100 * motion.float() @ batch.teacher.T
    target = torch.arange(len(logits))
    wanted = torch.nn.functional.cross_entropy(logits, target)
    wanted = (wanted + torch.nn.functional.cross_entropy(logits.T, target)) / 2
    torch.testing.assert_close(step.terms["contrastive"], wanted)
