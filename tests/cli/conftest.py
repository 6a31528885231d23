"""A tiny model on disk, a few clips, and a way to run commands without a new process."""

import shutil
from pathlib import Path

import pytest
import torch
from cli_support import Result, Run, stick_figure

from moclip import formats
from moclip.cli import main
from moclip.models.motion import limbs
from moclip.models.text import minilm
from moclip.models.two_tower import MoCLIP


@pytest.fixture
def moclip(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Runs ``moclip ARGUMENTS`` in this process; what it caches lies beneath ``tmp_path`` too."""
    monkeypatch.setenv("MOCLIP_CACHE", str(tmp_path / "cache"))

    def run(*arguments: object) -> Result:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Result(code, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def text_tower(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MiniLM of one layer and random weights, in the layout of the hub."""
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("bert")
    tokenizer = AutoTokenizer.from_pretrained(minilm.wheel_folder())
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def model(text_tower: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model of random weights with the smallest limbs."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model") / "tiny"
    sizes = limbs.Config(limb_width=8, limb_layers=1, limb_heads=1, width=16, layers=1, heads=2)
    tiny = MoCLIP.create("minilm", text_source=str(text_tower), motion_config=sizes)
    tiny.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three short walks of a stick figure, one of them in each format."""
    folder = tmp_path_factory.mktemp("clips")
    for number, name in enumerate(("slow.bvh", "plain.npy", "fast.npz"), start=1):
        formats.write(stick_figure(speed=number), folder / name)
    return folder


@pytest.fixture
def clip(clips: Path, tmp_path: Path) -> Path:
    """A sound BVH file in a folder of its own, for tests that break it."""
    folder = tmp_path / "input"
    folder.mkdir()
    return Path(shutil.copy(clips / "slow.bvh", folder / "clip.bvh"))
