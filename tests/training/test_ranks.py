"""Two processes train as one does: the same batches, losses and weights."""

import json
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
from torch import Tensor
from two_processes import start_two

from moclip.ranks import Ranks
from moclip.training import run
from moclip.training.recipe import Recipe
from moclip.training.state import peek

UNEVEN = (20, 1000, 20, 1000)
"""Of these every second clip alone would be one pass, and the others two."""
WORKER = Path(__file__).with_name("rank_worker.py")


@pytest.fixture(scope="session")
def plain(text_tower: Path) -> Recipe:
    """No dropout, since each rank draws its own; batches that do not divide by two.

    Gradients of key biases are nought but for rounding, of which AdamW makes whole steps; at rates
    this low they stay small. All other weights agree within 1e-6.
    """
    return small_runs.recipe(
        text_tower,
        motion={"dropout": 0.0},
        optimiser={"precision": "fp32", "motion_lr": 4e-4, "text_lr": 2e-4},
        schedule={"batch_size": 5, "state_minutes": 0.0},
    )


@pytest.fixture(scope="session")
def alone(plain: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ranks") / "alone"
    return run.train(plain, out, clips=small_runs.clips(), device="cpu")


@pytest.fixture(scope="session")
def by_two(plain: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs, all of them by the same two processes."""
    out = tmp_path_factory.mktemp("by-two")
    saving = plain.with_(schedule={"cache": 1, "recompute": True})
    begun = out / "taken up by two"
    run.train(plain, begun, clips=small_runs.clips(), device="cpu", stop_after=1)
    runs: list[tuple[Recipe, Path, dict[str, Any]]] = [
        (plain, out / "plain", {}),
        (saving, out / "saving", {}),
        (saving, out / "sharded", {"shard": True}),
        (plain, out / "left", {"stop_after": 3}),
        (plain, out / "left sharded", {"stop_after": 3, "shard": True}),
        (plain, begun, {"resume": True, "shard": True}),
        (plain, out / "uneven", {"val": UNEVEN, "stop_after": 1}),
        (plain, out / "uneven sharded", {"val": UNEVEN, "stop_after": 1, "shard": True}),
    ]
    table = [(r.model_dump(mode="json"), str(folder), options) for r, folder, options in runs]
    (out / "runs.json").write_text(json.dumps(table))
    start_two([str(WORKER), str(out / "runs.json")])
    return out


def assert_alike(one: Path, other: Path) -> None:
    losses = [[row["loss"] for row in small_runs.rows(folder)] for folder in (one, other)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    scores = [[row["val_R@1"] for row in small_runs.rows(folder)] for folder in (one, other)]
    assert scores[1] == scores[0]
    weights, others = (dict(small_runs.all_states(folder)) for folder in (one, other))
    learnt = [name for name in weights if name.startswith("weight.")]
    assert weights.keys() == others.keys()
    for name in learnt:
        torch.testing.assert_close(others[name], weights[name], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["plain", "saving", "sharded", "taken up by two"])
def test_two_processes_learn_what_one_does(by_two: Path, alone: Path, name: str) -> None:
    assert_alike(alone, by_two / name)
    assert len(small_runs.rows(by_two / name)) == 4
    assert small_runs.weights(by_two / name).keys() == small_runs.weights(alone).keys()


@pytest.mark.parametrize("name", ["left", "left sharded"])
def test_a_run_of_two_is_taken_up_by_one(
    plain: Recipe, by_two: Path, alone: Path, name: str
) -> None:
    assert peek(by_two / name).epoch == 3
    run.train(plain, by_two / name, clips=small_runs.clips(), device="cpu", resume=True)
    assert_alike(alone, by_two / name)


@pytest.mark.parametrize("name", ["uneven", "uneven sharded"])
def test_two_processes_measure_clips_of_very_different_lengths_as_one_does(
    plain: Recipe, by_two: Path, tmp_path: Path, name: str
) -> None:
    """Weights that are spread are put together in every pass, so all must make as many."""
    run.train(plain, tmp_path, clips=small_runs.clips(UNEVEN), device="cpu", stop_after=1)
    assert_alike(tmp_path, by_two / name)
    measured = [
        {key: value for key, value in small_runs.rows(folder)[0].items() if "val_" in key}
        for folder in (tmp_path, by_two / name)
    ]
    assert measured[0] == measured[1]


def test_spreading_over_one_process_is_refused(plain: Recipe, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one process was started"):
        run.train(plain, tmp_path, clips=small_runs.clips(), device="cpu", shard=True)


@pytest.mark.parametrize("count", [1, 2, 5, 6])
@pytest.mark.parametrize("ranks", [1, 2, 3, 8])
def test_shares_cover_all_items_and_are_equally_long(count: int, ranks: int) -> None:
    shares = [Ranks(own, ranks).numbers(count) for own in range(ranks)]
    assert {number for share in shares for number in share} == set(range(count))
    assert len({len(share) for share in shares}) == 1
    assert Ranks(ranks - 1, ranks).numbers(0) == []


def test_one_rank_alone_sends_nothing() -> None:
    one, rows = Ranks.now(), torch.randn(3, 2)
    assert one == Ranks(0, 1)
    assert one.leads
    assert one.together(rows, [3]) is rows
    assert one.share("abc") == ["a", "b", "c"]
    assert one.agreed(5) == 5
    means: list[Tensor] = [rows.clone()]
    one.average(means)
    assert torch.equal(means[0], rows)
