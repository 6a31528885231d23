"""``moclip info`` on motions and models, ``moclip doctor`` on this machine."""

import json
from pathlib import Path

import pytest
from cli_support import Run, stick_figure

from moclip import formats


def test_info_counts_a_motion(moclip: Run, clips: Path) -> None:
    found = json.loads(moclip("info", clips / "slow.bvh", "--json").out)
    assert (found["frames"], found["skeleton"], found["warnings"]) == (30, "humanml3d", [])
    assert found["fps"] == pytest.approx(20, rel=1e-4)
    assert found["seconds"] == pytest.approx(1.5, rel=1e-4)
    assert found["path"] == pytest.approx(29 / 20, rel=1e-3)
    assert found["bones_change"] < 1e-4


def test_info_warns_of_stretching_bones_and_jumps(moclip: Run, tmp_path: Path) -> None:
    motion = stick_figure()
    motion.joints[10:, :] += 3.0
    motion.joints[20:, 5] += 0.05
    formats.write(type(motion)(motion.joints, 20.0, motion.skeleton), tmp_path / "odd.npz")
    warnings = json.loads(moclip("info", tmp_path / "odd.npz", "--json").out)["warnings"]
    assert any("jumps after frame 9" in warning for warning in warnings)
    assert any("'right_knee' changes its length" in warning for warning in warnings)


def test_info_reads_real_motion(moclip: Run, shared_data: Path) -> None:
    shown = moclip("info", shared_data / "cmu_actions" / "walking_01.bvh")
    assert shown.code == 0
    assert "cmu, 31 joints" in shown.out


def test_info_of_a_model_counts_its_towers(moclip: Run, model: Path) -> None:
    found = json.loads(moclip("info", model, "--json").out)
    assert found["dim"] == 16
    assert found["text"]["tower"] == "minilm"
    assert found["motion"]["configuration"]["width"] == 16
    assert found["motion"]["parameters"] > 1000
    assert moclip("info", model).out.startswith("text tower")


def test_doctor_finds_what_is_installed(moclip: Run) -> None:
    shown = moclip("doctor", "--json")
    assert shown.code == 0
    states = {row["what"]: row["state"] for row in json.loads(shown.out)}
    assert states["torch"] == states["cpu"] == "ok"
    assert "MISSING" not in states.values()


def test_doctor_names_what_is_missing_and_how_to_get_it(
    moclip: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib import metadata

    there = metadata.version

    def gone(name: str) -> str:
        if name == "tqdm":
            raise metadata.PackageNotFoundError(name)
        return there(name)

    monkeypatch.setattr(metadata, "version", gone)
    shown = moclip("doctor", "--json")
    row = next(row for row in json.loads(shown.out) if row["what"] == "tqdm")
    assert shown.code == 1
    assert row["state"] == "MISSING"
    assert row["remedy"].startswith("pip install 'tqdm")
