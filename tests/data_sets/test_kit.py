"""KIT-ML's official layout, made small here around its real captions."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from moclip import datasets, formats
from moclip.datasets import kit
from moclip.features import kit251
from moclip.motion import CaptionedMotion, Motion


def write(root: Path, name: str, motion: Motion, texts: str) -> None:
    """In millimetres, as the set has them."""
    for folder in ("new_joints", "texts"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    np.save(root / "new_joints" / f"{name}.npy", 1000 * motion.joints.numpy())
    (root / "texts" / f"{name}.txt").write_text(texts, encoding="utf-8")


def lists(root: Path, **ids: list[str]) -> None:
    for split in ("train", "val", "test"):
        (root / f"{split}.txt").write_text("".join(f"{name}\n" for name in ids.get(split, [])))


def load(root: Path, split: str) -> list[CaptionedMotion]:
    return datasets.load("kit", split, root=root)


def test_spans_are_timed_at_the_sets_own_rate(
    tmp_path: Path, stride: Callable[..., Motion]
) -> None:
    motion = stride("kit", seconds=8.0, fps=12.5)
    write(tmp_path, "00001", motion, "all.#x#0.0#0.0\npart.#x#2.0#6.0\n")
    lists(tmp_path, train=["00001"])
    options = kit.Options(root=tmp_path)
    whole, part = dict(kit.read(kit.plan(options).files, options)).values()
    assert isinstance(whole, Motion)
    assert isinstance(part, Motion)
    assert (len(whole), whole.fps) == (100, 12.5)
    assert (len(part), part.duration) == (50, 4.0)  # at 20 a second it would end at 80
    assert (part.joints - motion.joints[25:75]).abs().max() < 1e-4


def test_lengths_are_those_of_the_protocol(
    tmp_path: Path, stride: Callable[..., Motion], caplog: pytest.LogCaptureFixture
) -> None:
    for frames in (23, 24, 199, 200):
        made = stride("kit", seconds=frames / 12.5, fps=12.5)
        write(tmp_path, f"{frames:05}", made, "a person walks.#x#0#0\n")
    lists(tmp_path, test=["00023", "00024", "00199", "00200"])
    with caplog.at_level(logging.WARNING):
        assert [clip.id for clip in load(tmp_path, "test")] == ["00024", "00199"]
    assert "00023: 23 frames, not 24 to 199" in caplog.text
    assert "00200: 200 frames, not 24 to 199" in caplog.text


def test_clips_are_in_metres_on_the_common_body(
    tmp_path: Path, stride: Callable[..., Motion]
) -> None:
    made = stride("kit", seconds=4.0, fps=12.5)
    write(tmp_path, "00001", made, "a person walks.#x#0#0\n")
    lists(tmp_path, train=["00001"])
    (clip,) = load(tmp_path, "train")
    assert clip.motion.skeleton.name == "humanml3d"
    assert clip.motion.fps == 20.0
    assert 1.3 < float(clip.motion.joints[0, :, 1].max()) < 2.0
    assert float(clip.motion.joints[-1, 0, 2]) == pytest.approx(3.9, abs=0.1)


def test_a_twin_stays_with_its_original(
    tmp_path: Path, stride: Callable[..., Motion], caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("00001", "M00001", "00002", "M00002"):
        made = stride("kit", seconds=3.0, fps=12.5)
        write(tmp_path, name, made, f"{name} walks.#x#0#0\n")
    lists(tmp_path, train=["00001", "M00001", "00002"], val=["M00002"])
    with caplog.at_level(logging.WARNING):
        assert [clip.id for clip in load(tmp_path, "all")] == ["00001", "M00001", "00002"]
    assert "M00002 is in val.txt and what it mirrors in train.txt" in caplog.text


def test_joints_of_another_set_are_told(tmp_path: Path, stride: Callable[..., Motion]) -> None:
    write(tmp_path, "00001", stride("kit", fps=12.5), "a.#x#0#0\n")
    formats.write(stride(), tmp_path / "new_joints" / "00001.npy")
    lists(tmp_path, train=["00001"])
    with pytest.raises(ValueError, match="a body of 'humanml3d', not of 'kit'"):
        load(tmp_path, "train")


def test_real_captions_and_splits(
    shared_data: Path, tmp_path: Path, stride: Callable[..., Motion]
) -> None:
    """All of KIT-ML's captions in the official layout; motions of the real length."""
    folder = shared_data / "kit_ml_captions"
    told = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    splits = {s: (folder / f"{s}.txt").read_text().split() for s in ("train", "val", "test")}
    chosen = {split: ids[:12] for split, ids in splits.items()}
    for name in (name for ids in chosen.values() for name in ids):
        seconds = min(told[name]["duration"], 15.9)
        lines = (f"{x['text']}#x/NOUN#0.0#0.0\n" for x in told[name]["annotations"])
        write(tmp_path, name, stride("kit", seconds=seconds, fps=12.5), "".join(lines))
    lists(tmp_path, **chosen)
    plan = datasets.plan("kit", root=tmp_path)
    assert [clip.id for clip in plan.clips("test")] == chosen["test"]
    for clip in plan.clips():
        texts = [" ".join(x["text"].split()) for x in told[clip.id]["annotations"]]
        assert [" ".join(caption.split()) for caption in clip.captions] == list(
            dict.fromkeys(texts)
        )
    short = sum(told[name]["duration"] * 12.5 < 24 for name in chosen["train"])
    assert len(load(tmp_path, "train")) == 12 - short


def test_features_come_before_joints(tmp_path: Path, stride: Callable[..., Motion]) -> None:
    motion = stride("kit", seconds=4.0, fps=12.5)
    write(tmp_path, "00001", motion, "a person slides.#x#0#0\n")
    (tmp_path / "new_joint_vecs").mkdir()
    np.save(tmp_path / "new_joint_vecs" / "00001.npy", kit251.encode(motion).numpy())
    (tmp_path / "new_joints" / "00001.npy").write_bytes(b"")
    lists(tmp_path, train=["00001"])
    options = kit.Options(root=tmp_path)
    read = dict(kit.read(kit.plan(options).files, options))["00001"]
    assert isinstance(read, Motion)
    assert (len(read), read.fps) == (49, 12.5)
    assert (read.bone_lengths() - motion.bone_lengths()[:49]).abs().max() < 1e-4
