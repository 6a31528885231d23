"""The study of the swap: rows that differ in what their names say alone, and what is concluded."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import small_swap

from moclip import cli, datasets
from moclip.evaluation.figures import Figure
from moclip.training._recipe import names
from moclip.training.study.swap import cells, material, study
from moclip.training.study.swap.analysis import COMPARED, analyse, helps
from moclip.training.study.swap.recipe import ARMS, Recipe


@pytest.fixture(autouse=True)
def clips(monkeypatch: pytest.MonkeyPatch) -> None:
    material._known.clear()
    monkeypatch.setattr(datasets, "load", small_swap.load)


@pytest.fixture(scope="module")
def finished(text_tower: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole study."""
    out = tmp_path_factory.mktemp("swap")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "load", small_swap.load)
        study.run(small_swap.recipe(text_tower), out)
    return out


def cell(arm: str, seed: int, shift: float = 0.0) -> dict[str, Any]:
    rows = [
        {
            "generated": {"Top-3": 50.0 + shift + repeat, "FID": 2.0, "Diversity": 3.0 + shift},
            "real": {"Top-3": 90.0, "Diversity": 4.0},
        }
        for repeat in range(4)
    ]
    return {"arm": arm, "seed": seed, "clips": 20, "pool": 20, "rows": rows}


SHIFTS = {"plain": 0.0, "plain, fine-tuned": 1.0, "swapped": 0.5, "swapped, fine-tuned": 4.0}


def made() -> list[dict[str, Any]]:
    """Five rows of three seeds: the fine-tuning gives 1, the tower 3 more."""
    return [cell(arm, seed, SHIFTS.get(arm, 2.0)) for arm in ARMS for seed in range(3)]


def test_shipped_recipes_are_read_and_keep_the_papers_fine_tuning(tmp_path: Path) -> None:
    shipped = [Recipe.load(name) for name in names(Recipe.FOLDER)]
    assert [plan.name for plan in shipped] == ["bandai_namco", "demo"]
    assert all(len(plan.seeds) >= 3 for plan in shipped)
    tuned = shipped[0].tuned_generator(tmp_path, None, seed=4)
    assert {tuned.stage(name).lr for name in ("masked", "residual")} == {1e-6}
    assert {tuned.stage(name).warmup for name in ("masked", "residual")} == {0.0}
    assert tuned.stage("quantiser").epochs == 0
    assert tuned.seed == 4


def test_a_wrong_section_is_told_with_its_place(text_tower: Path) -> None:
    with pytest.raises(ValueError, match=r"\[generator\].*'train_masked.epochs' is -1"):
        small_swap.recipe(text_tower, generator={"train_masked": {"epochs": -1}})
    with pytest.raises(ValueError, match=r"\[moclip\].*unknown key 'loss.tuther'"):
        small_swap.recipe(text_tower, moclip={"loss": {"tuther": 1}})
    with pytest.raises(ValueError, match="seeds are different numbers"):
        small_swap.recipe(text_tower, seeds=[0, 0])


def test_towers_differ_in_their_tether_alone(text_tower: Path) -> None:
    plan = small_swap.recipe(text_tower)
    one, other = plan.tower("tether", seed=1), plan.tower("lambda 0", seed=1)
    assert (one.loss.tether, other.loss.tether) == (0.4, 0.0)
    assert one == other.with_(loss={"tether": 0.4})


def test_gains_are_shared_out_between_training_and_tower() -> None:
    found = analyse(made())
    gains = {title: found.differences[title]["Top-3"].value for title in COMPARED}
    assert list(gains.values()) == pytest.approx([4, 1, 3, 0.5, 2])
    assert found.rows["plain"]["Top-3"].value == 51.5
    assert found.real["Top-3"].value == 90


def test_what_all_repeats_share_leaves_a_difference_without_a_width() -> None:
    """Repeats differ by up to 3, and by the same in every row: paired, nothing of it is left."""
    found = analyse(made())
    gain = found.differences["the tower, both fine-tuned"]["Top-3"]
    assert (gain.low, gain.high) == pytest.approx((3, 3))
    row = found.rows["plain"]["Top-3"]
    assert row.low is not None
    assert row.high is not None
    assert row.low < row.value < row.high


def test_what_should_be_as_real_is_judged_by_its_distance() -> None:
    """Diversity goes from 3 past the real 4 to 7: a loss of 2, not a gain of 4."""
    found = analyse(made())
    assert found.differences["swap and fine-tuning together"]["Diversity"].value == 2
    assert found.rows["swapped, fine-tuned"]["Diversity"].value == 7


@pytest.mark.parametrize(
    ("name", "figure", "verdict"),
    [
        ("Top-3", Figure(1.0, 0.5, 1.5), True),
        ("Top-3", Figure(-1.0, -1.5, -0.5), False),
        ("FID", Figure(-1.0, -1.5, -0.5), True),
        ("Diversity", Figure(1.0, 0.5, 1.5), False),
        ("content accuracy", Figure(1.0, 0.5, 1.5), True),
        ("Top-3", Figure(1.0, -0.1, 2.1), None),
    ],
)
def test_an_interval_with_0_says_nothing(name: str, figure: Figure, verdict: bool | None) -> None:
    assert helps(name, figure) is verdict


