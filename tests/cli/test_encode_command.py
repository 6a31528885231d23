"""``moclip encode`` and ``moclip describe`` with a tiny model."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_support import Run
from two_processes import launched, start_two

from moclip import MoCLIP, formats, read_motion
from moclip.cli import _vectors


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


@pytest.mark.parametrize("prompt", ["", " "])
def test_an_empty_prompt_is_told_so(moclip: Run, model: Path, tmp_path: Path, prompt: str) -> None:
    shown = moclip("encode", model, prompt, "-o", tmp_path / "vectors.npz")
    assert (shown.code, shown.err) == (2, "moclip: the command line: a caption is empty\n")


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


def test_both_processes_end_when_both_fail(tmp_path: Path) -> None:
    command = ["-m", "moclip", "encode", str(tmp_path / "no"), "a walk", "a run"]
    done = launched([*command, "-o", str(tmp_path / "v.npz")], seconds=240)
    assert done.returncode != 0
    assert f"moclip: there is no model folder {tmp_path / 'no'}" in done.stderr
    assert "exitcode  : 2" in done.stderr
    assert "in _dispatch" not in done.stderr  # no traceback of ours


def inputs_and_rows(path: Path) -> tuple[list[str], np.ndarray]:
    table = np.load(path, allow_pickle=False)
    return table["names"].tolist(), table["vectors"]


def test_blocks_and_processes_make_no_difference(
    moclip: Run, model: Path, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [clips / "fast.npz", clips / "slow.bvh"]
    inputs = ["a walk", files[0], "a run", files[1], files[0], "someone jumps", "a turn"]
    one, blocks, two = (tmp_path / f"{name}.npz" for name in ("one", "blocks", "two"))
    assert moclip("encode", model, *inputs, "-o", one).code == 0
    monkeypatch.setattr(_vectors, "_BLOCK", 2)
    assert moclip("encode", model, *inputs, "-o", blocks).code == 0
    assert moclip("encode", model, *inputs, "-o", two, "--jobs", 2).code == 0
    names, wanted = inputs_and_rows(one)
    for path in (blocks, two):
        found, rows = inputs_and_rows(path)
        assert found == names == [str(item) for item in inputs]
        assert rows == pytest.approx(wanted, abs=1e-5)


def test_a_process_with_nothing_to_do_tells_how_wide_vectors_are(
    moclip: Run, model: Path, tmp_path: Path
) -> None:
    """One of torchrun's has no input when there are fewer of them than processes."""
    assert moclip("encode", model, "a walk", "-o", tmp_path / "one.npz").code == 0
    _, rows = inputs_and_rows(tmp_path / "one.npz")
    assert _vectors.encoded([], str(model)).shape == (0, rows.shape[1])


def test_no_job_is_refused(moclip: Run, model: Path, tmp_path: Path) -> None:
    shown = moclip("encode", model, "a walk", "-o", tmp_path / "v.npz", "--jobs", 0)
    assert (shown.code, shown.err) == (2, "moclip: jobs is 0, wanted at least 1\n")


def test_the_file_that_no_model_can_see_is_named(
    moclip: Run, model: Path, clips: Path, tmp_path: Path
) -> None:
    short = tmp_path / "short.npz"
    formats.write(read_motion(clips / "fast.npz").cut(0.0, 0.05), short)
    shown = moclip("encode", model, clips / "slow.bvh", short, "-o", tmp_path / "v.npz")
    assert shown.code == 2
    assert shown.err.startswith("moclip: short.npz: a motion of 1 frames")


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_two_workers_of_ray_write_what_one_process_does(
    moclip: Run, model: Path, clips: Path, tmp_path: Path
) -> None:
    inputs = ["a walk", str(clips / "fast.npz"), str(clips / "slow.bvh"), "someone jumps"]
    one, ray = tmp_path / "one.npz", tmp_path / "ray.npz"
    assert moclip("encode", model, *inputs, "-o", one).code == 0
    command = ["-m", "moclip", "encode", model, *inputs, "-o", ray, "--backend", "ray"]
    subprocess.run(
        [sys.executable, *map(str, command), "--jobs", "2"],
        timeout=240,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert inputs_and_rows(ray)[0] == inputs
    assert inputs_and_rows(ray)[1] == pytest.approx(inputs_and_rows(one)[1], abs=1e-5)
