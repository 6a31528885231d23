"""The benchmark for a GPU runs whole at a tiny size, and two results are compared."""

import json
import sys
from pathlib import Path

import pytest
import torch

sys.path.append(str(Path(__file__).parents[1]))

from benchmarks import compare, gpu
from benchmarks._device import Bench
from benchmarks._report import aligned


@pytest.fixture(scope="module")
def found() -> dict[str, object]:
    return gpu.measured("cpu", [3], quick=True, cache=2, repeats=1, compile_too=False)


def test_all_is_measured_at_a_tiny_size(found: dict[str, object]) -> None:
    steps = found["steps"]
    assert [(row["phase"], row["compiled"]) for row in steps] == [(1, False), (2, False)]
    for row in steps:
        assert row["clips/s"] == pytest.approx(3 / row["seconds"])
        assert row["share of peak"] > 0
    assert found["parity"]["largest difference"] == 0  # it is the same device
    assert 0.99 < found["parity"]["lowest cosine in bf16"] < 1.01
    assert {row["what"] for row in found["encoding"]} == {"clips", "captions"}
    assert [row["motions"] for row in found["sampling"]] == [1, 2]
    assert json.loads(json.dumps(found)) == found


def test_operations_are_those_of_the_products() -> None:
    """A linear layer costs two operations a weight and row, and twice that on the way back."""
    bench = Bench("cpu", quick=True, cache=None)
    model = bench.model()
    counted = gpu.operations(bench, model, bench.batch(4, model.dim), phase=1)
    rows = 4 * bench.frames
    blocks = [
        w.numel()
        for n, w in model.motion.over_time.named_parameters()
        if n.endswith("weight") and w.ndim == 2
    ]
    least = 3 * 2 * rows * sum(blocks)
    assert least < counted < 20 * least
    both = gpu.operations(bench, model, bench.batch(8, model.dim), phase=1)
    assert both == pytest.approx(2 * counted)


def test_two_results_are_compared_row_by_row() -> None:
    old = {
        "rows": [
            {"name": "a", "seconds": 2.0, "ratio": 3.0},
            {"name": "b", "seconds": 1.0, "ratio": 1.0},
        ]
    }
    new = {
        "rows": [
            {"name": "a", "seconds": 1.0, "ratio": 6.0},
            {"name": "c", "seconds": 1.0, "ratio": 1.0},
        ]
    }
    lines = compare.lines(old, new)
    assert lines[0] == ("a", "2 s", "1 s", "2.00x", "3x", "6x", "2.00x")
    assert lines[1:] == [("c", "", "new"), ("b", "", "gone")]
    assert aligned(lines).splitlines()[1].split() == ["c", "new"]


def test_a_step_that_did_not_fit_is_told() -> None:
    row = {"phase": 1, "batch": 8, "compiled": False}
    old, new = {"steps": [row | {"out of memory": True}]}, {"steps": [row | {"seconds": 0.5}]}
    (line,) = compare.lines(old, new)
    assert line == ("steps, phase 1, batch 8, compiled False", "out of memory", "0.5 s")


def test_random_bodies_are_bodies() -> None:
    batch = Bench("cpu", quick=True, cache=None).motions(2)
    assert batch.joints.shape[1] == int(batch.lengths[0])
    assert 0.5 < float(batch.joints[..., 1].max() - batch.joints[..., 1].min()) < 3
    assert torch.isfinite(batch.joints).all()
