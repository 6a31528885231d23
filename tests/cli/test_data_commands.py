"""``moclip data stats``, ``show``, ``convert`` and ``split`` as users type them."""

import io
import json
from pathlib import Path

import pytest
from cli_support import Run, stick_figure
from PIL import Image

from moclip import formats
from moclip.cli.data._named import named


def test_show_draws_a_sheet_and_a_film(moclip: Run, clips: Path, tmp_path: Path) -> None:
    shown = moclip(
        "data", "show", clips / "slow.bvh", "-o", tmp_path / "new", "--poses", 2, "--size", 48
    )
    assert shown.code == 0, shown.err
    sheet, film = tmp_path / "new" / "slow.png", tmp_path / "new" / "slow.gif"
    assert shown.out.split() == [str(sheet), str(film)]
    with Image.open(film) as picture:
        assert (picture.format, picture.size, picture.n_frames) == ("GIF", (48, 48), 30)
    with Image.open(io.BytesIO(sheet.read_bytes())) as picture:
        assert picture.format == "PNG"


def test_show_draws_only_what_the_name_asks_for(moclip: Run, clips: Path, tmp_path: Path) -> None:
    assert (
        moclip("data", "show", clips / "fast.npz", "-o", tmp_path / "x.png", "--poses", 1).code == 0
    )
    assert [path.name for path in tmp_path.glob("x.*")] == ["x.png"]


def test_show_draws_a_clip_of_a_data_set(moclip: Run, clips: Path, tmp_path: Path) -> None:
    shown = moclip(
        "data", "show", "bundled", "--clip", "cmu_actions/walking_01", "-o", tmp_path, "--size", 32
    )
    assert shown.code == 0, shown.err
    drawn = [tmp_path / f"cmu_actions-walking_01.{suffix}" for suffix in ("png", "gif")]
    assert shown.out.split() == list(map(str, drawn))
    one, other = tmp_path / "a.gif", tmp_path / "b.gif"
    size = ("--size", 32)
    assert moclip("data", "show", clips, "--clip", "fast.npz", "-o", one, *size).code == 0
    assert moclip("data", "show", clips / "fast.npz", "-o", other, *size).code == 0
    assert one.read_bytes() == other.read_bytes()


def test_show_tells_a_clip_that_is_not_there_or_cannot_be_read(moclip: Run, clip: Path) -> None:
    folder = clip.parent
    shown = moclip("data", "show", f"files:{folder}", "--clip", "no.bvh")
    assert shown.code == 2
    assert "no clip 'no.bvh'; the first are: clip.bvh" in shown.err
    clip.write_text("HIERARCHY\n")
    shown = moclip("data", "show", folder, "--clip", "clip.bvh")
    assert shown.code == 2
    assert "clip 'clip.bvh': clip.bvh has no MOTION section" in shown.err
    assert "--unit is of use only with a file" in (
        moclip("data", "show", folder, "--clip", "clip.bvh", "--unit", "cm").err
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "x.jpg"], "wanted a .png, .gif, .mp4 or .html"),
        (["--elevation", "90"], "wanted -80 to 80"),
        (["--poses", "0"], "wanted 1 to 48"),
        (["--size", "1"], "wanted 16 to 2048"),
    ],
)
def test_show_says_what_it_cannot_do(
    moclip: Run, clips: Path, arguments: list[str], said: str
) -> None:
    shown = moclip("data", "show", clips / "slow.bvh", *arguments)
    assert shown.code == 2
    assert said in shown.err
    assert shown.err.count("\n") == 1


def test_stats_count_a_folder(moclip: Run, clips: Path) -> None:
    found = json.loads(moclip("data", "stats", clips, "--json").out)
    assert found["clips"] == 3
    assert found["skeletons"] == {"humanml3d": 3}
    assert found["speeds"]["max"] == pytest.approx(3.0, rel=1e-3)
    text = moclip("data", "stats", clips).out
    assert "humanml3d 3" in text
    assert "1-2 s  ####" in text


def test_stats_count_a_data_set_by_name(moclip: Run) -> None:
    text = moclip("data", "stats", "bundled").out
    assert text.startswith("clips        141")
    assert "walk 44" in text


def test_convert_says_what_it_wrote(moclip: Run, clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.bvh"
    done = moclip("data", "convert", clips / "fast.npz", out, "--fps", 10)
    assert (done.code, done.out) == (0, f"{out}: 15 frames at 10 fps, 22 joints\n")
    assert formats.read(out).fps == pytest.approx(10)


def test_convert_of_a_folder_ends_with_1_when_a_file_was_skipped(
    moclip: Run, tmp_path: Path
) -> None:
    captures = tmp_path / "captures"
    formats.write(stick_figure(), captures / "deep" / "a.bvh")
    done = moclip("data", "convert", captures, tmp_path / "one", "--to", "npz")
    assert done.code == 0, done.err
    (captures / "b.bvh").write_text("HIERARCHY")
    done = moclip("data", "convert", captures, tmp_path / "two", "--to", ".npz")
    assert done.code == 1
    assert "skipped b.bvh: b.bvh" in done.err
    assert "1 files converted, 1 skipped" in done.out
    assert (tmp_path / "two" / "deep" / "a.npz").exists()


@pytest.mark.parametrize("suffix", ["glb", "csv", "npz", "amass.npz"])
def test_a_unit_for_a_file_that_says_its_own_is_told(
    moclip: Run, clips: Path, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    assert moclip("data", "convert", clips / "fast.npz", path).code == 0
    for command in (
        ("convert", path, tmp_path / "b.bvh"),
        ("show", path, "-o", tmp_path / "b.png"),
    ):
        done = moclip("data", *command, "--unit", "cm")
        assert done.code == 2
        assert f"{path.name}: a '.{suffix.split('.')[-1]}' file takes no 'unit'" in done.err
        assert done.err.count("\n") == 1
    assert not list(tmp_path.glob("b.*"))


def test_convert_of_a_folder_needs_a_suffix(moclip: Run, clips: Path, tmp_path: Path) -> None:
    done = moclip("data", "convert", clips, tmp_path / "out")
    assert done.code == 2
    assert "needs --to" in done.err


def test_split_writes_lists(moclip: Run, tmp_path: Path) -> None:
    out = tmp_path / "splits"
    done = moclip("data", "split", "bundled", "-o", out, "--fractions", 10, 100, "--seed", 1)
    assert done.code == 0, done.err
    names = {path.name for path in out.iterdir()}
    assert names == {
        "train.txt", "val.txt", "test.txt", "train_10.txt", "train_100.txt", "split.json",
    }  # fmt: skip
    counts = json.loads((out / "split.json").read_text())["clips"]
    assert counts["train"] + counts["val"] + counts["test"] == 141


def test_what_is_neither_a_path_nor_a_data_set_is_told(moclip: Run, tmp_path: Path) -> None:
    for command in (["stats"], ["split", "-o", tmp_path]):
        done = moclip("data", command[0], "nowhere", *command[1:])
        assert done.code == 2
        assert "'nowhere' is no path, and no data set; there are:" in done.err


def test_a_folder_with_captions_is_told_from_one_without(tmp_path: Path) -> None:
    assert named(str(tmp_path))[0] == "files"
    (tmp_path / "captions.csv").write_text("file,caption\n")
    assert named(str(tmp_path)) == ("folder", {"root": tmp_path})
    assert named("bundled") == ("bundled", {})
