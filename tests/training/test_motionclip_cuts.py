"""Random cuts of clips: how short they may get."""

from pathlib import Path

import pytest
import small_runs
from small_motionclip import PLAIN, recipe_of, trained

from moclip.training.motionclip.recipe import Recipe


def test_the_shortest_cuts_have_frames(text_tower: Path, tmp_path: Path) -> None:
    """A cut of no frames stopped the run; one frame has no velocity."""
    augment = {"crop": 1.0, "shortest": 1e-3, "noise": 0.0}
    recipe = recipe_of(text_tower, augment=augment, schedule={"epochs": 4})
    trained(recipe, tmp_path)
    assert len(small_runs.rows(tmp_path)) == 4


@pytest.mark.parametrize("key", ["augment.shortest", "augment.noise", "loss.text", "optimiser.lr"])
@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_is_not_finite_is_refused(key: str, value: float) -> None:
    section, name = key.split(".")
    with pytest.raises(ValueError, match=f"'{key}' is (inf|nan): input should be"):
        Recipe.of(PLAIN | {section: {name: value}})
