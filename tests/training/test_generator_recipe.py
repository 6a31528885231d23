"""What a generator's recipe asks is what is trained and written, or it is refused."""

from pathlib import Path
from typing import Any

import pytest
from test_generator import SHORT, SIZES, recipe_of, trained
from test_generator import whole as whole

from moclip.models.generator.generator import MotionGenerator
from moclip.training.generator import going_on
from moclip.training.generator.recipe import STAGES, Recipe

ONCE = SHORT | {"epochs": 1}
PLAIN: dict[str, Any] = {
    "name": "tiny",
    "model": "generator",
    "data": {"name": "bundled"},
    "augment": {"mirror": "off"},
}
TUNED = {"train_quantiser": {"epochs": 0}, "train_masked": ONCE, "train_residual": ONCE}


def test_a_tower_other_than_the_source_holds_is_refused(text_tower: Path) -> None:
    wrong = Recipe.of(PLAIN | {"text": {"tower": "minilm", "source": str(text_tower)}})
    told = rf"text\.tower is 'minilm', but text\.source '{text_tower}' has 'clip'"
    with pytest.raises(ValueError, match=told):
        going_on.text_tower(wrong)
    right = Recipe.of(PLAIN | {"text": {"source": str(text_tower)}})
    assert going_on.text_tower(right.with_(seed=1))[1] == "clip"


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"text": {"tower": "minilm"}}, r"text\.tower is 'minilm', but 'start' .* has 'clip'"),
        ({"quantiser": {"codes": 32}}, r"\[quantiser\] codes is 32, but .* has 16"),
        ({"masked": {"preset": "paper"}}, r"\[masked\] width is 384, but .* has 16"),
        ({"residual": {"depth": 2}}, r"\[residual\] unknown key 'depth'"),
    ],
)
def test_what_a_start_contradicts_is_refused(
    whole: Path, tmp_path: Path, section: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        trained(Recipe.of(PLAIN | TUNED | {"start": whole} | section), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_recipe_says_what_its_start_has(whole: Path, tmp_path: Path) -> None:
    asked = {"start": whole, "masked": SIZES["masked"], "text": {"tower": "clip"}}
    out = trained(Recipe.of(PLAIN | TUNED | asked), tmp_path)
    written, model = Recipe.load(out / "recipe.toml"), MotionGenerator.from_pretrained(whole)
    assert written.text.tower == "clip"
    assert written.quantiser_config() == model.quantiser.config
    assert written.trunk_config("masked") == model.masked.config
    assert written.trunk_config("residual") == model.residual.config
    trained(written, out, resume=True)


def test_a_recipe_without_start_says_what_was_taken(whole: Path) -> None:
    text = (whole / "recipe.toml").read_text()
    assert '[text]\ntower = "clip"\n' in text
    assert '[residual]\npreset = "compact"\nwidth = 16\n' in text


@pytest.mark.parametrize("stage", STAGES)
def test_slack_which_no_stage_ever_used_is_told(stage: str, text_tower: Path) -> None:
    table = PLAIN | {f"train_{stage}": SHORT | {"slack": 0.5}}
    with pytest.raises(ValueError, match=rf"\[train_{stage}\] slack .*; take it out$") as caught:
        Recipe.of(table, "recipe.toml")
    assert "\n" not in str(caught.value)
    assert "slack" not in recipe_of(text_tower).to_toml()
