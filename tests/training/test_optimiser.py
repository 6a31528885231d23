"""Groups of parameters, the rate of each over the run, and moments that outlive the first phase."""

from itertools import pairwise
from pathlib import Path

import pytest
import small_runs
import torch

from moclip.models.two_tower import MoCLIP
from moclip.training import optimiser, run
from moclip.training.optimiser import Plan
from moclip.training.recipe import Optimiser, Schedule

RATES = Optimiser(
    motion_lr=1e-3, text_lr=1e-5, text_projection_lr=1e-4, temperature_lr=1e-2, weight_decay=0.1
)


@pytest.fixture
def model(text_tower: Path) -> MoCLIP:
    return run.new_model(small_runs.recipe(text_tower), small_runs.walks())


def test_every_parameter_is_in_one_group_of_its_tower(model: MoCLIP) -> None:
    names = {parameter: name for name, parameter in model.named_parameters()}
    found: dict[str, set[str]] = {}
    for group in optimiser.build(model, RATES).param_groups:
        found.setdefault(group["tower"], set()).update(names.pop(p) for p in group["params"])
    assert names == {}
    assert found["temperature"] == {"logit_scale"}
    assert found["text_projection"] == {"text.projection.weight"} or all(
        "text_projection" in name for name in found["text_projection"]
    )
    assert all(name.startswith("motion.") for name in found["motion"])
    assert all(name.startswith("text.") for name in found["text"])


def test_only_matrices_decay(model: MoCLIP) -> None:
    for group in optimiser.build(model, RATES).param_groups:
        assert len({p.ndim >= 2 for p in group["params"]}) == 1
        assert group["weight_decay"] == (0.1 if group["params"][0].ndim >= 2 else 0.0)


def test_each_tower_has_its_rate(model: MoCLIP) -> None:
    groups = optimiser.build(model, RATES).param_groups
    rates = {group["tower"]: group["base_lr"] for group in groups}
    assert rates == {"motion": 1e-3, "text": 1e-5, "text_projection": 1e-4, "temperature": 1e-2}
    plain = optimiser.build(model, RATES.model_copy(update={"temperature_lr": None}))
    assert {g["base_lr"] for g in plain.param_groups if g["tower"] == "temperature"} == {1e-3}


def test_rates_are_set_by_the_step(model: MoCLIP) -> None:
    plan, built = Plan(frozen=60, unfrozen=40, warmup=0.1), optimiser.build(model, RATES)
    first = optimiser.set_rates(built, plan, 0)
    assert first["text"] == first["text_projection"] == 0
    assert first["motion"] == pytest.approx(1e-3 / 10)
    assert first["temperature"] == pytest.approx(1e-2 / 10)
    later = optimiser.set_rates(built, plan, 63)
    assert later["text"] == pytest.approx(1e-5)
    assert later["text_projection"] == pytest.approx(1e-4)
    assert {group["lr"] for group in built.param_groups if group["tower"] == "text"} == {
        later["text"]
    }


def test_the_motion_rate_rises_once_and_falls_over_both_phases() -> None:
    plan = Plan(frozen=60, unfrozen=40, warmup=0.1)
    shares = [plan.motion_share(step) for step in range(100)]
    assert shares[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert shares[10] == 1
    assert shares[55] == pytest.approx(0.5)
    assert all(a > b for a, b in pairwise(shares[10:]))
    assert 0 < shares[-1] < 0.001


def test_the_text_rate_has_its_own_rise_and_fall() -> None:
    plan = Plan(frozen=60, unfrozen=40, warmup=0.1)
    shares = [plan.text_share(step) for step in range(100)]
    assert set(shares[:60]) == {0.0}
    assert shares[60:64] == pytest.approx([0.25, 0.5, 0.75, 1])
    assert all(a > b for a, b in pairwise(shares[64:]))
    assert 0 < shares[-1] < 0.003


def test_without_warm_up_the_first_step_has_the_whole_rate() -> None:
    plan = Plan(frozen=3, unfrozen=2, warmup=0.0)
    assert (plan.motion_share(0), plan.text_share(3)) == (1, 1)


def test_a_plan_counts_steps() -> None:
    plan = Plan.of(Schedule(frozen_epochs=2, unfrozen_epochs=3, warmup=0.1), 7)
    assert plan == Plan(14, 21, 0.1)
    assert plan.total == 35


def test_moments_of_the_motion_tower_outlive_the_change_of_phase(model: MoCLIP) -> None:
    """Text parameters have none while they are frozen, then their own from zero."""
    built = optimiser.build(model, RATES)
    weight, word = model.motion.project.weight, next(model.text.parameters())
    weight.grad = torch.ones_like(weight)
    built.step()
    built.zero_grad()
    model.unfreeze_text()
    assert word not in built.state
    weight.grad, word.grad = torch.ones_like(weight), torch.ones_like(word)
    built.step()
    assert float(built.state[weight]["step"]) == 2
    torch.testing.assert_close(
        built.state[weight]["exp_avg"], torch.full_like(weight, 1 - 0.9**2), rtol=1e-4, atol=0
    )
    assert float(built.state[word]["step"]) == 1
