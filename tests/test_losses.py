"""The losses beside plain float64 loops, and what each must not do."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from moclip import losses

PAIRS, DIM = 6, 16


def unit(seed: int, pairs: int = PAIRS, dim: int = DIM) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(pairs, dim, generator=generator, dtype=torch.float64), dim=-1)


def dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def plain_contrastive(
    motion: Tensor, text: Tensor, scale: float, ignore: Tensor | None = None
) -> float:
    """Eq. by hand: minus the log share of the pair in its row, and in its column."""
    pairs = range(len(motion))
    motions, texts = motion.tolist(), text.tolist()

    def kept(i: int, j: int) -> bool:
        return i == j or ignore is None or not ignore[i, j]

    total = 0.0
    for i in pairs:
        own = scale * dot(motions[i], texts[i])
        row = [scale * dot(motions[i], texts[j]) for j in pairs if kept(i, j)]
        column = [scale * dot(motions[j], texts[i]) for j in pairs if kept(j, i)]
        total += math.log(sum(map(math.exp, row))) - own
        total += math.log(sum(map(math.exp, column))) - own
    return total / (2 * len(motion))


@pytest.mark.parametrize("scale", [1.0, 14.3, 100.0])
@pytest.mark.parametrize("pairs", [1, 2, PAIRS])
def test_contrastive_is_the_plain_sum(scale: float, pairs: int) -> None:
    motion, text = unit(0, pairs), unit(1, pairs)
    wanted = plain_contrastive(motion, text, scale)
    assert float(losses.contrastive(motion, text, scale)) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("share", [0.2, 0.6, 1.0])
def test_contrastive_leaves_out_what_is_ignored(share: float) -> None:
    motion, text = unit(0), unit(1)
    ignore = torch.rand(PAIRS, PAIRS, generator=torch.Generator().manual_seed(2)) < share
    assert not torch.equal(ignore, ignore.T) or share == 1
    wanted = plain_contrastive(motion, text, 20.0, ignore)
    actual = float(losses.contrastive(motion, text, 20.0, ignore=ignore))
    assert actual == pytest.approx(wanted, abs=1e-6)


def test_contrastive_takes_its_scale_as_number_or_tensor() -> None:
    motion, text = unit(0), unit(1)
    scale = torch.tensor(14.3, dtype=torch.float64, requires_grad=True)
    by_tensor = losses.contrastive(motion, text, scale)
    assert torch.equal(by_tensor.detach(), losses.contrastive(motion, text, 14.3))
    by_tensor.backward()
    step = 1e-5
    slope = plain_contrastive(motion, text, 14.3 + step) - plain_contrastive(motion, text, 14.3)
    assert float(scale.grad) == pytest.approx(slope / step, rel=1e-3)


def test_contrastive_is_symmetric_in_its_towers() -> None:
    motion, text = unit(0), unit(1)
    ignore = torch.rand(PAIRS, PAIRS, generator=torch.Generator().manual_seed(2)) < 0.3
    there = losses.contrastive(motion, text, 10.0, ignore=ignore)
    back = losses.contrastive(text, motion, 10.0, ignore=ignore.T)
    torch.testing.assert_close(there, back, rtol=0, atol=1e-12)


def test_contrastive_does_not_depend_on_the_order_of_the_pairs() -> None:
    motion, text = unit(0), unit(1)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    straight, shuffled = (losses.contrastive(motion[o], text[o], 10.0) for o in (slice(6), order))
    torch.testing.assert_close(straight, shuffled, rtol=0, atol=1e-12)


def test_contrastive_of_vectors_that_tell_nothing_is_log_of_the_batch() -> None:
    same = unit(0, 1).expand(PAIRS, DIM)
    assert float(losses.contrastive(same, same, 10.0)) == pytest.approx(math.log(PAIRS))


def test_an_ignored_pair_gets_no_gradient() -> None:
    """With every other pair ignored, text 1 meets motion 0 nowhere but in the ignored place."""
    motion, text = unit(0, 2), unit(1, 2)
    product = (motion @ text.T).requires_grad_()
    eye = torch.eye(2, dtype=torch.float64)
    ignore = torch.tensor([[False, True], [False, False]])
    losses.contrastive(product, eye, 10.0, ignore=ignore).backward()
    assert product.grad is not None
    assert product.grad[0, 1] == 0
    assert (product.grad[[0, 1, 1], [0, 0, 1]] != 0).all()


def test_the_diagonal_is_always_kept() -> None:
    motion, text = unit(0), unit(1)
    off_diagonal = ~torch.eye(PAIRS, dtype=torch.bool)
    everything = torch.ones(PAIRS, PAIRS, dtype=torch.bool)
    assert float(losses.contrastive(motion, text, 10.0, ignore=everything)) == 0
    assert float(losses.contrastive(motion, text, 10.0, ignore=off_diagonal)) == 0
    diagonal = losses.contrastive(motion, text, 10.0, ignore=~off_diagonal)
    assert torch.equal(diagonal, losses.contrastive(motion, text, 10.0))


def test_tether_is_the_plain_sum() -> None:
    student, teacher = unit(0), unit(1)
    total = 0.0
    for a, b in zip(student.tolist(), teacher.tolist(), strict=True):
        total += sum((x - y) ** 2 for x, y in zip(a, b, strict=True))
    assert float(losses.tether(student, teacher)) == pytest.approx(total / PAIRS, abs=1e-6)


def test_norm_guard_is_the_plain_mean() -> None:
    generator = torch.Generator().manual_seed(3)
    student = torch.randn(PAIRS, 8, generator=generator, requires_grad=True)
    lengths = torch.rand(PAIRS, generator=generator) + 0.5
    wanted = 0.0
    for vector, length in zip(student.tolist(), lengths.tolist(), strict=True):
        wanted += (sum(x * x for x in vector) ** 0.5 / length - 1) ** 2 / PAIRS
    loss = losses.norm_guard(student, lengths)
    assert loss.item() == pytest.approx(wanted, rel=1e-5)
    loss.backward()
    assert student.grad is not None
    cosines = torch.nn.functional.cosine_similarity(student.grad, student.detach(), dim=-1)
    torch.testing.assert_close(cosines.abs(), torch.ones(PAIRS))  # radial: it turns no vector


@pytest.mark.parametrize("dim", [4, 384, 512])
def test_tether_sums_over_dimensions(dim: int) -> None:
    """The published code calls ``mse_loss``, which makes the tether ``dim`` times weaker."""
    student, teacher = unit(0, dim=dim), unit(1, dim=dim)
    ratio = losses.tether(student, teacher) / F.mse_loss(student, teacher)
    assert float(ratio) == pytest.approx(dim)


def test_tether_of_unit_vectors_is_two_minus_two_cosines() -> None:
    student, teacher = unit(0), unit(1)
    cosines = (student * teacher).sum(-1)
    torch.testing.assert_close(losses.tether(student, teacher), (2 - 2 * cosines).mean())
    assert float(losses.tether(student, student)) == 0


def test_align_is_the_plain_sum() -> None:
    motion, text = unit(0), unit(1)
    rows = zip(motion.tolist(), text.tolist(), strict=True)
    cosines = [dot(a, b) / math.sqrt(dot(a, a) * dot(b, b)) for a, b in rows]
    assert float(losses.align(motion, text)) == pytest.approx(1 - sum(cosines) / PAIRS, abs=1e-6)


def test_align_goes_from_zero_to_two() -> None:
    motion = unit(0)
    assert float(losses.align(motion, motion)) == pytest.approx(0, abs=1e-12)
    assert float(losses.align(motion, -motion)) == pytest.approx(2, abs=1e-12)


@pytest.mark.parametrize("loss", [lambda a, b: losses.contrastive(a, b, 10.0), losses.align])
def test_a_step_downhill_brings_the_pairs_together(
    loss: Callable[[Tensor, Tensor], Tensor],
) -> None:
    motion, text = unit(0).requires_grad_(), unit(1)
    (gradient,) = torch.autograd.grad(loss(motion, text), motion)
    nearer = F.normalize(motion.detach() - 0.1 * gradient, dim=-1)
    assert (nearer * text).sum(-1).mean() > (motion.detach() * text).sum(-1).mean()


def test_pairs_of_one_motion_or_one_caption_say_the_same() -> None:
    captions = torch.tensor([0, 1, 0, 2])
    own = torch.tensor([[0, -1], [1, 2], [0, 3], [1, 2]])
    found = losses.false_negatives(captions, own, unit(0, 4))
    diagonal = [(i, i) for i in range(4)]
    wanted = sorted([*diagonal, (0, 2), (2, 0), (1, 3), (3, 1)])
    assert found.nonzero().tolist() == [list(pair) for pair in wanted]


def test_a_caption_told_of_the_other_motion_too_is_no_negative() -> None:
    """Pair 0 has caption 0, which is also told of pair 1's motion, though caption 4 was drawn."""
    captions, own = torch.tensor([0, 4, 5]), torch.tensor([[0, -1, -1], [0, 4, -1], [5, 6, 7]])
    found = losses.false_negatives(captions, own, unit(0, 3))
    assert found.tolist() == [[True, True, False], [True, True, False], [False, False, True]]


