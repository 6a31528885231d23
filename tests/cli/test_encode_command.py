"""``moclip encode`` and ``moclip describe`` with a tiny model."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_support import Run
from two_processes import start_two

from moclip import MoCLIP, read_motion


def test_encode_keeps_the_order_of_captions_and_motions(
    moclip: Run, model: Path, clips: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "vectors.npz"
    shown = moclip("encode", model, "a walk", clips / "fast.npz", "a run", "-o", out)
    assert (shown.code, shown.err) == (0, "")
    table = np.load(out, allow_pickle=False)
    assert table["names"].tolist() == ["a walk", str(clips / "fast.npz"), "a run"]
    assert table["kinds"].tolist() == ["text", "motion", "text"]
    assert np.linalg.norm(table["vectors"], axis=1) == pytest.approx(1, abs=1e-5)
    towers = MoCLIP.from_pretrained(model)
    motion = towers.encode_motion(read_motion(clips / "fast.npz")).detach().numpy()
    assert table["vectors"][1] == pytest.approx(motion[0], abs=1e-5)
    assert table["vectors"][2] == pytest.approx(
        towers.encode_text("a run").detach().numpy()[0], abs=1e-5
    )


def test_encode_refuses_another_suffix(moclip: Run, model: Path, tmp_path: Path) -> None:
    shown = moclip("encode", model, "a walk", "-o", tmp_path / "vectors.csv")
    assert shown.code == 2
    assert ".npz" in shown.err
    assert not list(tmp_path.iterdir())


def test_a_name_that_ends_as_a_motion_is_one(moclip: Run, model: Path, tmp_path: Path) -> None:
    shown = moclip("encode", model, "walk.bvh", "-o", tmp_path / "vectors.npz")
    assert (shown.code, shown.err) == (2, "moclip: there is no file walk.bvh\n")


def test_describe_ranks_the_captions_given(
    moclip: Run, model: Path, clips: Path, tmp_path: Path
) -> None:
    captions = tmp_path / "captions.txt"
    captions.write_text("a walk\na run\n\na walk\na jump\n")
    shown = moclip("describe", model, clips / "slow.bvh", "--captions", captions, "--json")
    rows = json.loads(shown.out)
    scores = [row["score"] for row in rows]
    assert sorted(row["caption"] for row in rows) == ["a jump", "a run", "a walk"]
    assert scores == sorted(scores, reverse=True)
    towers, motion = MoCLIP.from_pretrained(model), read_motion(clips / "slow.bvh")
    best = towers.similarity(motion, rows[0]["caption"]).item()
    assert scores[0] == pytest.approx(best, abs=1e-5)


def test_describe_reads_a_csv(moclip: Run, model: Path, clips: Path, tmp_path: Path) -> None:
    captions = tmp_path / "captions.csv"
    captions.write_text('file,caption\na.bvh,"a walk, slow"\nb.bvh,a run\n')
    shown = moclip("describe", model, clips / "slow.bvh", "-k", 1, "--captions", captions, "--json")
    assert json.loads(shown.out)[0]["caption"] in ("a walk, slow", "a run")


def test_an_absent_device_is_told(moclip: Run, model: Path, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    shown = moclip("encode", model, "a walk", "-o", tmp_path / "v.npz", "--device", "cuda")
    assert shown.code == 2
    assert shown.err.startswith("moclip: there is no device 'cuda' here; there are: cpu")


def test_two_processes_write_what_one_does(
    moclip: Run, model: Path, clips: Path, tmp_path: Path
) -> None:
    inputs = ["a walk", str(clips / "fast.npz"), "a run", "someone jumps", "a turn"]
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    assert moclip("encode", model, *inputs, "-o", one).code == 0
    done = start_two(["-m", "moclip", "encode", str(model), *inputs, "-o", str(two)])
    tables = [np.load(path, allow_pickle=False) for path in (one, two)]
    assert tables[1]["names"].tolist() == tables[0]["names"].tolist() == inputs
    assert tables[1]["vectors"] == pytest.approx(tables[0]["vectors"], abs=1e-5)
    assert done.stdout.count("vectors of") == 1
