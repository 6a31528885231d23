"""The training's part of a model card: recipe, data and licence, figures and their protocol."""

from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from moclip import datasets
from moclip.curation.prepare import prepare
from moclip.training import card
from moclip.training.recipe import Recipe


def test_a_run_tells_recipe_data_licence_and_protocol(finished: Path) -> None:
    page = (finished / "README.md").read_text()
    assert "`moclip train` with [`recipe.toml`](recipe.toml) (`tiny`, seed" in page
    assert datasets.licence("bundled") in page
    assert "protocol `all-identical`" in page
    assert "clips of the validation split and their" in page
    assert "## Intended use" in page
    assert "## Limits" in page
    head = ModelCard.load(finished / "README.md").data
    assert (head.license, head.datasets) == ("other", ["bundled"])


def test_a_licence_that_the_hub_knows_is_named_by_its_word() -> None:
    recipe = Recipe.load("bandai_namco", ["data.root=/home/someone/bandai.zip"])
    told = card.paperwork(recipe, {"R@1": 50.0}, kept="Kept.", rules="Rules.")
    assert (told.data, told.licence) == (("bandai_namco",), "cc-by-nc-4.0")
    assert told.card is not None
    assert "CC BY-NC 4.0, Bandai Namco Research Inc." in told.card
    assert "/home/someone" not in told.card


@pytest.mark.parametrize("name", ["folder", "msr_action3d"])
def test_unknown_terms_are_told_as_unknown(name: str) -> None:
    told = card.Data.of(name, {"seed": 3})
    assert told.hub_licence == "other"
    assert f"`{name}` (`seed=3`). Its terms: unknown to moclip" in told.section()


def test_figures_of_a_group_are_a_row() -> None:
    figures = {"epoch": 3, "a->b R@1": 50.0, "a->b MedR": 2.0, "b->a R@1": 12.345, "b->a MedR": 7.0}
    assert card.table({**figures, "unknown": None}).splitlines() == [
        "| figure | R@1 | MedR |",
        "|---|---|---|",
        "| a->b | 50 | 2 |",
        "| b->a | 12.35 | 7 |",
        "",
        "| figure | value |",
        "|---|---|",
        "| epoch | 3 |",
    ]
    assert card.table({"loss": 0.5}).splitlines() == [
        "| figure | value |",
        "|---|---|",
        "| loss | 0.5 |",
    ]


def test_prepared_clips_tell_what_they_were_prepared_from(tmp_path: Path) -> None:
    prepare("bundled", tmp_path / "shards", jobs=1)
    told = card.Data.of("prepared", {"root": tmp_path / "shards"})
    assert (told.name, told.terms) == ("bundled", datasets.licence("bundled"))
    assert str(tmp_path) not in told.section()
