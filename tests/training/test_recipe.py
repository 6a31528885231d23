"""Recipes: what ships loads, what is written reads back, what is wrong is told in a sentence."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from moclip.training import kinds
from moclip.training._recipe import names
from moclip.training.recipe import Loss, Recipe, Schedule
from moclip.training.sections import Augment

PLAIN: dict[str, Any] = {"name": "mine", "data": {"name": "bundled"}}


@pytest.mark.parametrize("name", names())
def test_every_recipe_of_the_package_loads_and_reads_back(name: str, tmp_path: Path) -> None:
    recipe = kinds.load(name)
    assert recipe.name == name
    path = tmp_path / "again.toml"
    path.write_text(recipe.to_toml(), encoding="utf-8")
    assert kinds.load(path) == recipe


def test_the_package_has_recipes() -> None:
    assert {"demo", "bandai_namco", "moclip_paper"} <= set(names())


def test_the_written_recipe_has_every_default() -> None:
    text = Recipe.of(PLAIN).to_toml()
    for section in (Loss, Schedule, Augment):
        told = [key for key, field in section.model_fields.items() if field.default is not None]
        assert all(f"{key} = " in text for key in told)


@pytest.mark.parametrize(
    "text", ['quo"te', "back\\slash", "new\nline", "tab\t", "é ü 人", "\U0001f600", "\x7f", "# ="]
)
def test_any_string_reads_back(text: str, tmp_path: Path) -> None:
    recipe = Recipe.of(PLAIN | {"text": {"source": text}})
    path = tmp_path / "again.toml"
    path.write_text(recipe.to_toml(), encoding="utf-8")
    assert Recipe.load(path).text.source == text


def test_values_are_replaced_by_overrides() -> None:
    changed = Recipe.load(
        "demo",
        [
            "loss.tether=0.2",
            "seed = 3",
            "text.fine_tune=false",
            "text.source=openai/clip",
            'name="a b"',
            "motion.width=64",
            "optimiser.motion_lr=1e-3",
        ],
    )
    assert (changed.loss.tether, changed.seed, changed.text.fine_tune) == (0.2, 3, False)
    assert (changed.text.source, changed.name) == ("openai/clip", "a b")
    assert changed.motion_config().width == 64
    assert changed.optimiser.motion_lr == 1e-3
    assert changed.schedule == Recipe.load("demo").schedule


def test_an_override_may_open_a_section(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\ndata.name = "bundled"\n')
    assert Recipe.load(path, ["augment.mirror=all"]).augment.mirror == "all"


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("loss.tether", "wanted section.key=value"),
        ("=1", "wanted section.key=value"),
        ("seed.x=1", "'seed' is a value, not a section"),
        ("loss.lambda=1", "unknown key 'loss.lambda'; there are: align, alike, contrastive"),
        ("losses.tether=1", "unknown key 'losses'; there are: augment, data, defence, loss"),
        ("data.path=x", r"\[data\] unknown key 'path'; there are: root"),
        ("motion.depth=3", r"\[motion\] unknown key 'depth'; there are: .*width"),
        ("loss.tether=-1", "'loss.tether' is -1: input should be greater than or equal to 0"),
        ("loss.tether=much", "'loss.tether' is 'much': input should be a valid number"),
        ("seed=99999999999999999999", "'seed' is 99999999999999999999: input should be less than"),
        ("seed=-9999999999", "'seed' is -9999999999: input should be greater than or equal to"),
        ("augment.mirror=some", "'augment.mirror' is 'some': input should be 'off', 'known' or"),
        ("schedule.batch_size=1", "'schedule.batch_size' is 1"),
        ("schedule=5", "'schedule' is 5"),
        ("motion.width=-4", r"\[motion\] 'width' is -4"),
        ("motion.heads=7", r"\[motion\] .*no multiple"),
    ],
)
def test_a_wrong_value_is_told_in_one_sentence(override: str, told: str) -> None:
    seeded = ["seed=0", override]
    with pytest.raises(ValueError, match=told) as caught:
        Recipe.load("demo", seeded)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_no_epochs_at_all_are_refused() -> None:
    nothing = ["schedule.frozen_epochs=0", "schedule.unfrozen_epochs=0"]
    with pytest.raises(ValueError, match=r"both 0, so nothing would be trained$") as caught:
        Recipe.load("demo", nothing)
    assert "{" not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"data": {"name": "bundled"}}, "key 'name' is missing"),
        ({"name": "mine"}, "key 'data' is missing"),
        ({"name": "mine", "data": {}}, "key 'data.name' is missing"),
    ],
)
def test_a_missing_key_is_named(table: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Recipe.of(table)


def test_unknown_names_are_answered_with_those_there_are() -> None:
    with pytest.raises(LookupError, match=r"'dmeo'; there are: bandai_namco, demo, .*\.toml"):
        Recipe.load("dmeo")
    with pytest.raises(LookupError, match=r"'amass'; there are: .*bandai_namco, bundled"):
        Recipe.of({"name": "mine", "data": {"name": "amass"}})
    with pytest.raises(LookupError, match="'lstm'; there are: limbs"):
        Recipe.of(PLAIN | {"motion": {"tower": "lstm"}})


def test_files_that_are_no_recipe_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    with pytest.raises(FileNotFoundError, match=r"mine\.toml"):
        Recipe.load(path)
    for data in (b"name = ", b"\xff\xfe\x00"):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r"mine\.toml is not a TOML recipe"):
            Recipe.load(path)


def test_a_copy_with_changes_is_checked_like_a_recipe() -> None:
    plain = Recipe.of(PLAIN)
    assert plain.with_(loss={"tether": 0.0}, seed=2).loss.tether == 0
    assert plain.with_().to_toml() == plain.to_toml()
    with pytest.raises(ValueError, match=r"unknown key 'loss\.theter'"):
        plain.with_(loss={"theter": 0.0})


def test_the_page_on_training_names_every_key_and_its_example_loads() -> None:
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert Recipe.of(tomllib.loads(example)).data.name == "folder"
    told = set(re.findall(r"`(\w+\.\w+)`", page))
    for section, field in Recipe.model_fields.items():
        keys = getattr(field.annotation, "model_fields", {})
        assert {f"{section}.{key}" for key in keys} <= told
    assert all(f"`{name}`" in page for name in names())
