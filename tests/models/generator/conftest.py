"""A small but complete generator of random weights, and its text tower."""

from pathlib import Path

import moving_bodies
import pytest
import small_clip
import torch

from moclip.models.generator import quantiser
from moclip.models.generator.generator import MotionGenerator
from moclip.models.generator.masked import Config
from moclip.models.text import clip


@pytest.fixture
def tower(tmp_path: Path) -> clip.Encoder:
    return clip.Encoder.from_pretrained(str(small_clip.write_text_tower(tmp_path / "clip")))


@pytest.fixture
def generator(tower: clip.Encoder) -> MotionGenerator:
    """Standardised by true motions, so that what it makes is a body, if a mad one."""
    sizes = quantiser.Config(width=16, depth=1, codes=24, code_dim=16, layers=3)
    config = Config(width=32, layers=1, heads=2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tokens = quantiser.Quantiser(sizes)
        tokens.fit_normalisation([moving_bodies.batch()])
        return MotionGenerator.create(
            tower, "clip", quantiser=tokens, masked_config=config, residual_config=config
        ).eval()
