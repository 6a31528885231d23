"""A whole study of robustness, small: its cells, its report, its bytes."""

import csv
import json
import shutil
from pathlib import Path

import pytest
import small_robustness
import torch
from safetensors.torch import load_file, save_file

from moclip import datasets
from moclip.training.study import engine
from moclip.training.study.robustness import material, study, towers
from moclip.training.study.robustness.recipe import ARMS, Recipe
from moclip.training.study.robustness.towers import First


@pytest.fixture(autouse=True)
def walks_for_bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "load", small_robustness.load)
    material._known.clear()


def bytes_of(files: list[Path]) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def whole(text_tower: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, list[Path]]:
    recipe = small_robustness.recipe(text_tower, generation=small_robustness.GENERATION)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "load", small_robustness.load)
        return recipe, study.run(recipe, tmp_path_factory.mktemp("study") / "whole")


def test_every_cell_has_its_rows(whole: tuple[Recipe, list[Path]]) -> None:
    told, table, *_ = whole[1]
    figures = json.loads(told.read_text())
    cells = {(r["arm"], r["fraction"], r["budget"], r["seed"]) for r in figures["towers"]}
    assert len(cells) == 3 * 3
    kinds = {(row["attack"], row["kind"]) for row in figures["towers"]}
    assert {("none", "clean"), ("typos", "attack"), ("left_right", "control")} <= kinds
    assert (
        len(list(csv.DictReader(table.read_text().splitlines()))) == len(figures["towers"]) + 2 * 2
    )
    assert figures["recipe"]["design"]["seeds"] == [0]
    assert {row["arm"] for row in figures["generated"]} == {"tether", "consistency"}
    assert all(row["FID_D"] < 1e-6 for row in figures["generated"] if row["attack"] == "none")


def test_no_path_and_no_time_is_told(whole: tuple[Recipe, list[Path]]) -> None:
    for path in whole[1]:
        text = path.read_text()
        assert str(path.parent.parent) not in text
        assert str(whole[0].text.source) not in text
        assert "seconds" not in text


