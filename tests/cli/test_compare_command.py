"""`compare`: figures of real folders, captions from wherever they come, sentences for the rest."""

import json
from pathlib import Path

import pytest
import torch
import whole_clip
from cli_support import Result, Run
from safetensors.torch import load_file, save_file

from moclip.cli import _captions
from moclip.evaluation import drift
from moclip.models import identity, interop
from moclip.models.text import minilm

LINES = [f"a person takes {n} steps to the {side}" for n in range(9) for side in ("left", "right")]


@pytest.fixture(scope="module")
def captions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("captions") / "captions.txt"
    path.write_text("\n".join(LINES) + "\n")
    return path


@pytest.fixture(scope="module")
def doubled(text_tower: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small tower with a closing LayerNorm twice as large: vectors twice as long."""
    tower = minilm.Encoder.from_pretrained(str(text_tower))
    folder = tmp_path_factory.mktemp("doubled") / "tower"
    interop.write(tower, "hf", folder)
    weights = load_file(folder / "model.safetensors")
    last = "encoder.layer.0.output.LayerNorm"
    changed = {k: 2 * v if last in k else v for k, v in weights.items()}
    assert sum(not torch.equal(changed[k], weights[k]) for k in weights) == 1  # its bias is 0
    save_file(changed, folder / "model.safetensors", {"format": "pt"})
    return folder


def compared(moclip: Run, *arguments: object) -> dict[str, dict[str, object]]:
    done: Result = moclip("compare", *arguments, "--json")
    assert done.code == 0, done.err
    found: dict[str, dict[str, object]] = json.loads(done.out)
    return found


def value(found: dict[str, dict[str, object]], group: str, name: str) -> float:
    figures = found[group]["figures"]
    assert isinstance(figures, dict)
    return float(figures[name]["value"])


def test_a_model_and_the_tower_in_it_are_the_same(
    moclip: Run, model: Path, text_tower: Path, captions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "drift.json"
    shown = moclip("compare", text_tower, model, "--captions", captions, "-o", out)
    assert shown.code == 0, shown.err
    assert shown.out.rstrip().endswith("same tower: weights and words are equal")
    assert "motion, 18 captions" in shown.out
    assert "generic, 120 captions" in shown.out
    own = identity.tower_hash(minilm.Encoder.from_pretrained(str(text_tower)))
    found = json.loads(out.read_text())
    assert found["a"]["tower_hash"] == found["b"]["tower_hash"] == own
    assert own in shown.out
    for group in ("motion", "generic"):
        assert value(found, group, "norm ratio") == 1
        assert value(found, group, "cosine drift") == 0


def test_a_tower_of_doubled_vectors_is_unsafe(
    moclip: Run, text_tower: Path, doubled: Path, captions: Path
) -> None:
    found = compared(moclip, text_tower, doubled, "--captions", captions)
    for group in ("motion", "generic"):
        assert value(found, group, "norm ratio") == pytest.approx(2, rel=1e-5)
        assert value(found, group, "cosine drift") == pytest.approx(0, abs=1e-10)
        assert value(found, group, "overlap@10, %") > 99
    shown = moclip("compare", text_tower, doubled, "--captions", captions)
    assert "unsafe lengths: norm ratio 2.000 on captions of motion is outside" in shown.out


def test_a_fine_tuned_clip_is_compared_with_the_file_it_came_from(
    moclip: Run, captions: Path, tmp_path: Path
) -> None:
    base = whole_clip.write_whole(tmp_path / "base")
    tuned = whole_clip.fine_tuned(base)
    interop.write(tuned, "openai", tmp_path / "tuned.pt", base=str(base))
    options = ("--captions", captions, "--tokenizer", base, "--generic", captions)
    found = compared(moclip, base, tmp_path / "tuned.pt", *options)
    before = interop.read(base)
    with torch.no_grad():
        a, b = before.encode(LINES).double(), tuned.encode(LINES).double()
    ratio = float((b.norm(dim=1) / a.norm(dim=1)).mean())
    assert value(found, "motion", "norm ratio") == pytest.approx(ratio, rel=1e-4)
    assert value(found, "motion", "cosine drift") > 0
    assert found["motion"] == found["generic"]


def test_widths_that_differ_leave_neighbours_to_compare(
    moclip: Run, text_tower: Path, captions: Path, tmp_path: Path
) -> None:
    other = whole_clip.write_whole(tmp_path / "clip")
    shown = moclip("compare", text_tower, other, "--captions", captions)
    assert shown.code == 0, shown.err
    assert "norm ratio" not in shown.out
    assert "rank correlation" in shown.out
    assert shown.out.rstrip().endswith("no swap: what reads 16 numbers cannot read 48")


def test_captions_beyond_the_most_are_drawn_and_that_is_told(
    moclip: Run, text_tower: Path, doubled: Path, captions: Path
) -> None:
    options = ("--captions", captions, "--most", 13)
    shown = moclip("compare", text_tower, doubled, *options)
    assert "motion, 13 of 18 captions" in shown.out
    assert shown.out == moclip("compare", text_tower, doubled, *options).out


def test_captions_come_from_lines_tables_humanml3d_and_data_sets(
    captions: Path, tmp_path: Path
) -> None:
    assert _captions.read(str(captions)) == LINES
    official = tmp_path / "000000.txt"
    official.write_text("a man kicks.#a/DET man/NOUN kick/VERB#0.0#0.0\nhe waves#he/PRON#1.0#2.5\n")
    assert _captions.read(str(official)) == ["a man kicks.", "he waves"]
    table = tmp_path / "captions.csv"
    table.write_text("file,caption\nx.bvh,a person waves\ny.bvh,a person waves\n")
    assert _captions.read(str(table)) == ["a person waves"]
    everything, held_out = _captions.read("bundled", split="all"), _captions.read("bundled")
    assert 12 < len(held_out) < len(everything)
    assert set(held_out) <= set(everything)


def test_official_caption_files_are_read(shared_data: Path) -> None:
    folder = shared_data / "humanml3d_reference" / "HumanML3D" / "texts"
    found = _captions.read(str(folder / "000000.txt"))
    assert found[0] == "a man kicks something or someone with his left leg."
    assert not [caption for caption in found if "#" in caption]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--captions", "nothing.txt"), "'nothing.txt' is no file, and no data set; there are:"),
        (("--captions", "bundled", "--most", "5"), "5 captions came, wanted at least 12"),
        (("--captions", "bundled", "--generic", "nothing"), "'nothing' is no file"),
        (("--captions", "bundled", "--set", "x=1"), "data set 'bundled' has no option 'x'"),
        ((), "--captions"),
    ],
)
def test_mistakes_are_one_sentence(
    moclip: Run,
    text_tower: Path,
    doubled: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    shown = moclip("compare", text_tower, doubled, *arguments, "-o", tmp_path / "x.json")
    assert (shown.code, "Traceback" in shown.err) == (2, False)
    assert sentence in shown.err
    assert not (tmp_path / "x.json").exists()


def test_a_tower_that_is_nowhere_is_told(moclip: Run, captions: Path, tmp_path: Path) -> None:
    shown = moclip("compare", tmp_path / "none", "minilm", "--captions", captions)
    assert shown.code == 2
    assert "there is no folder" in shown.err


def test_a_name_is_the_tower_itself_unless_a_folder_has_it(
    text_tower: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert interop.read("minilm").dim == 384
    monkeypatch.chdir(tmp_path)
    (tmp_path / "minilm").symlink_to(text_tower)
    assert interop.read("minilm").dim == 16


def test_generic_captions_are_read_as_any_other() -> None:
    assert len(_captions.read(str(drift.GENERIC))) == 120
