"""A small but complete model."""

from pathlib import Path

import moving_bodies
import pytest
import small_clip
import torch

from moclip.models.motion import limbs
from moclip.models.two_tower import MoCLIP


@pytest.fixture
def model(tmp_path: Path) -> MoCLIP:
    """A small random CLIP and a small limb transformer, in evaluation mode."""
    folder = small_clip.write_text_tower(tmp_path / "clip")
    config = limbs.Config(limb_width=16, limb_heads=2, width=32, layers=1, heads=2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = MoCLIP.create("clip", text_source=str(folder), motion_config=config)
    made.motion.fit_normalisation([moving_bodies.batch()])
    return made.eval()
