"""The Bandai-Namco set, on files made here and on a part of the real zip."""

import logging
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from moclip import datasets
from moclip.datasets import bandai_namco
from moclip.datasets._reading import read_canonical
from moclip.datasets._sources import Source
from moclip.datasets.bandai_namco import Name, Options
from moclip.formats import bvh
from moclip.motion import CaptionedMotion, Motion

DATA = "dataset/Bandai-Namco-Research-Motiondataset-1/data"
NAMES = ("walk_sad_001", "walk_sad_002", "wave-left-hand_active_010", "kick_normal_001")


def load(split: str, options: Options) -> list[CaptionedMotion]:
    return datasets.load("bandai_namco", split, **options.model_dump())


@pytest.fixture
def root(tmp_path: Path, stride: Callable[..., Motion]) -> Path:
    """The official folder with four clips."""
    data = tmp_path / "copy" / DATA
    data.mkdir(parents=True)
    for number, name in enumerate(NAMES):
        motion = stride("bandai_namco", seconds=1.0 + number, fps=30.0)
        (data / f"dataset-1_{name}.bvh").write_bytes(bvh.encode(motion))
        (data / f"dataset-1_{name}.json").write_text('{"content": 0, "style": 0}')
    return tmp_path / "copy"


def zipped(root: Path) -> Path:
    path = root.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(root.rglob("*.*")):
            archive.write(file, file.relative_to(root).as_posix())
    return path


def test_clips_are_canonical_labelled_and_sorted(root: Path) -> None:
    clips = load("all", Options(root=root))
    assert [clip.id for clip in clips] == sorted(f"dataset-1_{name}" for name in NAMES)
    assert clips[-1].labels == {"content": "wave-left-hand", "style": "active"}
    for clip in clips:
        assert (clip.motion.fps, clip.motion.skeleton.name) == (20.0, "humanml3d")
        assert len(clip.captions) == 6
    assert clips[1].captions == clips[2].captions


def test_zip_gives_what_the_folder_gives(root: Path) -> None:
    folder = load("all", Options(root=root))
    archive = load("all", Options(root=zipped(root)))
    assert [clip.id for clip in folder] == [clip.id for clip in archive]
    for one, other in zip(folder, archive, strict=True):
        assert torch.equal(one.motion.joints, other.motion.joints)


def test_cache_gives_what_the_files_give(root: Path, cache_folder: Path) -> None:
    fresh = load("all", Options(root=root, cache=False))
    assert not cache_folder.exists()
    load("all", Options(root=root))
    cached = load("all", Options(root=root))
    assert len(list(cache_folder.iterdir())) == 1
    for one, other in zip(fresh, cached, strict=True):
        assert (one.id, one.captions) == (other.id, other.captions)
        assert torch.equal(one.motion.joints, other.motion.joints)


def test_split_options_share_one_cache(root: Path, cache_folder: Path) -> None:
    for options in (Options(root=root), Options(root=root, seed=3, split_by="unseen-combinations")):
        load("all", options)
    assert len(list(cache_folder.iterdir())) == 1
    load("all", Options(root=root, max_seconds=1.5))
    assert len(list(cache_folder.iterdir())) == 2


def test_long_clips_are_cut(root: Path) -> None:
    clips = load("all", Options(root=root, max_seconds=1.5, cache=False))
    assert max(clip.motion.duration for clip in clips) == pytest.approx(1.5, abs=0.051)


def test_short_and_broken_clips_are_named_and_left_out(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (root / DATA / "dataset-1_run_old_001.bvh").write_text("HIERARCHY nonsense")
    (root / DATA / "dataset-1_swim_old_001.bvh").write_text("")
    with caplog.at_level(logging.WARNING):
        clips = load("all", Options(root=root, min_seconds=1.5))
    assert len(clips) == 3
    for part in ("3 of 6 clips", "run_old_001", "swim_old_001", "walk_sad_001.bvh lasts 1.00 s"):
        assert part in caplog.text


def test_leftovers_of_file_managers_are_no_clips(root: Path) -> None:
    (root / "__MACOSX").mkdir()
    (root / "__MACOSX" / "._dataset-1_walk_sad_001.bvh").write_bytes(b"\0\5")
    assert len(load("all", Options(root=root))) == 4


def test_same_name_twice_is_an_error(root: Path) -> None:
    twin = root / "again"
    twin.mkdir()
    name = "dataset-1_walk_sad_001.bvh"
    (twin / name).write_bytes((root / DATA / name).read_bytes())
    with pytest.raises(ValueError, match=r"'dataset-1_walk_sad_001\.bvh' twice"):
        load("all", Options(root=root))


def test_a_folder_of_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "walk.bvh").write_text("HIERARCHY")
    with pytest.raises(ValueError, match=r"no clip that can be used: walk\.bvh: its name"):
        load("all", Options(root=tmp_path))


@pytest.mark.parametrize("split_by", ["file", "unseen-combinations"])
def test_splits_are_parts_of_all(shared_data: Path, split_by: str) -> None:
    clips = real_names(shared_data)
    options = Options.model_validate({"split_by": split_by})
    parts = [bandai_namco.split_of(clip, options) for clip in clips]
    assert len(clips) == 2618
    share = {split: parts.count(split) / len(parts) for split in ("train", "val", "test")}
    assert share["train"] > 0.65
    assert 0.07 < share["val"] < 0.12
    assert 0.08 < share["test"] < 0.25


def test_unseen_combinations_are_never_trained_on_but_their_parts_are(shared_data: Path) -> None:
    options = Options(split_by="unseen-combinations")
    pairs: dict[str, set[tuple[str, str]]] = {"train": set(), "val": set(), "test": set()}
    for clip in real_names(shared_data):
        pairs[bandai_namco.split_of(clip, options)].add((clip.content, clip.style))
    assert len(pairs["train"] | pairs["val"] | pairs["test"]) == 202
    assert 35 <= len(pairs["test"]) <= 50
    assert not pairs["test"] & (pairs["train"] | pairs["val"])
    for part in (0, 1):
        assert {pair[part] for pair in pairs["test"]} <= {pair[part] for pair in pairs["train"]}


def test_real_clips_load_from_a_part_of_the_zip(shared_data: Path) -> None:
    options = Options(root=real_zip(shared_data))
    plan = bandai_namco.plan(options)
    clips = dict(read_canonical("bandai_namco", options, plan.files[::200]))
    assert not plan.unreadable
    assert len(clips) == 14
    for motion in clips.values():
        assert isinstance(motion, Motion)
        assert motion.joints[..., 1].min() == pytest.approx(0, abs=1e-5)
        assert 1.2 < motion.joints[..., 1].max() < 2.6
        assert 0.6 < motion.duration <= 10


def real_zip(shared_data: Path) -> Path:
    return shared_data / "bandai_namco" / "bandai_namco_motiondataset.zip"


def real_names(shared_data: Path) -> list[Name]:
    names, foreign = bandai_namco._recognised(Source.open(real_zip(shared_data), ".bvh").names)
    assert not foreign
    return list(names)
