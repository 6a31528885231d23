"""Figures of a run, and batches that are made ahead of time."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from moclip.training import metrics
from moclip.training._stream import ahead


def test_rows_come_back_without_those_to_be_run_again(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    for epoch in (1, 2, 3):
        metrics.append(path, {"epoch": epoch, "loss": float("nan") if epoch == 2 else 1.5})
    metrics.trim(path, 2)
    assert metrics.read_metrics(path) == [{"epoch": 1, "loss": 1.5}, {"epoch": 2, "loss": None}]


def test_the_share_of_waiting_is_of_all_steps() -> None:
    rows = [{"seconds": 1.0, "data_wait": 0.5}, {"seconds": 3.0, "data_wait": 0.1}]
    assert metrics.waiting(rows) == pytest.approx((4.0, 0.2))


def test_batches_are_made_while_the_last_is_in_use() -> None:
    made: list[int] = []

    def stream() -> Iterator[int]:
        for number in range(3):
            made.append(number)
            yield number

    coming = ahead(stream())
    assert next(coming) == 0
    deadline = time.monotonic() + 30
    while len(made) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert made == [0, 1]
    assert list(coming) == [1, 2]


def test_what_goes_wrong_in_making_a_batch_is_told() -> None:
    def stream() -> Iterator[int]:
        yield 0
        raise ValueError("clip 7 is damaged")

    with pytest.raises(ValueError, match="clip 7"):
        list(ahead(stream()))
