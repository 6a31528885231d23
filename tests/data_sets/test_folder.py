"""A user's folder with a table of captions."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from moclip import datasets, formats
from moclip.datasets.folder import Options
from moclip.motion import CaptionedMotion, Motion


def load(split: str, options: Options) -> list[CaptionedMotion]:
    return datasets.load("folder", split, **options.model_dump())


@pytest.fixture
def root(tmp_path: Path, stride: Callable[..., Motion]) -> Path:
    """walk.bvh, turn.npy and deep/long.npz, without a table."""
    root = tmp_path / "clips"
    formats.write(stride("cmu", seconds=3.0, fps=30.0), root / "walk.bvh")
    formats.write(stride(seconds=3.0), root / "turn.npy")
    formats.write(stride(seconds=8.0), root / "deep" / "long.npz")
    return root


def table(root: Path, text: str) -> Options:
    (root / "captions.csv").write_text(text, encoding="utf-8")
    return Options(root=root)


def test_lines_of_one_file_are_captions_of_one_clip(root: Path) -> None:
    options = table(
        root, 'file,caption\nwalk.bvh,someone walks\nturn.npy,a turn\nwalk.bvh,"slow, but walks"\n'
    )
    clips = load("all", options)
    assert [clip.id for clip in clips] == ["walk.bvh", "turn.npy"]
    assert clips[0].captions == ("someone walks", "slow, but walks")
    assert clips[0].motion.skeleton.name == "humanml3d"
    assert clips[0].motion.fps == 20.0


def test_spans_are_clips_of_their_own_cut_in_seconds(root: Path) -> None:
    options = table(
        root,
        "file,caption,start,end\ndeep/long.npz,first,0,2.5\ndeep/long.npz,rest,2.5,\n"
        "deep/long.npz,all,,\n",
    )
    clips = {clip.id: clip for clip in load("all", options)}
    assert {name: len(clip.motion) for name, clip in clips.items()} == {
        "deep/long.npz@0-2.5": 50,
        "deep/long.npz@2.5-": 110,
        "deep/long.npz": 160,
    }


def test_split_column_decides(root: Path) -> None:
    options = table(root, "file,caption,split\nwalk.bvh,a,train\nturn.npy,b,test\n")
    assert [clip.id for clip in load("train", options)] == ["walk.bvh"]
    assert [clip.id for clip in load("test", options)] == ["turn.npy"]
    assert load("val", options) == []


def test_without_a_split_column_files_decide_by_hash(
    root: Path, stride: Callable[..., Motion]
) -> None:
    lines = ["file,caption,start,end"]
    for number in range(40):
        formats.write(stride(seconds=2.0), root / f"{number}.npy")
        lines += [f"{number}.npy,first,0,1", f"{number}.npy,second,1,2"]
    options = table(root, "\n".join(lines))
    splits = {s: load(s, options) for s in ("train", "val", "test")}
    files = {s: {clip.id.split("@")[0] for clip in clips} for s, clips in splits.items()}
    assert sum(map(len, files.values())) == 40
    assert len(set.union(*files.values())) == 40
    assert len(files["train"]) > 25
    assert all(files.values())


def test_action_becomes_a_label(root: Path) -> None:
    options = table(root, "file,caption,action\nwalk.bvh,a,walk\nturn.npy,b,\n")
    assert [clip.labels for clip in load("all", options)] == [{"action": "walk"}, {}]


def test_motion_that_cannot_be_read_is_named_and_left_out(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "empty.bvh").write_bytes(b"")
    options = table(
        root,
        "file,caption,start,end\nwalk.bvh,a,,\nempty.bvh,b,,\ngone.npy,c,,\nturn.npy,d,1,9\n"
        "notes.txt,e,,\n",
    )
    with caplog.at_level(logging.WARNING):
        clips = load("all", options)
    assert [clip.id for clip in clips] == ["walk.bvh"]
    for part in ("4 of 5 clips", "empty.bvh is empty", "gone.npy", "cannot cut 1..9 s", ".txt"):
        assert part in caplog.text


def test_nothing_that_can_be_read_is_an_error(root: Path) -> None:
    options = table(root, "file,caption\ngone.npy,a\n")
    with pytest.raises(ValueError, match=r"no clip that can be used: .*gone\.npy"):
        load("all", options)


MISTAKES = {
    "file,words\nwalk.bvh,a\n": "has the columns file, words; wanted",
    "": "has the columns",
    "file,caption,capton\n": "wanted",
    "file,caption,caption\n": "wanted, once each",
    "file,caption\n": "describes no clip",
    "file,caption\nwalk.bvh,a\nwalk.bvh,\n": "line 3: the caption is empty",
    "file,caption\nwalk.bvh,  \n": "line 2: the caption is empty",
    "file,caption\n,a\n": "line 2: the file is empty",
    "file,caption\nwalk.bvh,a,b\n": "line 2: 3 fields under 2 columns",
    "file,caption\n/etc/passwd,a\n": r"line 2: '/etc/passwd' leads out",
    "file,caption\n../walk.bvh,a\n": "line 2: '../walk.bvh' leads out",
    "file,caption\na/../../walk.bvh,a\n": "leads out",
    "file,caption\nC:walk.bvh,a\n": "no relative path",
    "file,caption\na\\walk.bvh,a\n": "no relative path",
    "file,caption,start\nwalk.bvh,a,soon\n": "line 2: start is 'soon', wanted seconds",
    "file,caption,start\nwalk.bvh,a,nan\n": "line 2: start is 'nan'",
    "file,caption,start\nwalk.bvh,a,-1\n": "line 2: start is '-1'",
    "file,caption,end\nwalk.bvh,a,inf\n": "line 2: end is 'inf'",
    "file,caption,start,end\nwalk.bvh,a,3,1\n": "ends at 1 s, before it starts at 3 s",
    "file,caption,split\nwalk.bvh,a,dev\n": "line 2: no split 'dev'; there are: train, val, test",
    "file,caption,split\nwalk.bvh,a,\n": "line 2: no split ''",
    "file,caption,split\nwalk.bvh,a,train\nwalk.bvh,b,val\n": "more than one split: train and val",
    'file,caption\nwalk.bvh,"a\n': "line",
    "file,caption\nwalk.bvh," + "word " * 10_000 + "\n": r"line 2: the caption has 10,000 words",
    "file,caption\nwalk.bvh," + "x" * 200_000 + "\n": "line 2: field larger than field limit",
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: text[:60])
def test_a_mistake_in_the_table_is_told_with_its_line(root: Path, text: str) -> None:
    with pytest.raises(ValueError, match=MISTAKES[text]) as told:
        load("all", table(root, text))
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400


def test_a_table_in_another_encoding_is_told_with_its_line(root: Path) -> None:
    (root / "captions.csv").write_bytes("file,caption\nwalk.bvh,año\n".encode("latin-1"))
    with pytest.raises(ValueError, match="line 2: this is no UTF-8 text"):
        load("all", Options(root=root))


def test_a_byte_order_mark_is_no_column(root: Path) -> None:
    (root / "captions.csv").write_bytes(b"\xef\xbb\xbffile,caption\r\nwalk.bvh,a\r\n")
    assert len(load("all", Options(root=root))) == 1


def test_no_table_is_told(root: Path) -> None:
    with pytest.raises(OSError, match=r"captions\.csv"):
        load("all", Options(root=root))


def test_a_link_out_of_the_folder_is_refused(root: Path, stride: Callable[..., Motion]) -> None:
    outside = root.parent / "secret.npy"
    formats.write(stride(), outside)
    (root / "link.npy").symlink_to(outside)
    with pytest.raises(ValueError, match="link that leads out"):
        load("all", table(root, "file,caption\nlink.npy,a\n"))
