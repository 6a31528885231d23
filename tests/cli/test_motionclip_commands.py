"""Generate, edit, interpolate, classify: files that come out, and mistakes in one sentence."""

import json
from pathlib import Path

import pytest
import torch
import whole_clip
from cli_support import Run, stick_figure
from PIL import Image

from moclip import formats
from moclip.models.autoencoder.frames import posed
from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.autoencoder.networks import Config
from moclip.models.text import clip as clip_text


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole_clip.write_whole(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def motionclip(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    sizes = Config(patch=4, width=16, layers=1, heads=2, prior_width=16, prior_layers=1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = MotionCLIP(clip_text.Encoder.from_pretrained(str(clip)), sizes, text_name="clip")
    made.fit_normalisation([posed(stick_figure(speed=s).centred()) for s in (0.5, 1.0)])
    folder = tmp_path_factory.mktemp("motionclip")
    made.save_pretrained(folder)
    return folder


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"clip{number}.bvh" for number in range(3)]
    for number, path in enumerate(paths):
        formats.write(stick_figure(speed=0.5 * number), path)
    return paths


def test_a_prompt_becomes_a_file_with_rotations(
    moclip: Run, motionclip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "walk.bvh"
    result = moclip("generate", motionclip, "a person walks", "--length", "1.5s", "-o", out)
    assert result.code == 0, result.err
    made = formats.read(out)
    assert len(made) == 30
    assert made.rotations is not None
    again = tmp_path / "again.bvh"
    moclip("generate", motionclip, "a person walks", "--length", "1500ms", "-o", again)
    assert out.read_bytes() == again.read_bytes()


def test_several_motions_get_files_of_their_own_and_a_folder_a_sheet(
    moclip: Run, motionclip: Path, tmp_path: Path
) -> None:
    moclip("generate", motionclip, "walk", "run", "-n", 2, "--length", 1, "-o", tmp_path / "a.npz")
    assert sorted(path.name for path in tmp_path.glob("*.npz")) == [
        "a_1.npz",
        "a_2.npz",
        "a_3.npz",
        "a_4.npz",
    ]
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("Walk!\nrun, fast\n")
    moclip("generate", motionclip, "--file", prompts, "--length", 1, "-o", tmp_path / "made")
    found = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert found == ["run-fast.bvh", "sheet.png", "walk.bvh"]
    with Image.open(tmp_path / "made" / "sheet.png") as sheet:
        assert sheet.height > 400


def test_no_two_motions_get_one_file(moclip: Run, motionclip: Path, tmp_path: Path) -> None:
    """A prompt can spell the name that the second of two alike gets."""
    generate = ("generate", motionclip, "walk", "walk", "walk_2", "Walk!", "--length", 1, "--json")
    listed = [row["file"] for row in json.loads(moclip(*generate, "-o", tmp_path / "made").out)]
    assert len(set(listed)) == len(listed) == 5
    assert sorted(listed) == sorted(str(path) for path in (tmp_path / "made").iterdir())


def test_an_animation(moclip: Run, motionclip: Path, tmp_path: Path) -> None:
    moclip("generate", motionclip, "walk", "--length", "0.5", "-o", tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as animation:
        assert animation.n_frames == 10


def test_a_photo_becomes_a_motion(
    moclip: Run, motionclip: Path, clip: Path, tmp_path: Path
) -> None:
    Image.effect_noise((80, 60), 90).save(tmp_path / "photo.png")
    out = tmp_path / "out.bvh"
    words = ("--image", tmp_path / "photo.png", "--image-tower", clip, "--length", 1)
    result = moclip("generate", motionclip, *words, "-o", out)
    assert result.code == 0, result.err
    assert len(formats.read(out)) == 20


def test_clips_are_blended(
    moclip: Run, motionclip: Path, clips: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "blend"
    result = moclip("interpolate", motionclip, clips[0], clips[1], "--steps", 3, "-o", out)
    assert result.code == 0, result.err
    assert len(list(out.glob("*.bvh"))) == 3
    table = tmp_path / "pairs.csv"
    table.write_text("start,end\nwalk,run\n")
    result = moclip(
        "interpolate", motionclip, "--file", table, "--steps", 2, "-o", tmp_path / "b.npz"
    )
    assert result.code == 0, result.err
    assert len(list(tmp_path.glob("b_*.npz"))) == 2


def test_clips_and_prompts_are_edited(
    moclip: Run, motionclip: Path, clips: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "edit.bvh"
    result = moclip("edit", motionclip, clips[0], "--from", "walk", "--to", clips[2], "-o", out)
    assert result.code == 0, result.err
    assert len(formats.read(out)) == len(formats.read(clips[0]))


def test_phrases_of_a_table_are_looked_up_in_a_data_set(
    moclip: Run, motionclip: Path, tmp_path: Path
) -> None:
    table = tmp_path / "edits.csv"
    table.write_text("motion_source,base,v_start,v_end\ndata,walk,run,jump\ntext,a,b,c\n")
    out = tmp_path / "sheet.png"
    result = moclip("edit", motionclip, "--file", table, "--data", "bundled", "-o", out)
    assert result.code == 0, result.err
    assert out.exists()
    assert [line.split(" is ")[0] for line in result.err.splitlines()] == [
        "moclip: 'walk'",
        "moclip: 'run'",
        "moclip: 'jump'",
    ]


def test_a_clip_is_named(moclip: Run, motionclip: Path, clips: list[Path], tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("index,label\n0,walk\n1,run\n2,jump\n")
    result = moclip("classify", motionclip, clips[0], "--labels", labels, "-k", 3)
    assert result.code == 0, result.err
    shares = [float(line.split()[0]) for line in result.out.splitlines()[1:]]
    assert sum(shares) == pytest.approx(1, abs=2e-3)
    two = moclip("classify", motionclip, clips[0], "--labels", labels, "--first", 2)
    assert "jump" not in two.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("generate", "{model}", "-o", "{tmp}/a.bvh"), "there is no prompt"),
        (("generate", "{model}", "walk", "-o", "{tmp}/a.xyz"), "wanted a folder or a file with"),
        (("generate", "{model}", "walk", "--length", "soon", "-o", "{tmp}/a.bvh"), "wanted a time"),
        (
            ("generate", "{model}", "walk", "--length", "90", "-o", "{tmp}/a.bvh"),
            "0.1 to 60 s",
        ),
        (("generate", "{model}", "--image", "{tmp}/no.png", "-o", "{tmp}/a.bvh"), "no picture"),
        (("interpolate", "{model}", "walk", "-o", "{tmp}/a.bvh"), "wanted two motion files"),
        (("edit", "{model}", "walk", "--from", "run", "-o", "{tmp}/a.bvh"), "wanted a base"),
        (("edit", "{model}", "--file", "{bad}", "-o", "{tmp}/a.bvh"), "has no column 'v_start'"),
        (("classify", "{model}", "{tmp}/none.bvh", "--labels", "{bad}"), "none.bvh"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    moclip: Run, motionclip: Path, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("base,label\nwalk,run\n")
    before = set(tmp_path.iterdir())
    result = moclip(*(word.format(model=motionclip, tmp=tmp_path, bad=bad) for word in words))
    assert result.code == 2
    assert sentence in result.err
    assert len(result.err.strip().splitlines()) == 1
    assert {path for path in tmp_path.iterdir() if path.name != "cache"} == before


def test_another_kind_of_model_is_named(moclip: Run, model: Path, tmp_path: Path) -> None:
    result = moclip("generate", model, "walk", "-o", tmp_path / "a.bvh")
    assert result.code == 2
    assert "holds a model of kind 'moclip', wanted motionclip or generator" in result.err
