"""Commands take a model by its id on the hub; here the hub is a folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import hub_cache
import numpy as np
import pytest
import torch
from cli_support import Run

from moclip.models.two_tower import MoCLIP


@pytest.fixture
def cache(model: Path, tmp_path: Path) -> Path:
    hub_cache.add(tmp_path / "hub", "me/model", model, commit="1" * 40, names=("main",))
    return tmp_path / "hub"


@pytest.fixture
def offline(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub_cache.use_offline(monkeypatch, cache)


@pytest.mark.usefixtures("offline")
def test_info_tells_of_a_hub_id_what_it_tells_of_the_folder(moclip: Run, model: Path) -> None:
    known = moclip("info", model, "--json").out
    assert json.loads(moclip("info", "me/model", "--json").out) == json.loads(known)


@pytest.mark.usefixtures("offline")
def test_encode_takes_a_hub_id(moclip: Run, model: Path, clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "vectors.npz"
    assert moclip("encode", "me/model", "a walk", clips / "slow.bvh", "-o", out).code == 0
    with torch.no_grad():
        wanted = MoCLIP.from_pretrained(model).encode_text("a walk")[0]
    with np.load(out, allow_pickle=False) as found:
        assert found["kinds"].tolist() == ["text", "motion"]
        np.testing.assert_allclose(found["vectors"][0], wanted, atol=1e-6)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    "command", [("info",), ("encode", "a walk", "-o", "x.npz"), ("evaluate", "--data", "bundled")]
)
def test_a_hub_id_that_is_not_there_is_one_sentence(moclip: Run, command: tuple[str, ...]) -> None:
    name, *rest = command
    shown = moclip(name, "me/other", *rest)
    assert (shown.code, shown.err.count("\n")) == (2, 1)
    assert "there is no folder me/other, and the hub did not help" in shown.err


def test_the_hubs_own_variables_are_heeded(cache: Path) -> None:
    """A process of its own, as a user starts it."""
    ours = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(cache)}
    command = [sys.executable, "-m", "moclip", "info", "me/model", "--json"]
    done = subprocess.run(command, env=os.environ | ours, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["dim"] == 16