def test_seeds_that_disagree_make_an_interval_wide() -> None:
    rows = [cell(arm, seed, SHIFTS.get(arm, 2.0)) for arm in ARMS for seed in range(3)]
    for row in rows:
        if row["arm"] == "swapped, fine-tuned" and row["seed"] == 2:
            for repeat in row["rows"]:
                repeat["generated"]["Top-3"] -= 9
    found = analyse(rows).differences["the tower, both fine-tuned"]["Top-3"]
    assert found.value == pytest.approx(0)
    assert helps("Top-3", found) is None


def test_a_whole_study_leaves_its_report(finished: Path) -> None:
    report = json.loads((finished / "report.json").read_text())
    assert set(report["rows"]) == set(ARMS)
    assert {"FID", "Top-3", "KID", "MM-Dist", "MultiModality"} <= set(report["rows"]["plain"])
    assert set(report["differences"]) == set(COMPARED)
    assert len((finished / "report.csv").read_text().splitlines()) == 1 + 5 * 2 * 2
    page = (finished / "report.md").read_text()
    assert "With the same fine-tuning on both sides, the swapped tower" in page
    assert "| real |" in page
    html = (finished / "report.html").read_text()
    assert "<h2>Differences</h2>" in html
    assert all(text.endswith(".") for text in re.findall("<p>(.*?)</p>", html))


def test_rows_are_what_their_names_say(finished: Path) -> None:
    """Each row moves some figure; nobody's generator is kept."""
    report = json.loads((finished / "report.json").read_text())
    distances = {arm: row["KID"]["value"] for arm, row in report["rows"].items()}
    assert len(set(distances.values())) == len(ARMS)
    kept = [place for place in (finished / "made").iterdir() if (place / "model").exists()]
    assert len(kept) == 2 + 2 * 2  # generator, evaluator, a tower of each kind and seed


def test_a_study_goes_on_without_training_again(
    text_tower: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    plan = small_swap.recipe(text_tower)
    before = (finished / "report.json").read_bytes()
    for name in ("train_base", "train_tower", "measure"):
        monkeypatch.setattr(cells, name, never)
    study.run(plan, finished)
    assert (finished / "report.json").read_bytes() == before


def test_the_command_tells_the_answer_and_where_the_report_is(
    text_tower: Path,
    finished: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = small_swap.recipe(text_tower)
    monkeypatch.setattr(Recipe, "load", lambda *_: plan)
    assert cli.main(["study", "swap", "tiny", "--out", str(finished)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("With the same fine-tuning on both sides, the swapped tower")
    assert told[-1] == f"wrote {finished / 'report.html'}"
    assert cli.main(["study", "swap", "tiny", "--generator", "nowhere"]) == 2
    assert "there is no model folder" in capsys.readouterr().err


def test_models_that_are_given_are_not_trained(
    text_tower: Path, finished: Path, tmp_path: Path
) -> None:
    own = study.Parts.of(small_swap.recipe(text_tower), finished)
    given = {
        "generator": own.base("generator"),
        "evaluator": own.base("evaluator"),
        "tether": own.tower(cells.Row(arm="swapped", seed=0)),
    }
    plan = small_swap.recipe(text_tower, seeds=[0], given=given)
    assert (cells.bases(plan), [c.tower for c in cells.moclips(plan)]) == ([], ["lambda 0"])
    parts = study.Parts.of(plan, tmp_path)
    first = cells.Row(arm="swapped", seed=0)
    there = study._measure(first, tmp_path / "a", parts=parts)
    again = study._measure(first, tmp_path / "b", parts=own)
    assert there == again
    assert not any(str(folder) in json.dumps(parts.rows.about) for folder in given.values())


def test_other_weights_in_the_text_towers_folder_are_other_cells(
    text_tower: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "tower"
    shutil.copytree(text_tower, folder)
    recipe = small_swap.recipe(folder)
    before = recipe.plain()
    (folder / "model.safetensors").write_bytes(b"others")
    assert recipe.plain() != before
    assert str(folder) not in json.dumps(before)


@pytest.mark.parametrize("which", ["generator", "evaluator", "tether", "free"])
def test_a_model_that_is_not_there_is_told_before_any_is_trained(
    text_tower: Path, tmp_path: Path, which: str
) -> None:
    recipe = small_swap.recipe(text_tower, given={which: tmp_path / "nowhere"})
    with pytest.raises((ValueError, OSError), match="nowhere"):
        study.run(recipe, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_two_workers_of_ray_give_the_same_report(
    text_tower: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import pathlib, sys, small_swap\n"
        "from moclip.training.study.swap import study\n"
        "tower, data, out = map(pathlib.Path, sys.argv[1:])\n"
        "study.run(small_swap.on_disk(tower, data), out, jobs=2, backend='ray')"
    )
    here = Path(__file__).parent
    paths = os.pathsep.join(map(str, (here, here.parent, here.parents[1])))
    data, ray, one = (tmp_path / name for name in ("data", "ray", "one"))
    subprocess.run(
        [sys.executable, "-c", code, str(text_tower), str(data), str(ray)],
        timeout=600,
        check=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    monkeypatch.undo()  # of the fixture: the clips are those on disk
    study.run(small_swap.on_disk(text_tower, data), one)
    assert (ray / "report.json").read_bytes() == (one / "report.json").read_bytes()