def test_a_study_that_was_stopped_tells_the_same(
    whole: tuple[Recipe, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, files = whole
    calls = iter(range(1000))
    measure = study._measure_tower

    def stopped(*given: object, **more: object) -> object:
        if next(calls) == 4:
            raise KeyboardInterrupt
        return measure(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(study, "_measure_tower", stopped)
    with pytest.raises(KeyboardInterrupt):
        study.run(recipe, tmp_path)
    monkeypatch.setattr(study, "_measure_tower", measure)
    assert bytes_of(study.run(recipe, tmp_path)) == bytes_of(files)


def test_a_report_is_written_again_without_measuring(
    whole: tuple[Recipe, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, files = whole
    before = bytes_of(files)

    def never(*given: object, **more: object) -> None:
        raise AssertionError("a cell was measured again")

    monkeypatch.setattr(study, "_measure_tower", never)
    assert bytes_of(study.run(recipe, files[0].parent)) == before


def test_what_generates_is_no_part_of_what_towers_hang_on(text_tower: Path, tmp_path: Path) -> None:
    one = study.Parts(small_robustness.recipe(text_tower), tmp_path, "data")
    other = study.Parts(
        small_robustness.recipe(text_tower, generation=small_robustness.GENERATION),
        tmp_path,
        "data",
    )
    for cell in one.towers.cells:
        assert one.towers.digest(cell) == other.towers.digest(cell)
    more = study.Parts(small_robustness.recipe(text_tower, controls=["speed"]), tmp_path, "data")
    cell = one.towers.cells[0]
    assert one.towers.digest(cell) != more.towers.digest(cell)
    assert one.firsts.digest(cell.first) == more.firsts.digest(cell.first)


def test_other_clips_are_other_cells(text_tower: Path, tmp_path: Path) -> None:
    recipe = small_robustness.recipe(text_tower, generation=small_robustness.GENERATION)
    one, other = (study.Parts(recipe, tmp_path, data) for data in ("one", "other"))
    for part in ("firsts", "towers", "bases", "generated"):
        here, there = getattr(one, part), getattr(other, part)
        assert here.digest(here.cells[0]) != there.digest(there.cells[0])


def test_other_weights_in_the_text_towers_folder_are_other_cells(
    text_tower: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "tower"
    shutil.copytree(text_tower, folder)
    recipe = small_robustness.recipe(folder)
    first = study.Parts(recipe, tmp_path, "data").towers
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    same = study.Parts(small_robustness.recipe(moved), tmp_path, "data").towers
    weights = folder / "model.safetensors"
    tensors = load_file(weights)
    save_file({name: 1.01 * tensor for name, tensor in tensors.items()}, weights)
    other = study.Parts(recipe, tmp_path, "data").towers
    cell = first.cells[0]
    assert first.digest(cell) == same.digest(cell) != other.digest(cell)
    assert str(tmp_path) not in json.dumps(recipe.plain())


def test_a_larger_part_contains_the_smaller_and_keeps_twins_together() -> None:
    clips = small_robustness.walks(30)
    twins = [clip.mirrored() for clip in clips]
    assert all(twin.id == f"M{clip.id}" for twin, clip in zip(twins, clips, strict=True))
    before: set[str] = set()
    for fraction in (0.01, 0.1, 0.5, 1.0):
        chosen = {clip.id for clip in material.nested([*clips, *twins], fraction, 3)}
        assert before <= chosen
        assert {name.removeprefix("M") for name in chosen} == {n for n in chosen if n[0] != "M"}
        before = chosen
    assert len(before) == 60
    assert len(material.nested(clips, 0.001, 0)) == 2


def test_budgets_are_equal_steps_or_equal_epochs(text_tower: Path) -> None:
    recipe = small_robustness.recipe(text_tower)
    on_all = towers.facts(First(budget="steps", fraction=1.0, seed=0), recipe)
    few = towers.facts(First(budget="steps", fraction=0.3, seed=0), recipe)
    assert few["motions"] < on_all["motions"] == 16
    assert few["text_steps"] == on_all["text_steps"] == 4
    passes = First(budget="epochs", fraction=0.3, seed=0)
    assert towers.epochs(passes, recipe) == (2, 2)


def test_arms_differ_in_one_thing(text_tower: Path) -> None:
    recipe = small_robustness.recipe(text_tower)
    plain = recipe.towers("tether", seed=0, frozen=1, unfrozen=1)
    for arm, change in ARMS.items():
        other = recipe.towers(arm, seed=0, frozen=1, unfrozen=1)
        assert other == plain.with_(**change)
        assert (other == plain) == (arm == "tether")


def test_the_frozen_arm_keeps_its_text_tower(text_tower: Path, tmp_path: Path) -> None:
    recipe = small_robustness.recipe(text_tower)
    parts = study.Parts.of(recipe, tmp_path)
    engine.run(parts.firsts, tmp_path)
    cells = [c for c in parts.towers.cells if (c.seed, c.fraction) == (0, 1.0)]
    texts = {}
    for cell in cells:
        start = parts.firsts.place(tmp_path, cell.first)
        model = towers.train(cell, tmp_path / cell.arm, start, recipe=recipe)
        texts[cell.arm] = torch.cat([p.flatten() for p in model.text.parameters()])
    assert not torch.equal(texts["tether"], texts["frozen"])
    assert not torch.equal(texts["tether"], texts["consistency"])
    plain = recipe.towers("frozen", seed=0, frozen=1, unfrozen=1)
    from moclip.training import run

    fresh = run.new_model(plain, small_robustness.walks(4))
    assert torch.equal(texts["frozen"], torch.cat([p.flatten() for p in fresh.text.parameters()]))


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"attacks": {"typo": [0.1]}}, "there is no attack 'typo'; there are: paraphrase"),
        ({"attacks": {"typos": [7.0]}}, "'typos', option 'strength'"),
        ({"design": {"arms": ["tied"]}}, "arms are some of: frozen, lambda 0"),
        ({"design": {"fractions": [0.5, 0.1]}}, "fractions grow and end with 1"),
        ({"verdict": {"attack": "negation"}}, "is no part of the study"),
        (
            {"generation": small_robustness.GENERATION | {"fractions": [0.9]}},
            "'0.9' is none of the fractions",
        ),
        ({"measuring": {"epsilon": 1}}, "unknown key 'measuring.epsilon'; there are: captions"),
    ],
)
def test_a_wrong_recipe_is_told_in_one_sentence(
    text_tower: Path, sections: dict[str, object], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        small_robustness.recipe(text_tower, **sections)


@pytest.mark.parametrize("name", ["demo", "bandai_namco"])
def test_the_shipped_studies_are_read(name: str) -> None:
    assert Recipe.load(name).name == name
