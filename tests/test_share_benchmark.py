"""The share of the rate of products: the arithmetic is right, the step is the one of training."""

import sys
from functools import partial
from pathlib import Path

import pytest
import torch

sys.path.append(str(Path(__file__).parents[1]))

from benchmarks import share
from benchmarks._clips import Mix


def product(rows: int) -> torch.Tensor:
    return torch.ones(rows, 3) @ torch.ones(3, 4)


def test_the_share_is_that_of_the_turn_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """48 operations and 24 in 2, 1 and 4 seconds, where the machine makes 100 a second."""
    clock = iter((0.0, 2.0, 10.0, 11.0, 20.0, 24.0))
    monkeypatch.setattr(share.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(share, "product_rate", lambda size: 100.0)
    found = share.measured([partial(product, 2), partial(product, 1)], quick=False)
    assert found["share of the rate of products"] == pytest.approx(72 / 2 / 100)
    assert found["one product, GFLOP/s"] == pytest.approx(1e-7)


def test_attention_counts_as_its_products() -> None:
    query = torch.ones(1, 2, 5, 8)
    look = partial(torch.nn.functional.scaled_dot_product_attention, query, query, query)
    assert share.operations(look) == 2 * (2 * 2 * 5 * 5 * 8)


def test_both_phases_are_measured() -> None:
    found = share.of_step(Mix.of(4), batch=2, quick=True)
    assert len(found) == 4
    assert min(found.values()) > 0
