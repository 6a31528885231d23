"""``moclip data doctor``: what is printed, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import spoiled
from spoiled import walk

from moclip import formats
from moclip.cli import main


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    formats.write(walk(), tmp_path / "sound.npz")
    formats.write(spoiled.raised(walk(), 0.5), tmp_path / "floating.npz")
    formats.write(spoiled.teleported(walk()), tmp_path / "leap.npz")
    return tmp_path


def test_findings_are_told_clip_by_clip_and_counted(
    clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "doctor", str(clips), "--only", "jumps", "floor"]) == 1
    printed = capsys.readouterr().out
    assert "floating.npz\n  warning, floor: the feet float above the floor" in printed
    assert "leap.npz\n  error, jumps: the whole body jumps at frame" in printed
    assert "jumps       1         0  Teleports: " in printed
    assert printed.endswith("3 clips: 1 with errors, 1 with warnings only, 1 in good order\n")


def test_json_holds_all(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "doctor", str(clips), "--only", "jumps", "floor", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["clips"] == 3
    assert told["counts"] == {"floor": {"warning": 1}, "jumps": {"error": 1}}
    assert [finding["clip"] for finding in told["findings"]] == ["floating.npz", "leap.npz"]
    assert told["findings"][1]["frame"] in (19, 20)


def test_many_findings_of_one_check_are_cut_short(
    clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(4):
        formats.write(spoiled.teleported(walk()), clips / f"leap{number}.npz")
    assert main(["data", "doctor", str(clips), "--only", "jumps", "--most", "2"]) == 1
    printed = capsys.readouterr().out
    assert printed.count("error, jumps: ") == 2
    assert "and 3 more of jumps; --most 5" in printed


@pytest.mark.parametrize(("strict", "code"), [([], 0), (["--strict"], 1)])
def test_a_warning_is_wrong_only_when_one_is_strict(
    clips: Path, strict: list[str], code: int
) -> None:
    assert main(["data", "doctor", str(clips / "floating.npz"), *strict]) == code


def test_a_clean_clip_ends_with_zero(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "doctor", str(clips / "sound.npz"), "--strict"]) == 0
    assert "1 clips: 0 with errors" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gone"], "there is no file or folder gone"),
        ([".", "--only", "jump"], "no curation.checks named 'jump'; there are: "),
        ([".", "--data", "nothing"], "no datasets named 'nothing'; there are: "),
    ],
)
def test_a_mistake_is_one_sentence_and_two(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "doctor", *arguments]) == 2
    told = capsys.readouterr()
    assert sentence in told.err
    assert told.err.count("\n") == 1
    assert not told.out


WATCHED = """
import signal, sys
from moclip.cli import main
from moclip.curation import doctor

def told(*of, rounds=doctor._rounds):
    for found in rounds(*of):
        print("begun", file=sys.stderr, flush=True)
        yield found

doctor._rounds = told
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
"""


def test_ctrl_c_ends_at_once_and_quietly(clips: Path) -> None:
    for number in range(600):
        os.link(clips / "sound.npz", clips / f"{number}.npz")
    running = subprocess.Popen(
        [sys.executable, "-c", WATCHED, "data", "doctor", str(clips), "-j", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stderr
    assert running.stderr.readline() == "begun\n"
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert not out
    assert "moclip: stopped" in err
    assert "Traceback" not in err
