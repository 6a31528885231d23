"""Keys of recipes that would not be read, or that are no numbers, are refused; order is kept."""

from typing import Any

import pytest

from moclip.training import kinds
from moclip.training._recipe import names
from moclip.training.recipe import Recipe

PLAIN: dict[str, Any] = {"name": "mine", "data": {"name": "bundled"}}


def test_captions_that_are_alike_are_masked_or_not_asked_for() -> None:
    off = {"mask_false_negatives": False}
    told = r"\[loss\] alike is 0\.9, but with mask_false_negatives = false all other pairs are"
    with pytest.raises(ValueError, match=told):
        Recipe.of(PLAIN | {"loss": {"alike": 0.9, **off}})
    assert Recipe.of(PLAIN | {"loss": {"alike": 1.0, **off}}).with_(seed=1).loss.alike == 1
    assert Recipe.of(PLAIN | {"loss": {"alike": 0.9}}).loss.alike == 0.9


@pytest.mark.parametrize(
    "key",
    [
        "loss.tether",
        "defence.meaning",
        "schedule.state_minutes",
        "optimiser.motion_lr",
        "optimiser.clip",
        "augment.noise",
    ],
)
@pytest.mark.parametrize("value", ["inf", "nan"])
def test_what_is_not_finite_is_refused(key: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"'{key}' is {value}: input should be"):
        Recipe.load("demo", [f"{key}={value}"])


@pytest.mark.parametrize("name", [name for name in names() if not name.startswith("generator")])
def test_recipes_are_written_as_they_were_before_generators_lost_their_slack(name: str) -> None:
    """A run is taken up only by the very text of its recipe."""
    section = kinds.load(name).to_toml().split("[schedule]\n")[1]
    keys = [line.partition(" = ")[0] for line in section.splitlines()]
    assert keys[:5] == ["batch_size", "slack", "warmup", "validate_every", "state_minutes"]