def test_padding_of_own_captions_is_no_caption() -> None:
    captions, own = torch.tensor([0, 1]), torch.tensor([[0, -1], [1, -1]])
    found = losses.false_negatives(captions, own, unit(0, 2))
    assert torch.equal(found, torch.eye(2, dtype=torch.bool))


def test_captions_the_teacher_finds_alike_say_the_same() -> None:
    number = torch.arange(3)
    own = number[:, None]
    angles = torch.tensor([0.0, 0.2, 1.5], dtype=torch.float64)
    teacher = torch.stack((angles.cos(), angles.sin()), dim=-1)
    off = losses.false_negatives(number, own, teacher)
    on = losses.false_negatives(number, own, teacher, threshold=math.cos(0.3))
    assert torch.equal(off, torch.eye(3, dtype=torch.bool))
    assert on.tolist() == [[True, True, False], [True, True, False], [False, False, True]]
    assert torch.equal(on, on.T)


def test_the_same_caption_twice_does_not_push_itself_away() -> None:
    """Two pairs that say the same, each alone in its batch otherwise, leave nothing to learn."""
    text = unit(1, 1).expand(2, DIM)
    ignore = losses.false_negatives(torch.tensor([7, 7]), torch.tensor([[7, -1], [6, 7]]), text)
    assert float(losses.contrastive(unit(0, 2), text, 10.0, ignore=ignore)) == 0
    assert float(losses.contrastive(unit(0, 2), text, 10.0)) > 0.5
