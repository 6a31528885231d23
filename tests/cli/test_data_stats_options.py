"""``moclip data stats --set KEY=VALUE``."""

import json
from pathlib import Path

import pytest
from cli_support import Run, stick_figure

from moclip import formats


@pytest.fixture
def bandai(tmp_path: Path) -> Path:
    folder = tmp_path / "Bandai-Namco-Research-Motiondataset-1" / "data"
    folder.mkdir(parents=True)
    for number in range(3):
        path = folder / f"dataset-1_walk_active_{number:03}.bvh"
        formats.write(stick_figure(), path)
    return tmp_path


def test_options_of_the_data_set_count(moclip: Run, bandai: Path) -> None:
    command = ("data", "stats", f"bandai_namco:{bandai}", "--json")
    whole = json.loads(moclip(*command).out)
    settings = ("--set", "max_seconds=1", "seed=2", "--set", "min_seconds=0")
    cut = json.loads(moclip(*command, *settings).out)
    assert whole["seconds"]["max"] > 1
    assert cut["seconds"]["max"] <= 1
    assert cut["clips"] == whole["clips"] == 3


def test_options_go_with_a_path_too(moclip: Run, clips: Path) -> None:
    def splits(seed: int) -> object:
        command = ("data", "stats", clips, "--json", "--set", f"seed={seed}")
        return json.loads(moclip(*command).out)["splits"]

    assert any(splits(seed) != splits(0) for seed in range(1, 9))


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("foo=1", "data set 'bundled' has no option 'foo'; there are: root"),
        ("jobs=1", "data set 'bundled' has no option 'jobs'; there are: root"),
        ("foo", "'foo' is no option; wanted KEY=VALUE, as seed=1"),
    ],
)
def test_an_option_that_is_none_is_told(moclip: Run, setting: str, sentence: str) -> None:
    done = moclip("data", "stats", "bundled", "--set", setting)
    assert done.code == 2
    assert done.err == f"moclip: {sentence}\n"
