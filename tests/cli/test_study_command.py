"""``moclip study robustness`` from a recipe to a report, and what it says of a wrong one."""

import json
import shutil
from pathlib import Path

import pytest
from cli_support import Run


@pytest.fixture
def study(clips: Path, text_tower: Path, tmp_path: Path) -> Path:
    """One tower of one epoch in each phase, asked with one attack."""
    data = Path(shutil.copytree(clips, tmp_path / "data"))
    files = sorted(path.name for path in data.iterdir())
    lines = [
        f"{file},{start},{start + 0.5},a person walks {number} steps forward,{split}"
        for split, start in (("train", 0.0), ("val", 0.5), ("test", 0.9))
        for number, file in enumerate(files)
    ]
    (data / "captions.csv").write_text("\n".join(("file,start,end,caption,split", *lines)) + "\n")
    file = tmp_path / "tiny.toml"
    file.write_text(f"""
name = "tiny"
study = "robustness"
controls = ["direction"]
data = {{ name = "folder", root = "{data}" }}
text = {{ source = "{text_tower}" }}
motion = {{ limb_width = 8, limb_layers = 1, limb_heads = 1, width = 16, layers = 1, heads = 2 }}
design = {{ fractions = [1.0], arms = ["tether"], budgets = ["steps"], seeds = [0] }}
training = {{ frozen_steps = 1, text_steps = 1, batch_size = 4 }}
measuring = {{ captions = 4 }}
attacks = {{ typos = [0.1] }}
verdict = {{ attack = "typos", strength = 0.1 }}
""")
    return file


def test_a_study_leaves_a_report_and_goes_on_with_other_words_beside(
    moclip: Run, study: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shown = moclip("study", "robustness", study, "--out", out)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith("No verdict: R@1 lost to typos")
    assert all((out / f"report.{kind}").exists() for kind in ("json", "csv", "md", "html"))
    first = json.loads((out / "report.json").read_text())
    words = tmp_path / "words.txt"
    words.write_text("someone jumps\nsomebody runs forward\n")
    assert moclip("study", "robustness", study, "--out", out, "--captions", words).code == 0
    more = json.loads((out / "report.json").read_text())
    told = {row["kind"] for row in more["towers"]} - {row["kind"] for row in first["towers"]}
    assert told == {"attack, text only", "control, text only"}
    assert str(words) not in (out / "report.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing"], "no recipe named 'nothing'; there are: bandai_namco, demo"),
        (["demo", "--set", "design.arms=['free']"], "arms are some of: frozen, lambda 0"),
        (["demo", "--jobs", "0"], "jobs is 0, wanted at least 1"),
        (["bandai_namco"], "needs root=PATH"),
    ],
)
def test_a_wrong_study_is_told_in_one_sentence(
    moclip: Run, tmp_path: Path, arguments: list[str], told: str
) -> None:
    shown = moclip("study", "robustness", *arguments, "--out", tmp_path / "out")
    assert shown.code == 2
    assert told in shown.err
