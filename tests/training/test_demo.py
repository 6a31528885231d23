"""The demonstration on a dozen walks: the page, the table, and a model in the folder itself."""

from pathlib import Path

import doubles
import pytest
import small_runs

from moclip import datasets
from moclip.motion import CaptionedMotion
from moclip.training import controls, demo
from moclip.training.recipe import Recipe


@pytest.fixture
def small_demo(text_tower: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe ``demo`` with the smallest towers, on walks in place of the package's clips."""
    whole = small_runs.walks(18)
    splits = {"train": whole[:10], "val": whole[10:14], "test": whole[14:], "all": whole}

    def load(name: str, split: str, **options: object) -> list[CaptionedMotion]:
        return splits[split]

    folder = tmp_path / "recipes"
    folder.mkdir()
    tiny = small_runs.recipe(
        text_tower, name="demo", schedule={"frozen_epochs": 1, "unfrozen_epochs": 1}
    )
    (folder / "demo.toml").write_text(tiny.to_toml())
    monkeypatch.setattr(Recipe, "FOLDER", folder)
    monkeypatch.setattr(datasets, "load", load)


@pytest.mark.usefixtures("small_demo")
def test_the_demonstration_leaves_a_model_a_page_and_a_table(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    told = demo.run_demo(out, device="cpu")
    for wanted in (*controls.ARMS, *demo.PROMPTS, "text_norm_ratio", "moclip search"):
        assert wanted in told
    page = (out / "report.html").read_text(encoding="utf-8")
    assert all(prompt in page for prompt in demo.PROMPTS)
    assert [row["epoch"] for row in small_runs.rows(out)] == [1, 2]
    assert not (out / "state.safetensors").exists()
    arm = small_runs.weights(out / "controls" / "seed-0" / "tether")
    assert all((value == arm[name]).all() for name, value in small_runs.weights(out).items())
    again = demo.run_demo(out, device="cpu")
    assert again == told


def test_a_prompt_is_answered_with_the_nearest_clips() -> None:
    model, clips = doubles.model(), small_runs.walks(5)
    (hits,) = demo.answer(model, clips, ["walk 3 a"], k=2).values()
    cosines = model.similarity([clip.motion for clip in clips], "walk 3 a")[:, 0]
    best = cosines.argsort(descending=True)[:2].tolist()
    assert [hit.entry.id for hit in hits] == [clips[number].id for number in best]
    assert hits[0].score == pytest.approx(float(cosines.max().detach()), abs=1e-5)


def test_the_table_of_cosines_marks_captions_that_are_true_of_several_clips() -> None:
    model, (one, two) = doubles.model(), small_runs.walks(2)
    shared = CaptionedMotion("two", two.motion, (two.captions[0], one.captions[0]))
    table = demo.similarities(model, [one, shared])
    assert table.own == {(0, 0), (0, 1), (1, 1)}
    expected = model.similarity([two.motion], [one.captions[0]])
    assert table.values[0][1] == pytest.approx(float(expected.detach()), abs=1e-5)
