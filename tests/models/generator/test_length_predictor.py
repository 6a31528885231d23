"""Lengths are told from captions, in tokens of four frames."""

import pytest
import random_codes
import torch
from random_codes import DIM

from moclip.models.generator._codes import Codes
from moclip.models.generator.length import LONGEST, Predictor


def predictor() -> Predictor:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Predictor(text_dim=DIM).eval()


def generators(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def test_it_learns_how_long_captions_last() -> None:
    frames = (4, 40, 100, 198, 200, 300)
    codes, text, net = Codes.blank(frames, 1), random_codes.text(6), predictor()
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3)
    for _ in range(60):
        optimiser.zero_grad()
        net.loss(text, codes).backward()
        optimiser.step()
    with torch.no_grad():
        assert net.mode(text).tolist() == [4, 40, 100, 200, 200, 200]


@torch.no_grad()
def test_drawn_lengths_follow_the_chances() -> None:
    net, text = predictor(), random_codes.text(1)
    net.network[-1].weight.mul_(0)
    net.network[-1].bias.copy_(torch.full((LONGEST,), -50.0))
    net.network[-1].bias[[9, 19]] = torch.tensor((1.0, 0.0))
    drawn = net.sample(text.expand(3000, -1), generators(3000))
    values, counts = drawn.unique(return_counts=True)
    assert values.tolist() == [40, 80]
    chance = torch.tensor((1.0, 0.0)).softmax(0)[0].item()
    assert counts[0].item() / 3000 == pytest.approx(chance, abs=0.03)


@torch.no_grad()
def test_a_draw_hangs_on_its_own_generator() -> None:
    net, text = predictor(), random_codes.text(5)
    together = net.sample(text, generators(5))
    alone = net.sample(text[3:4], generators(5)[3:4])
    assert alone[0] == together[3]
    assert len(set(together.tolist())) > 1
