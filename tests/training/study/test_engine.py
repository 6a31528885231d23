"""Cells are measured once, whole or not at all, and come back the same from any number of jobs."""

import importlib.util
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import small_studies
import torch
from small_studies import Sum, calls, study

from moclip import processes
from moclip.training.study import engine


def files(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_rows_have_the_cell_and_its_result_in_order(tmp_path: Path) -> None:
    rows = engine.run(study(tmp_path / "log"), tmp_path / "out")
    assert rows[1] == {"arm": "a", "number": 1, "total": 1 / 3, "parts": [1, 1]}
    assert [(row["arm"], row["number"]) for row in rows] == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]


def test_nothing_is_measured_twice(tmp_path: Path) -> None:
    sums = study(tmp_path / "log")
    first = engine.run(sums, tmp_path / "out")
    assert engine.run(sums, tmp_path / "out") == first
    assert len(calls(tmp_path / "log")) == 4


def test_what_decides_a_result_decides_its_file(tmp_path: Path) -> None:
    sums = study(tmp_path / "log")
    cell = sums.cells[0]
    others = [
        study(tmp_path / "log", version=2),
        replace(sums, name="products"),
        replace(sums, about={"version": 1, "data": "other"}),
    ]
    digests = {s.digest(cell) for s in (sums, *others)}
    assert len(digests) == 4
    assert sums.digest(cell) != sums.digest(sums.cells[1])
    assert sums.digest(cell) == study(tmp_path / "elsewhere").digest(cell)


def test_large_files_come_to_the_place_of_their_cell(tmp_path: Path) -> None:
    sums = study(tmp_path / "log")
    engine.run(sums, tmp_path)
    assert (sums.place(tmp_path, sums.cells[1]) / "number.txt").read_text() == "1"
    silent = replace(sums, cells=[Sum(arm="a", number=-1)])
    engine.run(silent, tmp_path)
    assert not silent.place(tmp_path, silent.cells[0]).exists()


