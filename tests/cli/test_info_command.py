"""``moclip info`` on motions and models, ``moclip doctor`` on this machine."""

import json
import zipfile
from pathlib import Path

import pytest
from cli_support import Run, stick_figure

from moclip import formats
from moclip.models import identity
from moclip.models.autoencoder import networks
from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.generator import masked, quantiser
from moclip.models.generator.generator import MotionGenerator
from moclip.models.text import minilm


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


def test_info_does_not_take_the_way_to_the_hips_for_a_bone(
    moclip: Run, shared_data: Path, tmp_path: Path
) -> None:
    """Bandai-Namco's root stays where the take began; the hips walk away from it."""
    place = shared_data / "bandai_namco" / "bandai_namco_motiondataset.zip"
    with zipfile.ZipFile(place) as archive:
        name = next(n for n in archive.namelist() if n.endswith("walk_active_001.bvh"))
        (tmp_path / "walk.bvh").write_bytes(archive.read(name))
    found = json.loads(moclip("info", tmp_path / "walk.bvh", "--json").out)
    assert found["warnings"] == []
    assert found["bones_change"] < 0.01


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


def test_a_body_is_for_motion_files(moclip: Run, model: Path) -> None:
    shown = moclip("info", model, "--skeleton-file", "nowhere.json")
    assert (shown.code, shown.out, shown.err.count("\n")) == (2, "", 1)
    assert f"--skeleton-file is for motion files, {model} is a model" in shown.err


def test_info_of_an_auto_encoder(moclip: Run, text_tower: Path, tmp_path: Path) -> None:
    tower = minilm.Encoder.from_pretrained(str(text_tower))
    sizes = networks.Config(width=16, layers=1, heads=2)
    MotionCLIP(tower, sizes, text_name="minilm").save_pretrained(tmp_path / "model")
    found = json.loads(moclip("info", tmp_path / "model", "--json").out)
    assert (found["kind"], found["dim"], found["text"]["tower"]) == ("motionclip", 16, "minilm")
    assert found["text"]["tower_hash"] == identity.tower_hash(tower)
    assert found["motion"]["configuration"]["width"] == 16
    assert "auto-encoder" in moclip("info", tmp_path / "model").out


def test_info_of_a_generator_tells_the_tower_it_was_trained_with(
    moclip: Run, text_tower: Path, tmp_path: Path
) -> None:
    tower = minilm.Encoder.from_pretrained(str(text_tower))
    tokens = quantiser.Quantiser(quantiser.Config(width=16, depth=1, codes=24, code_dim=16))
    small = masked.Config(width=32, layers=1, heads=2)
    generator = MotionGenerator.create(
        tower, "minilm", quantiser=tokens, masked_config=small, residual_config=small
    )
    generator.save_pretrained(tmp_path / "model", tower)
    found = json.loads(moclip("info", tmp_path / "model", "--json").out)
    assert (found["kind"], found["dim"], found["scale"]) == ("generator", 16, None)
    assert found["text"]["tower_hash"] == identity.tower_hash(tower)
    assert found["motion"]["parameters"] == sum(p.numel() for p in generator.parameters())
    assert found["motion"]["configuration"]["quantiser codes"] == 24
    assert "makes" in moclip("info", tmp_path / "model").out


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
