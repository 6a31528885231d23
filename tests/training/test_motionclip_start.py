"""MotionCLIP that goes on from a trained one: its tower and sizes hold, and are what is written."""

import logging
from pathlib import Path
from typing import Any

import pytest
import small_runs
import whole_clip
from small_motionclip import PLAIN, SIZES, recipe_of, trained

from moclip.models.autoencoder.model import MotionCLIP
from moclip.training.motionclip import run
from moclip.training.motionclip.recipe import Recipe

SEEN = {"image": 0.5}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole_clip.write_whole(tmp_path_factory.mktemp("clips") / "clip")


@pytest.fixture(scope="module")
def start(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = recipe_of(clip, schedule={"epochs": 1})
    return trained(recipe, tmp_path_factory.mktemp("motionclip") / "start")


def going_on(start: Path, **sections: Any) -> Recipe:
    return Recipe.of(PLAIN | {"start": start} | sections)


def test_a_recipe_says_what_its_start_has(start: Path, tmp_path: Path) -> None:
    out = trained(going_on(start), tmp_path / "out")
    written = Recipe.load(out / "recipe.toml")
    assert written.text.tower == "clip"
    assert written.config() == MotionCLIP.from_pretrained(start).config
    trained(written, out, resume=True)
    assert (out / "recipe.toml").read_text() == written.to_toml()


def test_a_recipe_without_start_says_what_was_taken(tmp_path: Path) -> None:
    out = trained(Recipe.of(PLAIN | {"autoencoder": SIZES}), tmp_path)
    text = (out / "recipe.toml").read_text()
    assert '[text]\ntower = "minilm"\n' in text
    assert '[autoencoder]\npreset = "compact"\nwidth = 16\n' in text


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"autoencoder": {"width": 32}}, r"\[autoencoder\] width is 32, but .*'start' has 16"),
        ({"autoencoder": {"preset": "compact"}}, r"\[autoencoder\] width is 256, .*'start' has 16"),
        ({"autoencoder": {"depth": 1}}, r"\[autoencoder\] unknown key 'depth'; there are: drop"),
        ({"text": {"tower": "minilm"}}, r"text\.tower is 'minilm', but .*'start' has 'clip'"),
    ],
)
def test_what_a_start_contradicts_is_refused(
    start: Path, tmp_path: Path, section: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        trained(going_on(start, **section), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_start_has_may_be_said_again(start: Path, clip: Path) -> None:
    same = {"text": {"tower": "clip", "source": str(clip)}, "autoencoder": SIZES}
    model = run.new_model(going_on(start, **same), [])
    assert model.config.width == 16


def test_pictures_need_the_clip_the_start_has(
    start: Path, clip: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match=r"'start' and loss\.image need text\.source"):
        going_on(start, loss=SEEN)
    other = whole_clip.write_whole(tmp_path / "other", seed=5)
    with pytest.raises(ValueError, match=rf"text\.source '{other}' is .* pictures") as caught:
        trained(going_on(start, loss=SEEN, text={"source": str(other)}), tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert "fine-tuned" in str(caught.value)
    assert not (tmp_path / "out" / "recipe.toml").exists()
    with caplog.at_level(logging.WARNING):
        own = going_on(start, loss=SEEN, text={"source": str(clip)})
        trained(own, tmp_path / "seen")
    assert small_runs.rows(tmp_path / "seen")[0]["image"] > 0
    assert not caplog.records