@pytest.mark.parametrize("damage", ["", "{", '{"cell": {}, "result": {}}', "[]"])
def test_a_damaged_result_is_measured_anew(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    sums = study(tmp_path / "log")
    first = engine.run(sums, tmp_path)
    sums.file(tmp_path, sums.cells[2]).write_text(damage)
    assert engine.run(sums, tmp_path) == first
    assert calls(tmp_path / "log").count("b 0") == 2
    assert "damaged" in caplog.text


def test_an_interrupted_study_goes_on_where_it_was(tmp_path: Path) -> None:
    sums = study(tmp_path / "log")
    whole = engine.run(sums, tmp_path / "whole")
    seen = []

    def interrupted(cell: Sum, place: Path) -> dict[str, object]:
        seen.append(cell)
        if len(seen) == 3:
            (place / "half").write_text("half of a file")
            raise KeyboardInterrupt
        return dict(sums.measure(cell, place))

    with pytest.raises(KeyboardInterrupt):
        engine.run(replace(sums, measure=interrupted), tmp_path / "out")
    assert not list((tmp_path / "out").rglob("half"))
    assert engine.run(sums, tmp_path / "out") == whole
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_a_killed_study_goes_on_where_it_was(tmp_path: Path) -> None:
    log, out = tmp_path / "log", tmp_path / "out"
    code = (
        "import sys, pathlib, functools, dataclasses; sys.path.insert(0, sys.argv[1])\n"
        "import small_studies as s; from moclip.training.study import engine\n"
        "log, out = map(pathlib.Path, sys.argv[2:])\n"
        "deadly = functools.partial(s.deadly, log=log)\n"
        "engine.run(dataclasses.replace(s.study(log), measure=deadly), out)"
    )
    folder = str(Path(small_studies.__file__).parent)
    done = subprocess.run([sys.executable, "-c", code, folder, str(log), str(out)], timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert len(calls(log)) == 2
    whole = engine.run(study(tmp_path / "other"), tmp_path / "whole")
    assert engine.run(study(log), out) == whole
    assert len(calls(log)) == 4
    assert files(out) == files(tmp_path / "whole")


def test_two_processes_give_the_same_bytes(tmp_path: Path) -> None:
    one = engine.run(study(tmp_path / "log"), tmp_path / "one")
    two = engine.run(study(tmp_path / "log"), tmp_path / "two", jobs=2)
    assert two == one
    assert files(tmp_path / "two") == files(tmp_path / "one")
    assert len(calls(tmp_path / "log")) == 8


def test_a_process_may_keep_what_it_has_read(tmp_path: Path) -> None:
    greedy = partial(small_studies.greedy, log=tmp_path / "log")
    engine.run(replace(study(tmp_path / "log", count=6), measure=greedy), tmp_path / "out", jobs=2)
    assert len(calls(tmp_path / "log")) == 6
    assert len(set(calls(tmp_path / "log"))) == 2


def test_what_a_process_raises_is_raised_and_none_is_left_at_work(tmp_path: Path) -> None:
    before = set(multiprocessing.active_children())
    broken = replace(study(tmp_path / "log"), measure=partial(small_studies.measure, log=tmp_path))
    with pytest.raises(IsADirectoryError):
        engine.run(broken, tmp_path / "out", jobs=2)
    deadline = time.monotonic() + 10
    while set(multiprocessing.active_children()) - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert set(multiprocessing.active_children()) <= before


def test_processes_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, functools, dataclasses; sys.path.insert(0, sys.argv[1])\n"
        "import small_studies as s; from moclip.training.study import engine\n"
        "log, out = map(pathlib.Path, sys.argv[2:])\n"
        "slow = functools.partial(s.slow, log=log)\n"
        "engine.run(dataclasses.replace(s.study(log, count=200), measure=slow), out, jobs=2)"
    )
    folder, log = str(Path(small_studies.__file__).parent), tmp_path / "log"
    environment = os.environ | {"PYTHONPATH": folder}
    run = subprocess.Popen(
        [sys.executable, "-c", code, folder, str(log), str(tmp_path / "out")], env=environment
    )
    deadline = time.monotonic() + 100
    while not calls(log) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    run.kill()
    run.wait()
    time.sleep(2)
    there = len(calls(log))
    time.sleep(1)
    assert 0 < there == len(calls(log))


def test_a_cell_has_one_thread_and_others_get_theirs_back(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    seen = []

    def threads(cell: Sum, place: Path) -> dict[str, object]:
        seen.append(torch.get_num_threads())
        return {}

    engine.run(replace(study(tmp_path / "log"), measure=threads), tmp_path)
    assert set(seen) == {1}
    assert torch.get_num_threads() == before


def test_not_a_number_is_an_error_of_the_study(tmp_path: Path) -> None:
    def nothing(cell: Sum, place: Path) -> dict[str, float]:
        return {"total": float("nan")}

    with pytest.raises(ValueError, match="not JSON compliant"):
        engine.run(replace(study(tmp_path / "log"), measure=nothing), tmp_path)
    assert not (tmp_path / "cells").exists()


def test_results_tell_no_paths_and_no_times(tmp_path: Path) -> None:
    sums = study(tmp_path / "log")
    engine.run(sums, tmp_path)
    told = json.loads(sums.file(tmp_path, sums.cells[0]).read_text())
    assert told == {"cell": {"arm": "a", "number": 0}, "result": {"parts": [0, 1], "total": 0.0}}


def test_a_wrong_number_of_jobs_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="jobs is 0"):
        engine.run(study(tmp_path / "log"), tmp_path, jobs=0)


def test_ray_that_is_not_installed_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(processes, "import_module", absent)
    with pytest.raises(ValueError, match=r"needs a package: pip install 'moclip\[ray\]'"):
        engine.run(study(tmp_path / "log"), tmp_path, backend="ray")


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_two_workers_of_ray_give_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1])\n"
        "import small_studies as s; from moclip.training.study import engine\n"
        "log, out = map(pathlib.Path, sys.argv[2:])\n"
        "engine.run(s.study(log), out, jobs=2, backend='ray')"
    )
    folder = str(Path(small_studies.__file__).parent)
    log, out = tmp_path / "log", tmp_path / "ray"
    environment = os.environ | {"PYTHONPATH": folder}
    subprocess.run(
        [sys.executable, "-c", code, folder, str(log), str(out)],
        timeout=240,
        check=True,
        env=environment,
    )
    engine.run(study(tmp_path / "log"), tmp_path / "one")
    assert files(out) == files(tmp_path / "one")
